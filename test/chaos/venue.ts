import { closeSync, openSync, writeSync } from 'node:fs';
import type { LinkedEngine } from '../../src/gateway/engines/client/link';
import type { Known } from '../../src/gateway/engines/client/operations';
import { PAPER_MODELS } from '../../src/gateway/engines/paper/models';
import type { EngineMessageInput, EngineModel, Operation } from '../../src/shared/protocol/engine';
import type { Mode, Position, TelemetryItem, WorkingOrder } from '../../src/shared/telemetry/types';
import { type LedgerLine, readLedger } from './checker';

interface Order {
  readonly id: string;
  readonly quantity: number;
  readonly purpose: 'open' | 'close';
  /** The flatten that sent it. */
  readonly opId: string | null;
}

const SIZE = 100_000;
const FILL_MS = 15;
const INSTRUMENT = 'USD/COP';

/**
 * An engine whose account outlives it, as a venue's does: every order and fill is a line of a ledger
 * on disk before it is told to anybody, and a new life goes on from there. A flatten sells what is
 * held when it comes, without a thought for closing orders that work already: a gateway that sends two
 * shows in the ledger.
 */
export function openVenue(deps: {
  readonly id: string;
  readonly path: string;
  /** In [0, 1). */
  readonly random: () => number;
  readonly send: (message: EngineMessageInput) => void;
  readonly telemetry: (item: TelemetryItem) => void;
}): { readonly engine: LinkedEngine; trade(): void; report(): void; close(): void } {
  const before = readLedger(deps.path);
  const file = openSync(deps.path, 'a');
  const life = (before.at(-1)?.life ?? 0) + 1;
  const orders = new Map<string, Order>();
  const known = new Map<string, Known>();
  const [first] = PAPER_MODELS;
  let loaded: EngineModel = { model: first.model, version: first.version, hash: first.hash };
  let position = 0;
  let mode: Mode = 'paused';
  let seq = 0;
  let count = 0;

  for (const line of before) restore(line);
  write({ what: 'born' });
  // What worked at the venue while nobody was here goes on working.
  for (const order of orders.values()) setTimeout(() => fill(order.id), FILL_MS);

  function restore(line: LedgerLine): void {
    const { id = '', opId = null, quantity = 0, purpose = 'open' } = line;
    if (line.what === 'order') orders.set(id, { id, quantity, purpose, opId });
    if (line.what === 'cancel' || line.what === 'fill') orders.delete(id);
    if (line.what === 'fill') position = line.position ?? 0;
    if (line.what === 'op' && opId) known.set(opId, { state: 'accepted', items: [] });
    if (line.what === 'settled' && opId) known.set(opId, settledItems());
  }

  function write(line: Omit<LedgerLine, 'at' | 'life'>): void {
    writeSync(file, `${JSON.stringify({ at: Date.now(), life, ...line })}\n`);
  }

  function settledItems(): Known {
    return { state: 'settled', items: [{ kind: 'engine', id: 'venue', outcome: 'done' }] };
  }

  function tell(item: object): void {
    seq += 1;
    deps.telemetry({ ...item, seq, ts: Date.now() } as TelemetryItem);
  }

  function report(): void {
    tell({ kind: 'positions', positions: positions(), workingOrders: working() });
  }

  function positions(): Position[] {
    if (position === 0) return [];
    const quantity = Math.abs(position);
    const prices = { entryPrice: 4_000, markPrice: 4_000, unrealizedPnl: 0 };
    const side = position > 0 ? 'long' : 'short';
    const about = { id: INSTRUMENT, instrument: INSTRUMENT, currency: 'USD' };
    return [{ ...about, ...prices, side, quantity, notional: quantity }];
  }

  function working(): WorkingOrder[] {
    return [...orders.values()].map(({ id, quantity, purpose }) => {
      const side = quantity > 0 ? 'buy' : 'sell';
      const about = { id, instrument: INSTRUMENT, side, purpose } as const;
      return { ...about, quantity: Math.abs(quantity), filled: 0, price: null };
    });
  }

  function send(quantity: number, purpose: 'open' | 'close', opId: string | null): void {
    count += 1;
    const order = { id: `${life}-${count}`, quantity, purpose, opId };
    write({ what: 'order', id: order.id, quantity, purpose, ...(opId ? { opId } : {}) });
    orders.set(order.id, order);
    report();
    setTimeout(() => fill(order.id), FILL_MS);
  }

  function fill(id: string): void {
    const order = orders.get(id);
    if (!order) return;
    const { quantity, purpose, opId } = order;
    write({ what: 'fill', id, quantity, purpose, position: position + quantity });
    orders.delete(id);
    position += quantity;
    report();
    if (opId) settle(opId);
  }

  function settle(opId: string): void {
    write({ what: 'settled', opId });
    known.set(opId, settledItems());
    answer(opId);
  }

  function answer(opId: string): void {
    const done = known.get(opId);
    if (done) deps.send({ type: 'op.update', opId, ...done, items: [...done.items] });
  }

  function setMode(next: Mode): void {
    write({ what: 'mode', mode: next });
    mode = next;
    tell({ kind: 'status', mode });
  }

  function operate(opId: string, operation: Operation): void {
    if (operation.op === 'read_back') {
      const held = { positions: positions(), workingOrders: working() };
      const readBack = { asOf: Date.now(), ...held, telemetrySeq: seq };
      deps.send({ type: 'op.update', opId, state: 'settled', items: [], readBack });
      return;
    }
    if (known.has(opId)) {
      answer(opId);
      return;
    }
    write({ what: 'op', opId, op: operation.op });
    known.set(opId, { state: 'accepted', items: [] });
    switch (operation.op) {
      case 'block':
        setMode('killed');
        break;
      case 'set_mode':
        setMode(operation.mode);
        break;
      case 'cancel':
        cancelAll();
        break;
      case 'flatten':
        if (position !== 0) {
          answer(opId);
          send(-position, 'close', opId);
          return;
        }
        break;
      case 'load_model':
        load(opId, operation);
        return;
      case 'fault':
        break;
    }
    settle(opId);
  }

  function cancelAll(): void {
    for (const { id, opId } of [...orders.values()]) {
      write({ what: 'cancel', id });
      orders.delete(id);
      if (opId) settle(opId);
    }
    report();
  }

  function load(opId: string, { model, version, hash }: EngineModel): void {
    loaded = { model, version, hash };
    write({ what: 'settled', opId });
    known.set(opId, {
      state: 'settled',
      items: [{ kind: 'model', id: model, outcome: 'done' }],
      loaded,
    });
    answer(opId);
  }

  return {
    engine: {
      get mode() {
        return mode;
      },
      now: Date.now,
      register: () => ({
        engine: {
          ...{ id: deps.id, name: deps.id, software: 'chaos', kind: 'paper' },
          ...{ environment: 'paper', instruments: [INSTRUMENT] },
        },
        loaded,
        available: PAPER_MODELS.map(({ model, version, hash }) => ({ model, version, hash })),
      }),
      setMode,
      beginSession() {
        seq = 0;
        tell({ kind: 'status', mode });
        report();
      },
      operate,
      query: (opId) => known.get(opId) ?? null,
      cards: () => [],
      deadMan: () => setMode('paused'),
    },
    /** Opens in `normal`, closes unless it is killed. */
    trade() {
      if (orders.size > 0 || mode === 'killed') return;
      if (position !== 0) {
        if (deps.random() < 0.2) send(-position, 'close', null);
      } else if (mode === 'normal') {
        send(deps.random() < 0.5 ? SIZE : -SIZE, 'open', null);
      }
    },
    report,
    close: () => closeSync(file),
  };
}
