import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import type { LogEvent } from '../../src/shared/log/event';
import { EMPTY_LOG } from '../../src/shared/log/event';
import { foldOps } from '../../src/shared/ops/fold';
import { INITIAL_OPS_STATE, type OpsState } from '../../src/shared/ops/state';
import type { Answer } from '../../src/shared/protocol/terminal';
import { PATHS, TERMINAL_SUBPROTOCOL } from '../../src/shared/protocol/wire';

/** A terminal reduced to its socket: it folds the events it is sent, as the real one does. */
export class TestTerminal {
  readonly events: LogEvent[] = [];
  readonly answers: Answer[] = [];
  readonly errors: string[] = [];
  readonly leases: { holder: string | null; token: number | null }[] = [];
  /** What the gateway said last of its log. */
  health = { unsavedEvents: 0, storeError: null as string | null };
  ops: OpsState = INITIAL_OPS_STATE;
  closedWith: number | null = null;
  readonly #waiting = new Set<() => void>();

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => this.#hear(JSON.parse(String(data))));
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.closedWith = code;
      this.#wake();
    });
  }

  static async open(port: number, token = 'ana'): Promise<TestTerminal> {
    const url = `ws://127.0.0.1:${port}${PATHS.control}`;
    const headers = { authorization: `Bearer ${token}` };
    const terminal = new TestTerminal(new WebSocket(url, TERMINAL_SUBPROTOCOL, { headers }));
    await terminal.until(
      () => terminal.socket.readyState === WebSocket.OPEN || terminal.closedWith !== null,
      ['open'],
    );
    if (terminal.closedWith !== null) throw new Error('the gateway refused the socket');
    const identity = { id: `terminal-${token}`, name: token, version: 'test' };
    terminal.send({ type: 'hello', terminal: identity, time: Date.now() });
    const fromHash = EMPTY_LOG.hash;
    terminal.send({ type: 'subscribe', epoch: null, fromSeq: 1, fromHash });
    return terminal;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  command(name: string, params: object, id: string = randomUUID()): string {
    this.send({ type: 'command', id, name, params, issuedAt: Date.now() });
    return id;
  }

  kill(extra: object = {}, id?: string): string {
    const params = { scope: { kind: 'all' }, reason: 'prueba', origin: 'panel', ...extra };
    return this.command('kill', params, id);
  }

  /** Gives a command and waits for its outcome: `done` or `rejected`. */
  async give(name: string, params: object, id: string = randomUUID()): Promise<Answer> {
    this.command(name, params, id);
    const final = () =>
      this.answers.find((one) => one.id === id && ['done', 'rejected'].includes(one.stage));
    await this.until(() => final() !== undefined);
    return final() as Answer;
  }

  /** Resolves once `condition` holds; looks again at each message. */
  until(condition: () => boolean, socketEvents: string[] = []): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((done) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        done();
      };
      this.#waiting.add(look);
      for (const event of socketEvents) this.socket.once(event, look);
    });
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }

  #hear(message: { type: string; events?: LogEvent[]; code?: string }): void {
    if (message.type === 'events') {
      for (const event of message.events ?? []) {
        this.events.push(event);
        this.ops = foldOps(this.ops, event);
      }
    }
    if (message.type === 'lease') this.leases.push(message as never);
    if (message.type === 'health') this.health = message as never;
    if (message.type === 'answer') this.answers.push(message as unknown as Answer);
    if (message.type === 'error') this.errors.push(message.code ?? '');
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
