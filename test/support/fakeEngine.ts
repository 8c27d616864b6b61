import { once } from 'node:events';
import WebSocket from 'ws';
import type { EngineModel, EngineOrder, OpItem } from '../../src/shared/protocol/engine';
import { ENGINE_SUBPROTOCOL, PATHS } from '../../src/shared/protocol/wire';
import type { Position, WorkingOrder } from '../../src/shared/telemetry/types';

export type Behaviour =
  | 'honest'
  | 'lies'
  | 'hangs'
  | 'drops_on_flatten'
  | 'wrong_hash'
  | 'hangs_on_load'
  | 'refuses_load';

/**
 * A third party's engine by the letter of `vigia.engine.v1`: its holdings outlive its connection, as
 * a venue's do, and every unit it sells is counted.
 */
export class FakeEngine {
  behaviour: Behaviour = 'honest';
  mode = 'normal';
  environment: 'paper' | 'live' = 'paper';
  name: string;
  instrument = 'USD/COP';
  quantity: number;
  sold = 0;
  /** Models it has; it runs the first until told otherwise. */
  models: EngineModel[] = [];
  loaded: EngineModel | null = null;
  received: { opId: string; op: string }[] = [];
  queried: string[] = [];
  errors: string[] = [];
  readonly #seen = new Map<string, OpItem[]>();
  #telemetrySeq = 0;
  #socket: WebSocket | null = null;

  constructor(
    readonly id: string,
    quantity: number,
  ) {
    this.quantity = quantity;
    this.name = id;
  }

