import type {
  DeadManAction,
  EngineMessage,
  EngineModel,
  Fault,
  Operation,
  OpItem,
  ReadBack,
} from '../../../shared/protocol/engine';
import type { Mode, TelemetryItem } from '../../../shared/telemetry/types';
import type { Clock } from '../../../shared/time';
import type { Known } from '../client/operations';
import type { Item } from '../client/reporter';
import type { Bar } from './bars';
import { type Book, cancel, fill, mark, newBook, type Order, place } from './book';
import type { Random } from './market';
import { featuresOf, LOOK_BACK, PAPER_MODELS, type PaperModel, signalOf } from './models';
import { equityOf, orderOf, positionsOf, workingOrdersOf } from './reports';

type OpUpdate = Extract<EngineMessage, { type: 'op.update' }>;

export interface PaperEngineOptions {
  readonly instrument: string;
  readonly bars: Iterator<Bar>;
  /** Size of a position, in units of the base currency. */
  readonly size: number;
  readonly startEquity: number;
  /** How long an order works before it fills, ms. */
  readonly fillMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Runs `action` after `ms`. @returns the call that takes it back. */
  readonly after: (ms: number, action: () => void) => () => void;
  readonly send: (message: OpUpdate) => void;
  readonly telemetry: (item: TelemetryItem) => void;
  /** Cuts the connection, as a fault does. */
  readonly cut: () => void;
  /** Sends text that is not a message, as a fault does. */
  readonly sendRaw: (text: string) => void;
}

/** One fill as it was booked: what tests add up to see that nothing is sold twice. */
export interface LedgerEntry {
  readonly at: number;
  readonly orderId: string;
  readonly purpose: 'open' | 'close';
  /** Signed: what the position changed by. */
  readonly quantity: number;
  readonly price: number;
}

export interface PaperEngine {
  readonly mode: Mode;
  readonly book: Book;
  readonly fault: Fault;
  /** What it says it runs. */
  readonly loaded: EngineModel;
  /** Orders ever sent to close, by operation: what tests count to see that nothing is sold twice. */
  readonly closings: ReadonlyMap<string, number>;
  /** The latest fills, oldest first. */
  readonly ledger: readonly LedgerEntry[];
  /** The engine's own clock, which a fault can put wrong. */
  now(): number;
  setMode(mode: Mode): void;
  /** Nobody was heard for too long: it pauses, and closes what it holds where told so. */
  deadMan(action: DeadManAction): void;
  /** A new connection counts its telemetry from 1. */
  beginSession(): void;
  /** Takes bars to look back on, without trading: a policy that begins blind waits for two hours. */
  warmUp(count: number): void;
  /** Takes the next bar and trades on it. False when the bars have run out. */
  step(): boolean;
  /** Reports so many inferences, as a model at work does. */
  infer(count: number): void;
  /** Says again what is held: a listener that lost a change is right within a second. */
  reportHoldings(): void;
  reportEquity(): void;
  operate(opId: string, operation: Operation): void;
  /** What this engine did for an operation; null when it never saw it. */
  done(opId: string): Known | null;
}

const ENGINE_DONE: OpItem = { kind: 'engine', id: 'engine', outcome: 'done' };

const FIVE_MINUTES_MS = 300_000;
/** Fills kept: an engine that runs for weeks does not grow. */
const LEDGER_KEPT = 10_000;
/** Share of inferences that fail, and their latency, under the faults of that name. */
const ERROR_SHARE = 0.3;
const SLOW_MS = 3_000;
/** How much worse than the market a fill is under the fault that loses money. */
const BAD_FILL = 0.004;
/** Faults of a model, not of the engine. */
type ModelFault = Extract<Fault, 'inference_errors' | 'slow_inference' | 'losing_trades'>;
/** What an engine reports that runs something else than it was told to. */
const OTHER_HASH = 'f'.repeat(64);

/**
 * The paper engine: trades bars by a momentum policy on an account that exists nowhere else. PnL is
 * what the bars give. It obeys operations as `docs/engines.md` asks of every engine.
 */
