import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { archivesOf } from '../../node/audit/archives';
import { readTradeStore, type TradeReader } from '../../node/tradeStore';
import type { IpcResult } from '../../shared/ipc/contract';
import { groupNode } from '../../shared/lineage/artifacts';
import { type BuiltGraph, buildGraph, tradeGraph } from '../../shared/lineage/build';
import { foldLineage } from '../../shared/lineage/fold';
import { TRADES_SHOWN } from '../../shared/lineage/ipc';
import { toRunEvents } from '../../shared/lineage/openlineage';
import { type RunEvent, runEventSchema } from '../../shared/lineage/runEvent';
import { LINEAGE_TYPES, type LineageState, NO_LINEAGE } from '../../shared/lineage/state';
import { type TradeSum, tradeNode } from '../../shared/lineage/trades';
import type { Sha256 } from '../../shared/log/chain';
import type { LogEvent } from '../../shared/log/event';
import type { ReadPart } from './messages';

/** Nodes in one part of the graph: a message of so many is read in a few milliseconds. */
const NODES_A_PART = 1_000;
const EDGES_A_PART = 2_000;
const EVENTS_SHOWN = 50;
const FOUND_MAX = 20;

/** `at` is the event up to which the log is read; null for all of it, as it is now. */
export interface LineageCore {
  part(known: number | null, part: number, at: number | null): ReadPart;
  trades(model: string, day: string): IpcResult<'lineage.trades'>;
  find(trade: string): IpcResult<'lineage.find'>;
  events(id: string, at: number | null): IpcResult<'lineage.events'>;
  /** The log's lineage as a JSON array of OpenLineage run events. */
  openLineage(producer: string, at: number | null): string;
  close(): void;
}

interface Row {
  readonly seq: number;
  readonly hash: string;
  readonly body: string;
}

/** A state, and the graph it was last built into. */
interface View {
  state: LineageState;
  built: { readonly graph: BuiltGraph; readonly seq: number; readonly trades: number } | null;
  revision: number;
}

/**
 * The lineage, read from the mirror's file, the archives of its closed years and the trades' file,
 * beside their writers. It needs no link. The mirror has verified what is in its files; nothing is
 * written here.
 */