  async connect(port: number, token = 'engine-token'): Promise<void> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${PATHS.engine}`, ENGINE_SUBPROTOCOL, {
      headers: { authorization: `Bearer ${token}` },
    });
    this.#socket = socket;
    this.loaded ??= this.models[0] ?? null;
    socket.on('message', (data) => this.#hear(JSON.parse(String(data)) as EngineOrder));
    socket.on('error', () => undefined);
    await once(socket, 'open');
    this.#telemetrySeq = 0;
    this.#send({
      type: 'register',
      engine: {
        id: this.id,
        name: this.name,
        kind: 'fake',
        environment: this.environment,
        instruments: [this.instrument],
        software: 'test',
      },
      mode: this.mode,
      selfPausedAt: null,
      loaded: this.loaded,
      available: this.models,
      time: Date.now(),
    });
  }

  disconnect(): void {
    this.#socket?.terminate();
    this.#socket = null;
  }

  /** A fill that nobody expected: a position is there, and telemetry says so. */
  lateFill(quantity: number): void {
    this.quantity += quantity;
    this.#telemetrySeq += 1;
    const item = {
      kind: 'positions',
      seq: this.#telemetrySeq,
      ts: Date.now(),
      positions: this.#positions(),
      workingOrders: [],
    };
    this.#send({ type: 'telemetry', items: [item] });
  }

  /** Reports inferences of the model it runs, as of now. */
  infer(count: number, ok: boolean, latencyMs: number | null = 20): void {
    const model = this.loaded?.model ?? 'none';
    const items = Array.from({ length: count }, () => {
      this.#telemetrySeq += 1;
      const seq = this.#telemetrySeq;
      return { kind: 'inference', seq, ts: Date.now(), model, ok, latencyMs };
    });
    this.#send({ type: 'telemetry', items });
  }

  /** Reports trades that the model it runs has closed, a minute after they were opened. */
  close(trades: readonly { tradeId: string; pnl: number | null; closedAt: number }[]): void {
    const about = { instrument: this.instrument, side: 'long', quantity: 1, currency: 'USD' };
    const items = trades.map(({ tradeId, pnl, closedAt }) => {
      this.#telemetrySeq += 1;
      const numbered = { kind: 'trade', seq: this.#telemetrySeq, ts: closedAt, tradeId, pnl };
      const model = this.loaded?.model ?? 'none';
      const prices = { entryPrice: 4_000, exitPrice: 4_001 };
      const times = { openedAt: closedAt - 60_000, closedAt };
      return { ...numbered, model, ...about, ...prices, ...times };
    });
    this.#send({ type: 'telemetry', items });
  }

  reportEquity(equity: number | null, dayStartEquity = 1_000_000): void {
    this.#telemetrySeq += 1;
    const figures = { equity, dayStartEquity, dayPeakEquity: null, realizedPnlToday: null };
    const about = { kind: 'equity', seq: this.#telemetrySeq, ts: Date.now(), currency: 'USD' };
    this.#send({ type: 'telemetry', items: [{ ...about, ...figures, unrealizedPnl: null }] });
  }

  /** Puts an alert of its own before people's eyes. */
  alert(key: string): void {
    const about = { severity: 'P3', kind: 'service_alert', model: null, detail: key };
    this.#send({ type: 'alert', key, state: 'raised', ...about });
  }

  register(card: object): void {
    this.#send({ type: 'model.register', card });
  }

  report(figures: object): void {
    this.#send({ type: 'model.report', ...figures });
  }

  #hear(order: EngineOrder): void {
    if (order.type === 'error') this.errors.push(order.message);
    if (order.type === 'registered') this.mode = order.mode;
    if (order.type === 'ping') this.#send({ type: 'pong', time: Date.now(), echo: order.time });
    if (order.type === 'op.query') this.#query(order.opId);
    if (order.type === 'op') this.#operate(order.opId, order.operation);
  }

  #query(opId: string): void {
    this.queried.push(opId);
    if (this.behaviour === 'hangs') return;
    const items = this.#seen.get(opId);
    this.#send(
      items
        ? { type: 'op.status', known: true, opId, state: 'settled', items }
        : { type: 'op.status', known: false, opId },
    );
  }

  #operate(opId: string, operation: Extract<EngineOrder, { type: 'op' }>['operation']): void {
    this.received.push({ opId, op: operation.op });
    if (this.behaviour === 'hangs') return;
    if (operation.op === 'read_back') {
      const readBack = {
        asOf: Date.now(),
        positions: this.#positions(),
        workingOrders: [] as WorkingOrder[],
        telemetrySeq: this.#telemetrySeq,
      };
      this.#send({ type: 'op.update', opId, state: 'settled', items: [], readBack });
      return;
    }
    if (operation.op === 'load_model') {
      this.#load(opId, operation);
      return;
    }
    if (!this.#seen.has(opId)) {
      if (operation.op === 'block') this.mode = 'killed';
      if (operation.op === 'set_mode') this.mode = operation.mode;
      if (operation.op === 'flatten' && this.behaviour !== 'lies') {
        this.sold += this.quantity;
        this.quantity = 0;
      }
      this.#seen.set(opId, [{ kind: 'engine', id: this.id, outcome: 'done' }]);
    }
    if (operation.op === 'flatten' && this.behaviour === 'drops_on_flatten') {
      this.behaviour = 'honest';
      this.disconnect();
      return;
    }
    this.#send({ type: 'op.update', opId, state: 'settled', items: this.#seen.get(opId) });
  }

  #load(opId: string, { model, version, hash }: EngineModel): void {
    if (this.behaviour === 'hangs_on_load') return;
    const refused = this.behaviour === 'refuses_load';
    const lies = this.behaviour === 'wrong_hash';
    if (!refused) this.loaded = { model, version, hash: lies ? 'e'.repeat(64) : hash };
    const outcome = refused ? 'rejected' : 'done';
    const items: OpItem[] = [{ kind: 'model', id: model, outcome, detail: 'as it was told' }];
    this.#seen.set(opId, items);
    this.#send({ type: 'op.update', opId, state: 'settled', items, loaded: this.loaded });
  }

  #positions(): Position[] {
    if (this.quantity === 0) return [];
    const notional = this.quantity;
    return [
      {
        id: 'p1',
        instrument: this.instrument,
        side: 'long',
        quantity: this.quantity,
        entryPrice: 4_000,
        markPrice: 4_000,
        notional,
        currency: 'USD',
        unrealizedPnl: 0,
      },
    ];
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
