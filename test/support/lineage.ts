import { sha256 } from '../../src/node/sha256';
import { foldLineage } from '../../src/shared/lineage/fold';
import type { LineageGraph, LineageNode, NodeKind } from '../../src/shared/lineage/graph';
import { type LineageState, NO_LINEAGE } from '../../src/shared/lineage/state';
import type { TradeSum } from '../../src/shared/lineage/trades';
import type { Json } from '../../src/shared/log/canonical';
import { type SealedEvent, seal } from '../../src/shared/log/chain';
import { EMPTY_LOG, type LogEvent, type LogPosition } from '../../src/shared/log/event';
import { readCard } from '../../src/shared/models/card';
import type { ClosedTrade } from '../../src/shared/telemetry/types';
import { artifact, card } from './models';

export interface Said {
  readonly type: string;
  readonly data: object;
  readonly ts?: number;
}

/** Folds facts as a log would number them, a minute apart unless `ts` says otherwise. */
export function foldSaid(facts: readonly Said[], from: LineageState = NO_LINEAGE): LineageState {
  let state = from;
  for (const { type, data, ts } of facts) {
    const seq = state.seq + 1;
    const event = {
      ...{ seq, id: `e${seq}`, ts: ts ?? seq * 60_000, type, data, reason: null },
      actor: { id: 'ines', role: 'model-owner', terminal: null },
      ...{ commandId: `c${seq}`, prevHash: '', hash: '' },
    };
    state = foldLineage(state, event as unknown as LogEvent, sha256);
  }
  return state;
}

/** Facts as a gateway seals them, one a minute unless `ts` says otherwise. */
export function sealed(facts: readonly Said[]): SealedEvent[] {
  let position: LogPosition = EMPTY_LOG;
  return facts.map(({ type, data, ts }, index) => {
    const id = `018f0000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;
    const actor = { id: 'ines', role: 'model-owner', terminal: null };
    const about = {
      id,
      ts: ts ?? (index + 1) * 60_000,
      type,
      actor,
      commandId: null,
      reason: null,
    };
    const event = seal({ ...about, data: data as Record<string, Json> }, position, sha256);
    position = event.event;
    return event;
  });
}

/** What registering `card(model, change)` puts on the record. */
export function registered(model: string, change: object = {}): Said {
  const read = readCard(card(model, change));
  if (!read.ok) throw new Error(read.error.message);
  return { type: 'model.registered', data: { ...read.value, source: 'operator' } };
}

/** A deployment of `model` that every engine has loaded, from `ts` on. */
export function deployed(model: string, engine: string, ts: number): Said[] {
  const { version, hash } = artifact(model);
  const deployment = `d-${model}-${ts}`;
  const started = { deployment, kind: 'promotion', model, version, hash, previous: null };
  const settled = { deployment, engine, attempt: 1, outcome: 'loaded', hash, detail: '' };
  return [
    { type: 'deployment.started', data: { ...started, engines: [engine] }, ts },
    { type: 'deployment.engine_settled', data: settled, ts: ts + 1 },
  ];
}

/** A trade of `m1` as an engine says it, closed five ms after it was opened. */
export function closedTrade(
  tradeId: string,
  closedAt: number,
  change: Partial<ClosedTrade> = {},
): ClosedTrade {
  return {
    ...{ tradeId, model: 'm1', instrument: 'USD/COP', side: 'short', quantity: 2 },
    ...{ entryPrice: 1, exitPrice: 2, pnl: -3, currency: 'USD' },
    ...{ openedAt: closedAt - 5, closedAt, ...change },
  };
}

/** What the gateway records of trades that an engine has closed. */
export function tradesClosed(engine: string, trades: readonly ClosedTrade[], ts?: number): Said {
  const data = { engine, trades, missed: 0 };
  return { type: 'trades.closed', data, ...(ts !== undefined && { ts }) };
}

export function sumOf(model: string, day: string, at: number, change: object = {}): TradeSum {
  return {
    ...{ model, day, engine: 'e1', currency: 'USD', count: 3, pnl: 12.5, unknown: 0 },
    events: 2,
    ...{ firstOpenedAt: at, lastClosedAt: at + 1_000 },
    ...change,
  };
}

export function nodeOf(id: string, kind: NodeKind, at = 0): LineageNode {
  return {
    ...{ id, kind, at, label: id, note: '', model: null, mismatches: [], facts: [], events: 0 },
  };
}

/**
 * A graph of about `size` nodes as a desk's years make it: three quarters of it days of trades, the
 * rest models with what they were made from.
 */
export function largeGraph(size: number): LineageGraph {
  const models = Math.max(1, Math.round(size / 20));
  const days = Math.max(1, Math.round((size * 0.75) / models));
  const nodes: LineageNode[] = [];
  const edges: { from: string; to: string; by: readonly string[] | null }[] = [];
  for (let model = 0; model < models; model += 1) {
    const name = `m${model}`;
    const data = `data:${Math.floor(model / 3)}`;
    const features = `features:${(model * 7) % models}`;
    if (model % 3 === 0) nodes.push(nodeOf(data, 'data', model));
    nodes.push(nodeOf(`features:${model}`, 'features', model));
    nodes.push(nodeOf(`run:${model}`, 'run', model), nodeOf(`model:${model}`, 'model', model));
    nodes.push(nodeOf(`deployment:${model}`, 'deployment', model));
    const by = [name];
    edges.push({ from: data, to: features, by }, { from: features, to: `run:${model}`, by });
    edges.push({ from: `run:${model}`, to: `model:${model}`, by });
    edges.push({ from: `model:${model}`, to: `deployment:${model}`, by: null });
    for (let day = 0; day < days; day += 1) {
      nodes.push(nodeOf(`trades:${model}:${day}`, 'trades', day));
      edges.push({ from: `deployment:${model}`, to: `trades:${model}:${day}`, by: null });
    }
  }
  return { nodes, edges };
}
