import { statSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { archivesOf } from '../../node/audit/archives';
import { type EventSource, openSource } from '../../node/audit/source';
import {
  isDamage,
  openTradeIndex,
  removeTradeIndex,
  type TradeIndex,
  type TradesOfYear,
} from '../../node/tradeIndex';
import type { IpcResult } from '../../shared/ipc/contract';
import { groupNode } from '../../shared/lineage/artifacts';
import { type BuiltGraph, buildGraph, tradeGraph } from '../../shared/lineage/build';
import { foldLineage } from '../../shared/lineage/fold';
import { TRADES_SHOWN } from '../../shared/lineage/ipc';
import { toRunEvents } from '../../shared/lineage/openlineage';
import { type RunEvent, runEventSchema } from '../../shared/lineage/runEvent';
import { LINEAGE_TYPES, type LineageState, NO_LINEAGE } from '../../shared/lineage/state';
import { type TradeSum, tradeNode, tradeOf } from '../../shared/lineage/trades';
import type { Sha256 } from '../../shared/log/chain';
import { toDomainEvent } from '../../shared/ops/events';

/** Nodes in one part of the graph: a message of so many is read in a few milliseconds. */
const NODES_A_PART = 1_000;
const EDGES_A_PART = 2_000;
const EVENTS_SHOWN = 50;
const FOUND_MAX = 20;
/** Events of trades, and events of the log, that one step of indexing reads at most. */
const TRADE_EVENTS_A_STEP = 200;
const EVENTS_A_STEP = 20_000;
const ALL = Number.MAX_SAFE_INTEGER;

/** `at` is the event up to which the log is read; null for all of it, as it is now. */
export interface LineageCore {
  part(known: number | null, part: number, at: number | null): IpcResult<'lineage.part'>;
  trades(model: string, day: string, at: number | null): IpcResult<'lineage.trades'>;
  find(trade: string, at: number | null): IpcResult<'lineage.find'>;
  events(id: string, at: number | null): IpcResult<'lineage.events'>;
  /** The log's lineage as a JSON array of OpenLineage run events. */
  openLineage(producer: string, at: number | null): string;
  /** Brings the trades' index up to the log, a step a turn; what the log no longer has is not in it then. */
  indexAll(): Promise<void>;
  /** The trades closed in a year, deleted from the index thereafter if so asked. */
  year(year: number, drop: boolean): Promise<TradesOfYear>;
  close(): void;
}

interface Traded {
  readonly version: string;
  readonly sums: readonly TradeSum[];
}

/** A state and the trades beside it, and the graph they were last built into. */
interface View {
  state: LineageState;
  traded: Traded;
  built: { readonly graph: BuiltGraph; readonly seq: number; readonly traded: Traded } | null;
  revision: number;
}

/**
 * The lineage, read from the mirror's file and the archives of its closed years, beside their writer. It
 * needs no link. The mirror has verified what is in its files. The one file written here is the trades'
 * index, which this core alone uses.
 */
export function createLineageCore(deps: {
  readonly mirror: string;
  readonly trades: string;
  readonly sha256: Sha256;
}): LineageCore {
  const { sha256 } = deps;
  let log: { readonly files: string; readonly source: EventSource } | null = null;
  /** Open, and found to be of the log that is open. */
  let index: TradeIndex | null = null;
  let present = noView();
  /** The past that was last looked at; the next one is mostly an event on. */
  let past = noView();
  let revisions = 0;
  let problem: string | null = null;

  /** The log's files, the oldest first; opened anew when others lie there, and then told afresh. */
  function openLog(): EventSource {
    const paths = [...archivesOf(deps.mirror), deps.mirror].flatMap((path) => {
      const file = statSync(path, { throwIfNoEntry: false });
      return file ? [{ path, name: `${path}\n${file.ino}` }] : [];
    });
    const files = paths.map(({ name }) => name).join('\n');
    if (log?.files === files) return log.source;
    log?.source.close();
    log = null;
    closeIndex();
    present = noView();
    past = noView();
    const source = openSource(paths.map(({ path }) => path));
    log = { files, source };
    return source;
  }

  function closeIndex(): void {
    index?.close();
    index = null;
  }

  function openIndex(source: EventSource): TradeIndex {
    index = openTradeIndex(
      deps.trades,
      ({ seq, hash }) => seq === 0 || source.hashAt(seq) === hash,
    );
    return index;
  }

  /** Does something with the index. One that proves broken is deleted, and made anew by the next call. */
  function withIndex<Result>(act: (index: TradeIndex, source: EventSource) => Result): Result {
    const source = openLog();
    try {
      return act(index ?? openIndex(source), source);
    } catch (error) {
      if (isDamage(error)) {
        closeIndex();
        removeTradeIndex(deps.trades);
      }
      throw error;
    }
  }

  function indexSome(): boolean {
    return withIndex((own, source) => {
      const start = source.start().seq;
      // What years that were deleted said is gone from the log, and from here.
      own.forget(start);
      const from = Math.max(own.through().seq, start);
      const head = source.head().seq;
      if (from >= head) return false;
      const upTo = Math.min(head, from + EVENTS_A_STEP);
      const found = source.typed(['trades.closed'], from, upTo, TRADE_EVENTS_A_STEP);
      const full = found.length === TRADE_EVENTS_A_STEP;
      const end = full ? (found.at(-1)?.seq ?? upTo) : upTo;
      const said = found.flatMap((event) => {
        const known = toDomainEvent(event);
        return known?.type === 'trades.closed' ? [known] : [];
      });
      own.take(said, { seq: end, hash: source.hashAt(end) ?? '' });
      return end < head;
    });
  }

  async function indexAll(): Promise<void> {
    while (indexSome()) await turn();
  }

  /** Folds a view on, up to an event or to the log's last one. */
  function follow(at: number | null): View {
    const source = openLog();
    const head = source.head().seq;
    const through = at === null ? head : Math.min(at, head);
    if (at !== null && past.state.seq > through) past = { ...past, state: NO_LINEAGE };
    const view = at === null ? present : past;
    if (through <= view.state.seq) return view;
    for (const event of source.typed(LINEAGE_TYPES, view.state.seq, through, ALL)) {
      view.state = foldLineage(view.state, event, sha256);
    }
    // What lies between says nothing of lineage and is not read again.
    view.state = { ...view.state, seq: through };
    return view;
  }

  function refresh(at: number | null): BuiltGraph {
    problem = null;
    attempt(() => follow(at));
    attempt(indexSome);
    const view = at === null ? present : past;
    attempt(() =>
      withIndex((own) => {
        const version = own.version(at);
        if (view.traded.version !== version) view.traded = { version, sums: own.sums(at) };
      }),
    );
    const { state, traded, built } = view;
    if (built?.seq === state.seq && built.traded === traded) return built.graph;
    const graph = buildGraph(state, traded.sums);
    if (!built || !same(built.graph, graph)) {
      revisions += 1;
      view.revision = revisions;
    }
    view.built = { graph, seq: state.seq, traded };
    return graph;
  }

  /** Reads what can be read: what cannot is said beside it. */
  function attempt(read: () => unknown): void {
    try {
      read();
    } catch (error) {
      problem = (error as Error).message;
    }
  }

  function part(
    known: number | null,
    number: number,
    at: number | null,
  ): IpcResult<'lineage.part'> {
    const held = at === null ? present : past;
    const current = at === null || held.state.seq === at;
    const graph = number > 0 && current && held.built ? held.built.graph : refresh(at);
    const parts = Math.max(
      1,
      Math.ceil(graph.nodes.length / NODES_A_PART),
      Math.ceil(graph.edges.length / EDGES_A_PART),
    );
    const { revision, state } = at === null ? present : past;
    const tradesSeq = Math.min(index?.through().seq ?? 0, state.seq);
    const about = { revision, seq: state.seq, tradesSeq, problem };
    if (number === 0 && known === revision) return { ...about, parts: 0, nodes: [], edges: [] };
    return {
      ...about,
      parts,
      nodes: graph.nodes.slice(number * NODES_A_PART, (number + 1) * NODES_A_PART),
      edges: graph.edges.slice(number * EDGES_A_PART, (number + 1) * EDGES_A_PART),
    };
  }

  /** The events behind a node, the latest first. */
  function behind(id: string, at: number | null): readonly number[] {
    const trade = tradeOf(id);
    if (trade) {
      const seq = withIndex((own) => own.eventOf(trade, at));
      return seq === null ? [] : [seq];
    }
    const graph = (at === null ? present.built?.graph : undefined) ?? refresh(at);
    const node = graph.nodes.find((one) => one.id === id);
    if (node?.kind === 'trades') {
      return withIndex((own) => own.eventsOf(node.model ?? '', node.label, at));
    }
    return [...new Set(graph.seqs.get(id) ?? [])].sort((a, b) => b - a);
  }

  return {
    part,
    trades: (model, day, at) =>
      withIndex((own) => {
        const rows = own.of(model, day, at, TRADES_SHOWN);
        return { ...tradeGraph(rows, groupNode(model, day)), total: own.count(model, day, at) };
      }),
    find: (trade, at) =>
      withIndex((own) =>
        own.find(trade, at, FOUND_MAX).map((row) => {
          const { model, day, tradeId: label } = row;
          return { id: tradeNode(row), label, model, day };
        }),
      ),
    events(id, at) {
      const all = behind(id, at);
      const events = openLog().pick(all.slice(0, EVENTS_SHOWN));
      // The schema's events are mutable by type; nobody changes them.
      return { total: all.length, events: events as IpcResult<'lineage.events'>['events'] };
    },
    openLineage(producer, at) {
      const { state } = follow(at);
      const received: RunEvent[] = [];
      for (const { data } of openLog().typed(['lineage.received'], 0, state.seq, ALL)) {
        const event = runEventSchema.safeParse(data.event);
        if (event.success) received.push(event.data);
      }
      return `${JSON.stringify(toRunEvents(state, received, producer, sha256), null, 1)}\n`;
    },
    indexAll,
    async year(year, drop) {
      await indexAll();
      return withIndex((own) => {
        const found = own.year(year);
        if (drop) own.drop(year);
        return found;
      });
    },
    close() {
      log?.source.close();
      closeIndex();
    },
  };
}

function noView(): View {
  return {
    ...{ state: NO_LINEAGE, traded: { version: '', sums: [] } },
    ...{ built: null, revision: 0 },
  };
}

/** Whether two graphs show the same: events that change nothing to see make no new revision. */
function same(one: BuiltGraph, other: BuiltGraph): boolean {
  return (
    one.nodes.length === other.nodes.length &&
    one.edges.length === other.edges.length &&
    JSON.stringify([one.nodes, one.edges]) === JSON.stringify([other.nodes, other.edges])
  );
}
