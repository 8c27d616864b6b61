import type Database from 'better-sqlite3';
import type { AuditPage } from '../../shared/ipc/contract';
import type { LogEvent } from '../../shared/log/event';
import type { PageRequest } from './messages';

export const PAGING_INDEXES = `
  CREATE INDEX IF NOT EXISTS events_type ON events (type, seq);
  CREATE INDEX IF NOT EXISTS events_actor ON events (actor, seq);
`;

export interface Pager {
  /** A page newest first; `waiting` are events that are not in the file yet, oldest first. */
  page(query: PageRequest, waiting: readonly LogEvent[]): Omit<AuditPage, 'tookMs'>;
  added(events: readonly LogEvent[]): void;
}

interface Row {
  readonly hash: string;
  readonly body: string;
}

interface Where {
  readonly sql: string;
  readonly values: readonly string[];
}

/** Queries for the audit screen. Counts are carried on from the last one, so that paging costs a page. */
export function createPager(database: Database.Database | null): Pager {
  const types = new Set(column(database, 'type'));
  const actors = new Set(column(database, 'actor'));
  let counted: { key: string; through: number; total: number } | null = null;
  database?.function('lower_unicode', { deterministic: true }, (text) =>
    String(text).toLowerCase(),
  );

  function head(): number {
    const row = database?.prepare('SELECT max(seq) AS seq FROM events').get() as
      | { seq: number | null }
      | undefined;
    return row?.seq ?? 0;
  }

  function count(where: Where, last: number): number {
    if (!database) return 0;
    // Sequences have no gaps: without a filter the last one is the count.
    if (where.sql === '') return last;
    const key = JSON.stringify(where);
    const from = counted?.key === key && counted.through <= last ? counted : null;
    const { n } = database
      .prepare(`SELECT count(*) AS n FROM events WHERE seq > ? AND seq <= ? AND ${where.sql}`)
      .get(from?.through ?? 0, last, ...where.values) as { n: number };
    counted = { key, through: last, total: (from?.total ?? 0) + n };
    return counted.total;
  }

  function rows(where: Where, last: number, offset: number, limit: number): LogEvent[] {
    if (!database || limit <= 0) return [];
    const select = 'SELECT hash, body FROM events';
    const found = (
      where.sql === ''
        ? database
            .prepare(`${select} WHERE seq <= ? ORDER BY seq DESC LIMIT ?`)
            .all(last - offset, limit)
        : database
            .prepare(`${select} WHERE seq <= ? AND ${where.sql} ORDER BY seq DESC LIMIT ? OFFSET ?`)
            .all(last, ...where.values, limit, offset)
    ) as Row[];
    return found.map((row) => ({ ...JSON.parse(row.body), hash: row.hash }) as LogEvent);
  }

  return {
    page({ filter, offset, limit }, waiting) {
      const where = whereOf(filter);
      const last = head();
      const inFile = count(where, last);
      const held = waiting.filter((event) => matches(filter, event)).reverse();
      const fromHeld = held.slice(offset, offset + limit);
      const fromFile = rows(
        where,
        last,
        Math.max(0, offset - held.length),
        limit - fromHeld.length,
      );
      return {
        total: inFile + held.length,
        // The schema's events are mutable by type; nobody changes them.
        events: [...fromHeld, ...fromFile] as AuditPage['events'],
        types: [...types].sort(),
        actors: [...actors].sort(),
      };
    },
    added(events) {
      for (const event of events) {
        types.add(event.type);
        actors.add(event.actor.id);
      }
    },
  };
}

function column(database: Database.Database | null, name: 'type' | 'actor'): string[] {
  const rows = database?.prepare(`SELECT DISTINCT ${name} AS value FROM events`).all() ?? [];
  return (rows as { value: string }[]).map((row) => row.value);
}

function whereOf(filter: PageRequest['filter']): Where {
  const parts: string[] = [];
  const values: string[] = [];
  if (filter.types.length > 0) {
    parts.push(`type IN (${filter.types.map(() => '?').join(', ')})`);
    values.push(...filter.types);
  }
  if (filter.actor !== null) {
    parts.push('actor = ?');
    values.push(filter.actor);
  }
  if (filter.text !== null && filter.text !== '') {
    const needle = needleOf(filter.text);
    // SQLite's LIKE knows the case of ASCII letters only, and is much faster.
    if (/^[\x20-\x7e]*$/.test(needle)) {
      parts.push("(body LIKE ? ESCAPE '\\' OR hash LIKE ? ESCAPE '\\')");
      const pattern = `%${needle.replace(/[\\%_]/g, '\\$&')}%`;
      values.push(pattern, pattern);
    } else {
      parts.push('instr(lower_unicode(body), ?) > 0');
      values.push(needle);
    }
  }
  return { sql: parts.join(' AND '), values };
}

/** The text as it stands inside JSON, in lower case. */
function needleOf(text: string): string {
  return JSON.stringify(text).slice(1, -1).toLowerCase();
}

function matches(filter: PageRequest['filter'], event: LogEvent): boolean {
  if (filter.types.length > 0 && !filter.types.includes(event.type)) return false;
  if (filter.actor !== null && filter.actor !== event.actor.id) return false;
  if (filter.text === null || filter.text === '') return true;
  return JSON.stringify(event).toLowerCase().includes(needleOf(filter.text));
}
