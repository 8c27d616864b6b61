import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import { EMPTY_LOG, type LogEvent } from '../../src/shared/log/event';
import type { Answer } from '../../src/shared/protocol/terminal';
import { CLOSE, PATHS, TERMINAL_SUBPROTOCOL } from '../../src/shared/protocol/wire';
import type { Outcome } from './checker';

const RECONNECT_MS = 30;
const ASK_AGAIN_MS = 700;

/**
 * A terminal that gives commands through whatever happens to its link: it connects for ever, to the next
 * gateway where one is gone, and says a command again under the same id until it has an outcome.
 */
export interface Client {
  command(name: string, params: object): string;
  /** Gives a kill at every gateway at once, under one id: on its socket, and by HTTP at all of them. */
  killEverywhere(): string;
  readonly outcomes: readonly Outcome[];
  /** Commands without an outcome yet. */
  pending(): readonly string[];
  /** Events of the log, each once, in order. */
  readonly events: readonly LogEvent[];
  /** What a gateway said that does not fit what was said before; none is the only good answer. */
  readonly faults: readonly string[];
  /** Ends its link mid-word, as its death would, and goes on elsewhere from the event where it stands. */
  crash(): void;
  /** Whether the gateway said that all of a command is done. */
  isDone(id: string): boolean;
  /** Resolves once `holds`; rejects after `withinMs` with `what`. */
  until(holds: () => boolean, withinMs: number, what: string): Promise<void>;
  close(): void;
}

/** @param ports of gateways that share one log */
export function openClient(ports: readonly number[], token: string, name = 'chaos'): Client {
  const faults: string[] = [];
  const events: LogEvent[] = [];
  const outcomes = new Map<string, Outcome>();
  const asked = new Map<string, { name: string; text: string; everywhere: boolean }>();
  const done = new Set<string>();
  const looking = new Set<() => void>();
  let socket: WebSocket | null = null;
  let turn = 0;
  /** How much of the log the gateway has that greeted, to tell one that is behind from a stranger. */
  let headSeq = 0;
  let greeted = false;
  let closed = false;

  function connect(): void {
    if (closed) return;
    const headers = { authorization: `Bearer ${token}` };
    const url = `ws://127.0.0.1:${ports[turn % ports.length]}${PATHS.control}`;
    const own = new WebSocket(url, TERMINAL_SUBPROTOCOL, { headers, handshakeTimeout: 2_000 });
    socket = own;
    greeted = false;
    own.on('open', () => {
      say({
        type: 'hello',
        terminal: { id: name, name, version: '1' },
        time: Date.now(),
      });
    });
    own.on('message', (data) => hear(JSON.parse(String(data))));
    own.on('error', () => undefined);
    own.on('close', (code) => {
      const { seq } = events.at(-1) ?? EMPTY_LOG;
      if (code === CLOSE.diverged && headSeq >= seq) {
        faults.push(`${name}: gateway ${turn % ports.length} has another history at ${seq}`);
      }
      greeted = false;
      turn += 1;
      setTimeout(connect, RECONNECT_MS);
    });
  }

  function hear(message: { type: string; events?: LogEvent[]; head?: { seq: number } }): void {
    if (message.type === 'welcome') {
      greeted = true;
      headSeq = message.head?.seq ?? 0;
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
    const { name: command } = asked.get(id) as { name: string };
    const before = outcomes.get(id);
    // Told of twice, it must be the same: the first outcome is the outcome.
    if (before && before.stage !== stage) {
      faults.push(`${command} ${id}: ${before.stage}, then ${stage}`);
      return;
    }
    const seq = answer.stage === 'accepted' ? answer.seq : null;
    const unsaved = answer.stage === 'accepted' && answer.unsaved;
    outcomes.set(id, { id, name: command, stage, seq, unsaved });
  }

  const pending = () => [...asked.keys()].filter((id) => !outcomes.has(id));

  function say(message: object): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  function askAgain(): void {
    for (const id of pending()) give(id);
  }

  function give(id: string): void {
    const { text, everywhere } = asked.get(id) ?? { text: '{}', everywhere: false };
    if (greeted) say(JSON.parse(text));
    if (everywhere) for (const port of ports) void post(port, id);
  }

  /** Its answer comes on the socket: this is for who cannot be reached by one. */
  async function post(port: number, id: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = { command_id: id, reason: 'chaos', close_positions: true, wait_for_proof: false };
    const signal = AbortSignal.timeout(ASK_AGAIN_MS * 3);
    const url = `http://127.0.0.1:${port}/operations/kill-switch`;
    await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal }).catch(
      () => undefined,
    );
  }

  function ask(name: string, params: object, everywhere: boolean): string {
    const id = randomUUID();
    const message = { type: 'command', id, name, params, issuedAt: Date.now() };
    asked.set(id, { name, text: JSON.stringify(message), everywhere });
    give(id);
    return id;
  }

  const again = setInterval(askAgain, ASK_AGAIN_MS);
  connect();
  return {
    command: (command, params) => ask(command, params, false),
    killEverywhere: () => ask('kill', COMMANDS.kill, true),
    faults,
    crash: () => socket?.terminate(),
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
