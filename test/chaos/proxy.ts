import {
  type AddressInfo,
  createServer,
  connect as dial,
  type Server,
  type Socket,
} from 'node:net';

/**
 * What the proxy does to a link.
 *
 * `halve` passes so many bytes a tick in pieces of that size, so that frames arrive in parts. `reorder`
 * holds each connection's bytes for a time of its own: what was sent first on one arrives after what
 * was sent later on another. Within one connection TCP keeps the order, and so does this.
 */
export type Trouble =
  | { readonly kind: 'none' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'halve'; readonly bytesPerTick: number }
  | { readonly kind: 'reorder'; readonly maxMs: number }
  /** Takes everything and passes nothing on, with the connection open; one way where that is named. */
  | { readonly kind: 'stall'; readonly way?: Way };

/** From who dialled to the target, or from the target to who dialled. */
export type Way = 'onward' | 'back';

export interface LinkProxy {
  readonly port: number;
  /** Where connections made from now on go to. */
  target(port: number): void;
  set(trouble: Trouble): void;
  /** Breaks every connection at once, mid-frame where one is under way. */
  cut(): void;
  close(): Promise<void>;
}

const TICK_MS = 5;

interface Pipe {
  readonly from: Socket;
  readonly to: Socket;
  readonly way: Way;
  /** How long this pipe holds bytes while links are reordered, ms. */
  readonly holdMs: number;
  waiting: { readonly at: number; readonly bytes: Buffer }[];
  ended: boolean;
}

/** A TCP proxy on this machine that troubles what passes. @param random in [0, 1) */
export async function openProxy(random: () => number): Promise<LinkProxy> {
  let target = 0;
  let trouble: Trouble = { kind: 'none' };
  const pipes = new Set<Pipe>();
  const sockets = new Set<Socket>();

  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    if (trouble.kind === 'refuse' || target === 0) {
      client.destroy();
      return;
    }
    const onward = dial({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    pipe(client, onward, 'onward');
    pipe(onward, client, 'back');
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        if (one.errored) other.destroy();
      });
    }
  });

  function pipe(from: Socket, to: Socket, way: Way): void {
    const own: Pipe = { from, to, way, holdMs: random(), waiting: [], ended: false };
    pipes.add(own);
    from.on('data', (bytes: Buffer) => {
      own.waiting.push({ at: performance.now(), bytes });
      pass(own);
    });
    from.on('end', () => {
      own.ended = true;
      pass(own);
    });
    from.on('close', () => {
      own.ended = true;
      pass(own);
    });
    to.on('close', () => pipes.delete(own));
  }

  /** Sends on what is due. */
  function pass(own: Pipe): void {
    if (trouble.kind === 'stall' && (trouble.way ?? own.way) === own.way) return;
    const now = performance.now();
    let budget = trouble.kind === 'halve' ? trouble.bytesPerTick : Number.POSITIVE_INFINITY;
    while (own.waiting.length > 0 && budget > 0) {
      const [first] = own.waiting as [Pipe['waiting'][number]];
      if (now - first.at < holdOf(own)) return;
      own.waiting.shift();
      const part = first.bytes.subarray(0, budget);
      const rest = first.bytes.subarray(part.length);
      if (rest.length > 0) own.waiting.unshift({ at: first.at, bytes: rest });
      budget -= part.length;
      if (own.to.writable) own.to.write(part);
    }
    if (own.ended && own.waiting.length === 0 && own.to.writable) own.to.end();
  }

  function holdOf(own: Pipe): number {
    if (trouble.kind === 'delay') return trouble.ms;
    return trouble.kind === 'reorder' ? own.holdMs * trouble.maxMs : 0;
  }

  const ticks = setInterval(() => {
    for (const one of pipes) pass(one);
  }, TICK_MS);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));

  const cut = () => {
    for (const socket of sockets) socket.destroy();
    pipes.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    target(port) {
      target = port;
    },
    set(next) {
      trouble = next;
      for (const one of pipes) pass(one);
    },
    cut,
    async close() {
      clearInterval(ticks);
      cut();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}