export function createLineageCore(deps: {
  readonly mirror: string;
  readonly trades: string;
  readonly sha256: Sha256;
}): LineageCore {
  const { sha256 } = deps;
  let log: { readonly files: string; readonly databases: readonly Database.Database[] } | null =
    null;
  let trades: TradeReader | null = null;
  let present = noView();
  /** The past that was last looked at; the next one is mostly an event on. */
  let past = noView();
  let revisions = 0;
  let problem: string | null = null;

  /** The log's files, the oldest first; opened anew when others lie there, and then told afresh. */
  function openLog(): readonly Database.Database[] {
    const paths = [...archivesOf(deps.mirror), deps.mirror].flatMap((path) => {
      const file = statSync(path, { throwIfNoEntry: false });
      return file ? [{ path, name: `${path}\n${file.ino}` }] : [];
    });
    const files = paths.map(({ name }) => name).join('\n');
    if (log?.files === files) return log.databases;
    for (const database of log?.databases ?? []) database.close();
    log = null;
    present = noView();
    past = noView();
    const databases: Database.Database[] = [];
    try {
      for (const { path } of paths) {
        const database = new Database(path, { readonly: true, fileMustExist: true });
        databases.push(database);
        database.pragma('busy_timeout = 2000');
      }
    } catch (error) {
      for (const database of databases) database.close();
      throw error;
    }
    log = { files, databases };
    return databases;
  }

  function openTrades(): TradeReader | null {
    if (!trades && statSync(deps.trades, { throwIfNoEntry: false })) {
      trades = readTradeStore(deps.trades);
    }
    return trades;
  }

  /** Events in the log's order. One that is archived and not yet taken from the mirror is there once. */
  function select(where: string, ...values: (string | number)[]): LogEvent[] {
    const found: LogEvent[] = [];
    for (const database of openLog()) {
      const last = found.at(-1)?.seq ?? 0;
      const rows = database
        .prepare(`SELECT seq, hash, body FROM events WHERE seq > ? AND ${where} ORDER BY seq`)
        .all(last, ...values) as Row[];
      for (const row of rows) found.push({ ...JSON.parse(row.body), hash: row.hash } as LogEvent);
    }
    return found;
  }

  function headOf(databases: readonly Database.Database[]): number {
    const heads = databases.map((database) =>
      database.prepare('SELECT max(seq) FROM events').pluck().get(),
    );
    return Math.max(0, ...heads.map(Number));
  }

  /** Folds a view on, up to an event or to the log's last one. */
  function follow(at: number | null): View {
    const head = headOf(openLog());
    const through = at === null ? head : Math.min(at, head);
    if (at !== null && past.state.seq > through) past = { ...past, state: NO_LINEAGE };
    const view = at === null ? present : past;
    if (through <= view.state.seq) return view;
    const types = LINEAGE_TYPES.map(() => '?').join();
    const where = `seq > ? AND seq <= ? AND type IN (${types})`;
    for (const event of select(where, view.state.seq, through, ...LINEAGE_TYPES)) {
      view.state = foldLineage(view.state, event, sha256);
    }
    // What lies between says nothing of lineage and is not read again.
    view.state = { ...view.state, seq: through };
    return view;
  }

  /** What was recorded of trades in the past cannot be told: they are not in the log. */
  function sumsOf(at: number | null): { version: number; sums: () => readonly TradeSum[] } {
    const reader = at === null ? openTrades() : null;
    return { version: reader?.version() ?? 0, sums: () => reader?.sums() ?? [] };
  }

  function refresh(at: number | null): BuiltGraph {
    problem = null;
    let view = at === null ? present : past;
    try {
      view = follow(at);
    } catch (error) {
      problem = (error as Error).message;
      view = at === null ? present : past;
    }
    const { seq } = view.state;
    try {
      const { version, sums } = sumsOf(at);
      if (view.built?.seq !== seq || view.built.trades !== version) {
        show(view, buildGraph(view.state, sums()), version);
      }
    } catch (error) {
      problem = (error as Error).message;
      if (!view.built) show(view, buildGraph(view.state, []), -1);
    }
    return view.built?.graph ?? buildGraph(view.state, []);
  }

  function show(view: View, graph: BuiltGraph, version: number): void {
    if (!view.built || !same(view.built.graph, graph)) {
      revisions += 1;
      view.revision = revisions;
    }
    view.built = { graph, seq: view.state.seq, trades: version };
  }

  function part(known: number | null, number: number, at: number | null): ReadPart {
    const held = at === null ? present : past;
    const current = at === null || held.state.seq === at;
    const graph = number > 0 && current && held.built ? held.built.graph : refresh(at);
    const parts = Math.max(
      1,
      Math.ceil(graph.nodes.length / NODES_A_PART),
      Math.ceil(graph.edges.length / EDGES_A_PART),
    );
    const { revision, state } = at === null ? present : past;
    const about = { revision, seq: state.seq, problem };
    if (number === 0 && known === revision) return { ...about, parts: 0, nodes: [], edges: [] };
    return {
      ...about,
      parts,
      nodes: graph.nodes.slice(number * NODES_A_PART, (number + 1) * NODES_A_PART),
      edges: graph.edges.slice(number * EDGES_A_PART, (number + 1) * EDGES_A_PART),
    };
  }

  return {
    part,
    trades(model, day) {
      const rows = openTrades()?.of(model, day, TRADES_SHOWN) ?? [];
      const sums = openTrades()?.sums() ?? [];
      const total = sums
        .filter((one) => one.model === model && one.day === day)
        .reduce((all, { count }) => all + count, 0);
      return { ...tradeGraph(rows, groupNode(model, day)), total };
    },
    find(trade) {
      const rows = openTrades()?.find(trade, FOUND_MAX) ?? [];
      return rows.map((row) => {
        const { model, day, tradeId: label } = row;
        return { id: tradeNode(row), label, model, day };
      });
    },
    events(id, at) {
      const { seqs: behind } = (at === null ? present.built?.graph : undefined) ?? refresh(at);
      const all = [...new Set(behind.get(id) ?? [])];
      const seqs = all.sort((a, b) => b - a).slice(0, EVENTS_SHOWN);
      const events = select(`seq IN (${seqs.map(() => '?').join()})`, ...seqs).reverse();
      // The schema's events are mutable by type; nobody changes them.
      return { total: all.length, events: events as IpcResult<'lineage.events'>['events'] };
    },
    openLineage(producer, at) {
      const { state } = follow(at);
      const received: RunEvent[] = [];
      for (const { data } of select("seq <= ? AND type = 'lineage.received'", state.seq)) {
        const event = runEventSchema.safeParse(data.event);
        if (event.success) received.push(event.data);
      }
      return `${JSON.stringify(toRunEvents(state, received, producer, sha256), null, 1)}\n`;
    },
    close() {
      for (const database of log?.databases ?? []) database.close();
      trades?.close();
    },
  };
}

function noView(): View {
  return { state: NO_LINEAGE, built: null, revision: 0 };
}

/** Whether two graphs show the same: events that change nothing to see make no new revision. */
function same(one: BuiltGraph, other: BuiltGraph): boolean {
  return (
    one.nodes.length === other.nodes.length &&
    one.edges.length === other.edges.length &&
    JSON.stringify([one.nodes, one.edges]) === JSON.stringify([other.nodes, other.edges])
  );
}