export function createPaperEngine(options: PaperEngineOptions): PaperEngine {
  const { instrument } = options;
  const operations = new Map<string, Known>();
  const closings = new Map<string, number>();
  let mode: Mode = 'paused';
  let running: PaperModel = PAPER_MODELS[0];
  let loaded: EngineModel = modelOf(running);
  /** The model whose signal opened what is held. */
  let openedBy = running.model;
  let book = newBook(options.startEquity);
  let fault: Fault = 'none';
  /** The model that ran when the fault came: what ails a model is gone with it. */
  let sick = running.model;
  let closes: number[] = [];
  let price = 0;
  let seq = 0;
  let orderCount = 0;
  let tradeCount = 0;
  let brokenFrameSent = false;
  const ledger: LedgerEntry[] = [];

  const now = () => options.clock() + (fault === 'clock_skew' ? FIVE_MINUTES_MS : 0);

  function report(item: Item): void {
    seq += 1;
    options.telemetry({ ...item, seq, ts: now() } as TelemetryItem);
  }

  const isBroken = () => fault === 'nan_figures';
  const ails = (what: ModelFault, model: string) => fault === what && model === sick;
  const positions = () => positionsOf(book, instrument, price, isBroken());
  const workingOrders = () => workingOrdersOf(book, instrument);

  function reportHoldings(): void {
    report({ kind: 'positions', positions: positions(), workingOrders: workingOrders() });
  }

  function reportEquity(): void {
    report(equityOf(book, price, isBroken()));
    // What a client in another language sends for a NaN: text that is not JSON.
    // Once: it is the frame that is to be survived, not a flood of them.
    if (isBroken() && !brokenFrameSent) {
      brokenFrameSent = true;
      options.sendRaw('{"type":"telemetry","items":[{"kind":"equity","equity":NaN}]}');
    }
  }

  function send(order: Omit<Order, 'id'>, fillAfterMs: number | null = options.fillMs): Order {
    orderCount += 1;
    const placed = { ...order, id: `o${orderCount}` };
    book = place(book, placed);
    report(orderOf(placed, instrument, 'working', 0, price));
    reportHoldings();
    if (fillAfterMs !== null) options.after(fillAfterMs, () => filled(placed));
    return placed;
  }

  function filled(order: Order): void {
    if (!book.orders.some(({ id }) => id === order.id)) return;
    const { id: orderId, purpose } = order;
    const at = fillPrice(order);
    const result = fill(book, order.id, at, now());
    book = result.book;
    ledger.push({ at: now(), orderId, purpose, quantity: result.fill.quantity, price: at });
    if (ledger.length > LEDGER_KEPT) ledger.shift();
    report(orderOf(order, instrument, 'filled', Math.abs(result.fill.quantity), at));
    if (result.fill.trade) {
      tradeCount += 1;
      const tradeId = `t${tradeCount}`;
      report({
        kind: 'trade',
        tradeId,
        model: openedBy,
        instrument,
        currency: 'USD',
        ...result.fill.trade,
      });
    }
    if (purpose === 'open') openedBy = running.model;
    reportHoldings();
  }

  function fillPrice(order: Order): number {
    const isClose = order.purpose === 'close';
    if (!ails('losing_trades', openedBy) || !isClose) return price;
    // The market moved so far against it that it loses whatever it entered at.
    const worst = order.side === 'sell' ? Math.min : Math.max;
    const slip = order.side === 'sell' ? 1 - BAD_FILL : 1 + BAD_FILL;
    return worst(price, book.entryPrice) * slip;
  }

  function step(): boolean {
    const { value: bar, done } = options.bars.next();
    if (done) return false;
    price = bar.close;
    closes = [...closes.slice(1 - LOOK_BACK), bar.close];
    book = mark(book, price, bar.t);
    const { open, high, low, close } = bar;
    report({ kind: 'bar', instrument, open, high, low, close });
    reportInferences(1, featuresOf(running, closes));
    trade();
    return true;
  }

  function warmUp(count: number): void {
    for (let taken = 0; taken < count; taken += 1) {
      const { value: bar, done } = options.bars.next();
      if (done) return;
      price = bar.close;
      closes = [...closes.slice(1 - LOOK_BACK), bar.close];
      book = mark(book, price, bar.t);
    }
  }

  /** Features are those of a bar: what is inferred besides, to load what listens, has none. */
  function reportInferences(count: number, features: (number | null)[] | null): void {
    const times = fault === 'rate_10x' ? count * 10 : count;
    const given = features && isBroken() ? features.map(() => null) : features;
    for (let done = 0; done < times; done += 1) {
      const took = 4 + options.random() * 30;
      const { model } = running;
      const latencyMs = ails('slow_inference', model) ? SLOW_MS + took : took;
      const ok = !ails('inference_errors', model) || options.random() >= ERROR_SHARE;
      const told = given && done === 0 ? { features: given } : {};
      report({ kind: 'inference', model, ok, latencyMs, ...told });
    }
  }

  function trade(): void {
    if (mode === 'killed' || book.orders.length > 0) return;
    const wanted = signalOf(running, closes) * options.size;
    const change = wanted - book.position;
    if (Math.abs(change) < options.size / 2) return;
    const side = change > 0 ? 'buy' : 'sell';
    if (book.position !== 0) {
      // A reversal is two orders: close first, open on a later bar.
      send({ side, quantity: Math.abs(book.position), purpose: 'close' });
    } else if (mode === 'normal') {
      send({ side, quantity: Math.abs(change), purpose: 'open' });
    }
  }

  function operate(opId: string, operation: Operation): void {
    if (fault === 'hang' && operation.op !== 'fault') return;
    if (operations.has(opId)) {
      answer(opId);
      return;
    }
    switch (operation.op) {
      case 'block':
        setMode('killed');
        settle(opId, [ENGINE_DONE]);
        break;
      case 'set_mode':
        setMode(operation.mode);
        settle(opId, [ENGINE_DONE]);
        break;
      case 'cancel':
        settle(opId, cancelAll());
        break;
      case 'flatten':
        flatten(opId);
        break;
      case 'read_back':
        // Reading changes nothing, so it needs no memory: the next question gets a fresh answer.
        sendUpdate({ type: 'op.update', opId, state: 'settled', items: [], readBack: readBack() });
        break;
      case 'load_model':
        loadModel(opId, operation);
        break;
      case 'fault':
        fault = operation.fault;
        sick = running.model;
        brokenFrameSent = false;
        // An order that rests is what a refused cancel leaves behind.
        if (fault === 'reject_cancel') send({ side: 'buy', quantity: 1, purpose: 'open' }, null);
        settle(opId, [ENGINE_DONE]);
        break;
    }
  }

  function loadModel(opId: string, wanted: EngineModel): void {
    if (fault === 'load_hang') return;
    const found = PAPER_MODELS.find(
      ({ model, hash }) => model === wanted.model && hash === wanted.hash,
    );
    const item = { kind: 'model', id: wanted.model } as const;
    if (!found) {
      const detail = 'this engine has no such artifact';
      settle(opId, [{ ...item, outcome: 'rejected', detail }], loaded);
      return;
    }
    running = found;
    loaded = modelOf(found);
    if (fault === 'wrong_hash') loaded = { ...loaded, hash: OTHER_HASH };
    settle(opId, [{ ...item, outcome: 'done' }], loaded);
  }

  function setMode(next: Mode): void {
    mode = next;
    report({ kind: 'status', mode });
  }

  function deadMan(action: DeadManAction): void {
    setMode('paused');
    if (action === 'pause') return;
    for (const { id } of book.orders) book = cancel(book, id);
    const quantity = Math.abs(book.position);
    if (quantity > 0) {
      send({ side: book.position > 0 ? 'sell' : 'buy', quantity, purpose: 'close' });
    }
  }

  function readBack(): ReadBack {
    const held = { positions: positions(), workingOrders: workingOrders() };
    return { asOf: now(), ...held, telemetrySeq: seq };
  }

  function cancelAll(): OpItem[] {
    const { orders } = book;
    if (fault === 'reject_cancel') {
      const detail = 'the venue refused';
      return orders.map(({ id }) => ({ kind: 'order', id, outcome: 'rejected', detail }));
    }
    for (const order of orders) {
      book = cancel(book, order.id);
      report(orderOf(order, instrument, 'cancelled', 0, price));
    }
    reportHoldings();
    return orders.map(({ id, quantity }) => ({
      kind: 'order',
      id,
      outcome: 'done',
      instrument,
      quantity,
    }));
  }

  function flatten(opId: string): void {
    const quantity = Math.abs(book.position);
    const item = { kind: 'position', id: instrument, instrument, quantity } as const;
    if (quantity === 0 || fault === 'success_but_open') {
      settle(opId, quantity === 0 ? [] : [{ ...item, outcome: 'done' }]);
      lateFill();
      return;
    }
    operations.set(opId, { state: 'accepted', items: [] });
    if (fault !== 'reorder_answers') answer(opId);
    const order = send(
      { side: book.position > 0 ? 'sell' : 'buy', quantity, purpose: 'close' },
      null,
    );
    closings.set(opId, (closings.get(opId) ?? 0) + quantity);
    if (fault === 'disconnect_mid_flatten') {
      fault = 'none';
      options.cut();
    }
    options.after(options.fillMs, () => {
      filled(order);
      // The order may have been cancelled before it filled: then it closed nothing.
      settle(opId, [{ ...item, outcome: book.position === 0 ? 'done' : 'rejected' }]);
      if (fault === 'reorder_answers') {
        sendUpdate({ type: 'op.update', opId, state: 'accepted', items: [] });
      }
      lateFill();
    });
  }

  /** An order the venue had taken before the cancel reached it, and told nobody about. */
  function lateFill(): void {
    if (fault !== 'late_fill') return;
    fault = 'none';
    options.after(options.fillMs * 10, () => {
      filled(send({ side: 'buy', quantity: options.size / 10, purpose: 'open' }, null));
    });
  }

  function settle(opId: string, items: OpItem[], now?: EngineModel): void {
    operations.set(opId, { state: 'settled', items, ...(now ? { loaded: now } : {}) });
    answer(opId);
  }

  function answer(opId: string): void {
    const known = operations.get(opId);
    if (!known) return;
    sendUpdate({ type: 'op.update', opId, ...known, items: [...known.items] });
  }

  function sendUpdate(update: OpUpdate): void {
    options.send(update);
    if (fault === 'duplicate_answers') options.send(update);
  }

  return {
    get mode() {
      return mode;
    },
    get book() {
      return book;
    },
    get fault() {
      return fault;
    },
    get loaded() {
      return loaded;
    },
    closings,
    ledger,
    now,
    setMode,
    deadMan,
    beginSession() {
      seq = 0;
      report({ kind: 'status', mode });
      reportHoldings();
      reportEquity();
    },
    reportHoldings,
    reportEquity,
    warmUp,
    step,
    infer: (count) => reportInferences(count, null),
    operate,
    done: (opId) => (fault === 'hang' ? null : (operations.get(opId) ?? null)),
  };
}

function modelOf({ model, version, hash }: PaperModel): EngineModel {
  return { model, version, hash };
}
