import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import { EMPTY_LOG, type LogEvent } from '../../src/shared/log/event';
import type { Answer } from '../../src/shared/protocol/terminal';
import { PATHS, TERMINAL_SUBPROTOCOL } from '../../src/shared/protocol/wire';
import type { Outcome } from './checker';

const RECONNECT_MS = 30;
const ASK_AGAIN_MS = 700;

/**
 * A terminal that gives commands through whatever happens to its link: it connects for ever, and says
 * a command again under the same id until it has an outcome.
 */
export interface Client {
  command(name: string, params: object): string;
  readonly outcomes: readonly Outcome[];
  /** Commands without an outcome yet. */
  pending(): readonly string[];
  /** Events of the log, each once, in order. */
  readonly events: readonly LogEvent[];
  /** Whether the gateway said that all of a command is done. */
  isDone(id: string): boolean;
  /** Resolves once `holds`; rejects after `withinMs` with `what`. */
  until(holds: () => boolean, withinMs: number, what: string): Promise<void>;
  close(): void;
}

export function openClient(port: number, token: string): Client {
  const events: LogEvent[] = [];
  const outcomes = new Map<string, Outcome>();
  const asked = new Map<string, { name: string; text: string }>();
  const done = new Set<string>();
  const looking = new Set<() => void>();
  let socket: WebSocket | null = null;
  let greeted = false;
  let closed = false;

  function connect(): void {
    if (closed) return;
    const headers = { authorization: `Bearer ${token}` };
    const url = `ws://127.0.0.1:${port}${PATHS.control}`;
    const own = new WebSocket(url, TERMINAL_SUBPROTOCOL, { headers, handshakeTimeout: 2_000 });
    socket = own;
    greeted = false;
    own.on('open', () => {
      say({
        type: 'hello',
        terminal: { id: 'chaos', name: 'chaos', version: '1' },
        time: Date.now(),
      });
    });
    own.on('message', (data) => hear(JSON.parse(String(data))));
    own.on('error', () => undefined);
    own.on('close', () => {
      greeted = false;
      setTimeout(connect, RECONNECT_MS);
    });
  }

  function hear(message: { type: string; events?: LogEvent[] }): void {
    if (message.type === 'welcome') {
      greeted = true;
      const { seq, hash } = events.at(-1) ?? EMPTY_LOG;
      say({ type: 'subscribe', epoch: null, fromSeq: seq + 1, fromHash: hash });
      askAgain();
    }
    if (message.type === 'answer') answered(message as unknown as Answer);
    for (const event of message.events ?? []) {
      if (event.seq === (events.at(-1)?.seq ?? 0) + 1) events.push(event);
    }
    for (const look of [...looking]) look();
  }

  function answered(answer: Answer): void {
    const { id, stage } = answer;
    if (stage === 'done') done.add(id);
    if ((stage !== 'accepted' && stage !== 'rejected') || !asked.has(id)) return;
    const { name } = asked.get(id) as { name: string };
    const before = outcomes.get(id);
    // Told of twice, it must be the same: the first outcome is the outcome.
    if (before && before.stage !== stage)
      throw new Error(`${name} ${id}: ${before.stage}, then ${stage}`);
    const seq = answer.stage === 'accepted' ? answer.seq : null;
    const unsaved = answer.stage === 'accepted' && answer.unsaved;
    outcomes.set(id, { id, name, stage, seq, unsaved });
  }

  const pending = () => [...asked.keys()].filter((id) => !outcomes.has(id));

  function say(message: object): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  function askAgain(): void {
    if (!greeted) return;
    for (const id of pending()) say(JSON.parse(asked.get(id)?.text ?? '{}'));
  }

  const again = setInterval(askAgain, ASK_AGAIN_MS);
  connect();
  return {
    command(name, params) {
      const id = randomUUID();
      const message = { type: 'command', id, name, params, issuedAt: Date.now() };
      asked.set(id, { name, text: JSON.stringify(message) });
      if (greeted) say(message);
      return id;
    },
    get outcomes() {
      return [...outcomes.values()];
    },
    pending,
    events,
    isDone: (id) => done.has(id),
    until(holds, withinMs, what) {
      if (holds()) return Promise.resolve();
      return new Promise((done, failed) => {
        const late = setTimeout(() => {
          looking.delete(look);
          failed(new Error(`${what}: not within ${withinMs} ms`));
        }, withinMs);
        const look = () => {
          if (!holds()) return;
          looking.delete(look);
          clearTimeout(late);
          done();
        };
        looking.add(look);
      });
    },
    close() {
      closed = true;
      clearInterval(again);
      socket?.terminate();
    },
  };
}

/** Parameters of the commands that are given while things break. */
export const COMMANDS = {
  kill: { scope: { kind: 'all' }, reason: 'chaos', origin: 'panel' },
  pause: { scope: { kind: 'all' }, reason: 'chaos', origin: 'panel' },
  resume: {
    ...{ scope: { kind: 'all' }, reason: 'chaos', origin: 'panel' },
    confirmation: 'CONFIRM_RESUME',
    checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
  },
} as const;
