import type { AuditFilter, AuditPage, FacetValues } from '../../shared/audit/query';
import { isUnfiltered } from '../../shared/audit/query';
import type { RecordedPositions } from '../../shared/audit/view';
import type { LogEvent } from '../../shared/log/event';
import { type DomainEvent, toDomainEvent } from '../../shared/ops/events';
import type { OpsState } from '../../shared/ops/state';
import { eventOfRow } from '../eventRow';
import { AuditIndex } from './auditIndex';
import { beginMatching, type Matching } from './matching';
import { type EventSource, openSource } from './source';

/** Events that may be indexed while a question waits. */
const CATCH_UP = 4_096;
const BATCH = 1_000;
/** More news than this under one filter and the question is asked afresh. */
const NEWS_MAX = 50_000;

/** Thrown into a question that another has replaced, or that was called off. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor() {
    super('the query was cancelled');
  }
}

export interface PageRequest {
  readonly filter: AuditFilter;
  readonly offset: number;
  readonly limit: number;
}

/** How far the rows of a question are counted. */
export interface Counted {
  readonly question: number;
  readonly total: number;
  readonly counted: boolean;
}

interface Asked {
  /** Told with every answer and count, so that nobody takes one question's for another's. */
  readonly question: number;
  readonly key: string;
  readonly matching: Matching;
  /** Matches that came after `high`, newest first. */
  newer: number[];
  high: number;
}

/**
 * Questions to a log and its index. Long ones go in short steps with a breath between them, so that
 * the thread hears what else it is told: the next question, or that this one is no longer wanted.
 */
export class Explorer {
  readonly source: EventSource;
  readonly index: AuditIndex;
  #asked: Asked | null = null;
  #questions = 0;

  constructor(
    paths: readonly string[],
    indexPath: string,
    private readonly breathe: () => Promise<void>,
  ) {
    this.source = openSource(paths);
    try {
      this.index = new AuditIndex(indexPath, this.source);
    } catch (error) {
      this.source.close();
      throw error;
    }
  }

  /** Indexes some of what is new. @returns whether there may be more */
  follow(): boolean {
    return this.index.follow(BATCH) === BATCH;
  }

  /** @throws {CancelledError} */
  async page(request: PageRequest, cancelled: () => boolean): Promise<Omit<AuditPage, 'tookMs'>> {
    const { filter, offset, limit } = request;
    const head = this.source.head().seq;
    if (isUnfiltered(filter)) return this.#plain(request, head);
    for (let taken = 0; taken < CATCH_UP && this.index.indexed().seq < head; taken += BATCH) {
      if (!this.follow()) break;
    }
    const indexedTo = this.index.indexed().seq;
    const asked = this.#ask(filter, indexedTo);
    const { matching, newer } = asked;
    while (!matching.done() && newer.length + matching.total() < offset + limit) {
      matching.step();
      await this.breathe();
      if (cancelled() || this.#asked !== asked) throw new CancelledError();
    }
    const fromNews = newer.slice(offset, offset + limit);
    const rest = limit - fromNews.length;
    const seqs = [
      ...fromNews,
      ...(rest > 0 ? matching.seqs(Math.max(0, offset - newer.length), rest) : []),
    ];
    return {
      question: asked.question,
      total: newer.length + matching.total(),
      counted: matching.done(),
      // The schema's events are mutable by type; nobody changes them.
      events: this.source.pick(seqs) as AuditPage['events'],
      indexedTo,
      headSeq: head,
    };
  }

  /** Counts on what the last question left uncounted. @returns null when nothing is left */
  countOn(): Counted | null {
    const asked = this.#asked;
    if (!asked || asked.matching.done()) return null;
    asked.matching.step();
    const total = asked.newer.length + asked.matching.total();
    return { question: asked.question, total, counted: asked.matching.done() };
  }

  /** Leaves the last question. */
  cancel(): void {
    this.#asked = null;
  }

  values(): FacetValues {
    return this.index.values();
  }

  story(commandId: string): readonly LogEvent[] {
    return this.source.story(commandId);
  }

  /** The state after an event, or after the last one not later than a time. Null where it cannot be known. */
  async past(at: { readonly seq: number } | { readonly ts: number }): Promise<OpsState | null> {
    // Times are told by the index, and the states it keeps are what makes a look back short.
    while (this.index.indexed().seq < this.source.head().seq && this.follow()) await this.breathe();
    const seq = 'seq' in at ? at.seq : this.index.seqAt(at.ts);
    return seq < 1 || seq > this.source.head().seq ? null : this.index.foldAt(seq);
  }

  /** What the log had said by then of what each engine held. To be asked after {@link Explorer.past}. */
  positionsThen(ops: OpsState): readonly RecordedPositions[] {
    return Object.values(ops.engines).map(({ id: engine, connected }) => {
      const readBack = this.#lastOf('kill.read_back', engine, ops.seq);
      const lost = connected ? null : this.#lastOf('engine.lost', engine, ops.seq);
      return {
        engine,
        readBack: readBack ? held(readBack.data) : null,
        lost: lost && { at: lost.ts, positions: lost.data.positions },
      };
    });
  }

  #lastOf<Type extends 'kill.read_back' | 'engine.lost'>(type: Type, engine: string, seq: number) {
    const at = this.index.lastOf(type, engine, seq);
    const [event] = at === null ? [] : this.source.pick([at]);
    const known = event ? toDomainEvent(event) : null;
    return known?.type === type ? (known as Extract<DomainEvent, { type: Type }>) : null;
  }

  close(): void {
    this.cancel();
    this.index.close();
    this.source.close();
  }

  /** Without a filter a place in the list is a sequence, and no other question is disturbed. */
  #plain({ offset, limit }: PageRequest, head: number): Omit<AuditPage, 'tookMs'> {
    const first = this.source.start().seq + 1;
    const from = Math.max(first, head - offset - limit + 1);
    const rows = this.source.rows(from, Math.max(0, head - offset - from + 1));
    return {
      question: 0,
      total: Math.max(0, head - first + 1),
      counted: true,
      events: rows.map(eventOfRow).reverse() as AuditPage['events'],
      indexedTo: this.index.indexed().seq,
      headSeq: head,
    };
  }

  /** The question as it was asked before, with its news; or from the beginning. */
  #ask(filter: AuditFilter, high: number): Asked {
    const key = JSON.stringify(filter);
    const before = this.#asked;
    const low = this.source.start().seq + 1;
    if (before?.key === key && high - before.high <= NEWS_MAX && high >= before.high) {
      if (high > before.high) {
        const news = beginMatching(this.index, this.source, filter, before.high + 1, high);
        while (!news.done()) news.step();
        before.newer = [...news.seqs(0, news.total()), ...before.newer];
        before.high = high;
      }
      return before;
    }
    this.cancel();
    const matching = beginMatching(this.index, this.source, filter, low, high);
    this.#questions += 1;
    this.#asked = { question: this.#questions, key, matching, newer: [], high };
    return this.#asked;
  }
}

function held({ asOf, positions, workingOrders }: NonNullable<RecordedPositions['readBack']>) {
  return { asOf, positions, workingOrders };
}
