import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { readTradeStore, type TradeReader } from '../../node/tradeStore';
import type { IpcResult } from '../../shared/ipc/contract';
import { groupNode } from '../../shared/lineage/artifacts';
import { type BuiltGraph, buildGraph, tradeGraph } from '../../shared/lineage/build';
import { foldLineage } from '../../shared/lineage/fold';
import { TRADES_SHOWN } from '../../shared/lineage/ipc';
import { toRunEvents } from '../../shared/lineage/openlineage';
import { type RunEvent, runEventSchema } from '../../shared/lineage/runEvent';
import { LINEAGE_TYPES, type LineageState, NO_LINEAGE } from '../../shared/lineage/state';
import { tradeNode } from '../../shared/lineage/trades';
import type { Sha256 } from '../../shared/log/chain';
import type { LogEvent } from '../../shared/log/event';
import type { ReadPart } from './messages';

/** Nodes in one part of the graph: a message of so many is read in a few milliseconds. */
const NODES_A_PART = 1_000;
const EDGES_A_PART = 2_000;
const EVENTS_SHOWN = 50;
const FOUND_MAX = 20;

export interface LineageCore {
  part(known: number | null, part: number): ReadPart;
  trades(model: string, day: string): IpcResult<'lineage.trades'>;
  find(trade: string): IpcResult<'lineage.find'>;
  events(id: string): IpcResult<'lineage.events'>;
  /** The log's lineage as a JSON array of OpenLineage run events. */
  openLineage(producer: string): string;
  close(): void;
}

interface Row {
  readonly seq: number;
  readonly hash: string;
  readonly body: string;
}

/**
 * The lineage, read from the mirror's file and the trades' beside their writers. It needs no link.
 * The mirror has verified what is in its file; nothing is written here.
 */
export function createLineageCore(deps: {
  readonly mirror: string;
  readonly trades: string;
  readonly sha256: Sha256;
}): LineageCore {
  const { sha256 } = deps;
  let log: { database: Database.Database; file: number } | null = null;
  let trades: TradeReader | null = null;
  let state: LineageState = NO_LINEAGE;
  let built: { graph: BuiltGraph; seq: number; trades: number } | null = null;
  let revision = 0;
  let problem: string | null = null;

  /** The mirror's database, opened again when another file lies in its place. */
  function openLog(): Database.Database | null {
    const file = statSync(deps.mirror, { throwIfNoEntry: false })?.ino ?? null;
    if (file === null || (log && log.file !== file)) {
      log?.database.close();
      log = null;
      state = NO_LINEAGE;
      built = null;
    }
    if (file === null) return null;
    if (!log) {
      const database = new Database(deps.mirror, { readonly: true, fileMustExist: true });
      database.pragma('busy_timeout = 2000');
      log = { database, file };
    }
    return log.database;
  }

  function openTrades(): TradeReader | null {
    if (!trades && statSync(deps.trades, { throwIfNoEntry: false })) {
      trades = readTradeStore(deps.trades);
    }
    return trades;
  }

  function select(where: string, ...values: (string | number)[]): LogEvent[] {
    const rows = (openLog()
      ?.prepare(`SELECT seq, hash, body FROM events WHERE ${where}`)
      .all(...values) ?? []) as Row[];
    return rows.map((row) => ({ ...JSON.parse(row.body), hash: row.hash }) as LogEvent);
  }

  function refresh(): BuiltGraph {
    problem = null;
    try {
      const database = openLog();
      const head = database?.prepare('SELECT max(seq) AS seq FROM events').get() as
        | { seq: number | null }
        | undefined;
      const through = head?.seq ?? 0;
      if (through > state.seq) {
        const types = LINEAGE_TYPES.map(() => '?').join();
        const where = `seq > ? AND seq <= ? AND type IN (${types}) ORDER BY seq`;
        for (const event of select(where, state.seq, through, ...LINEAGE_TYPES)) {
          state = foldLineage(state, event, sha256);
        }
        // What lies between says nothing of lineage and is not read again.
        state = { ...state, seq: through };
      }
    } catch (error) {
      problem = (error as Error).message;
    }
    try {
      const reader = openTrades();
      const version = reader?.version() ?? 0;
      if (!built || built.seq !== state.seq || built.trades !== version) {
        const graph = buildGraph(state, reader?.sums() ?? []);
        if (!built || !same(built.graph, graph)) revision += 1;
        built = { graph, seq: state.seq, trades: version };
      }
    } catch (error) {
      problem = (error as Error).message;
      if (!built) revision += 1;
      built ??= { graph: buildGraph(state, []), seq: state.seq, trades: -1 };
    }
    return built.graph;
  }

  function part(known: number | null, number: number): ReadPart {
    const graph = number === 0 || !built ? refresh() : built.graph;
    const parts = Math.max(
      1,
      Math.ceil(graph.nodes.length / NODES_A_PART),
      Math.ceil(graph.edges.length / EDGES_A_PART),
    );
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
    events(id) {
      const all = [...new Set((built?.graph ?? refresh()).seqs.get(id) ?? [])];
      const seqs = all.sort((a, b) => b - a).slice(0, EVENTS_SHOWN);
      const marks = seqs.map(() => '?').join();
      const events = select(`seq IN (${marks}) ORDER BY seq DESC`, ...seqs);
      // The schema's events are mutable by type; nobody changes them.
      return { total: all.length, events: events as IpcResult<'lineage.events'>['events'] };
    },
    openLineage(producer) {
      refresh();
      const received: RunEvent[] = [];
      for (const { data } of select("type = 'lineage.received' ORDER BY seq")) {
        const event = runEventSchema.safeParse(data.event);
        if (event.success) received.push(event.data);
      }
      return `${JSON.stringify(toRunEvents(state, received, producer, sha256), null, 1)}\n`;
    },
    close() {
      log?.database.close();
      trades?.close();
    },
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
