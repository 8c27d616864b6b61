import { join } from 'node:path';
import { readPolicies } from '../../src/node/policyFiles';
import { type Collected, collectReport, type Wanted } from '../../src/node/reports/collect';
import { sha256 } from '../../src/node/sha256';
import type { Json } from '../../src/shared/log/canonical';
import { seal } from '../../src/shared/log/chain';
import { EMPTY_LOG, type LogEvent } from '../../src/shared/log/event';
import type { EventDataOf } from '../../src/shared/ops/events';
import { DESK_TIME_ZONE } from '../../src/shared/time';
import { quickPolicies } from './desk';
import { ROOT } from './root';

const files = readPolicies(join(ROOT, 'resources/policy'));
export const reportsPolicy = files.reports.document;
export const incidentsPolicy = files.incidents.document;

/** A Monday that is no holiday, midnight in Bogota. */
export const MONDAY = Date.UTC(2026, 1, 2, 5);
export const MIN = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export interface Told {
  readonly ts: number;
  readonly type: string;
  readonly data: object;
  readonly by?: string;
  readonly commandId?: string | null;
  readonly reason?: string | null;
}

/** Facts as a log of their own, each sealed to the one before. */
export function logOf(facts: readonly Told[]): readonly LogEvent[] {
  let position = EMPTY_LOG;
  return facts.map(({ ts, type, data, by = 'ana', commandId = null, reason = null }, index) => {
    const draft = {
      ...{ id: `e${index + 1}`, ts, type, commandId, reason },
      actor: { id: by, role: 'trading-lead', terminal: null },
      data: data as { readonly [key: string]: Json },
    };
    const { event } = seal(draft, position, sha256);
    position = { seq: event.seq, hash: event.hash };
    return event;
  });
}

/** A report worked out from a log, as gateway and terminal do it. */
export function collected(
  log: readonly LogEvent[],
  wanted: Wanted,
  options: Parameters<typeof collectReport>[2] = {},
): Promise<Collected> {
  const head = log.at(-1) ?? EMPTY_LOG;
  const deps = {
    read: async (from: number, limit: number) => log.slice(from - 1, from - 1 + limit),
    head: () => ({ seq: head.seq, hash: head.hash }),
    policies: { reports: reportsPolicy, incidents: incidentsPolicy },
    ...{ sha256, pause: async () => undefined },
  };
  return collectReport(deps, wanted, options);
}

export const day = (
  of: string,
  change: Partial<EventDataOf<'day.noted'>> = {},
): EventDataOf<'day.noted'> => ({
  ...{ day: of, engine: 'e1', currency: 'COP', startEquity: 1_000, endEquity: 1_010 },
  ...{ equityAt: MONDAY, models: [], heardSince: MONDAY, missed: 0 },
  ...change,
});

export const closed = (of: string, change: object = {}) => ({
  ...{ day: of, model: 'm1', currency: 'COP', startEquity: 1_000, endEquity: 1_010 },
  ...{ trades: 4, wins: 3, pnl: 10 },
  ...change,
});

export const killData = (change: object = {}) => ({
  ...{ scope: { kind: 'all' }, closePositions: true, notifyTeam: true, origin: 'panel' },
  ...{ targets: [], ageMs: 40, drill: false },
  ...change,
});

export const opened = {
  ...{ epoch: 'ep', gatewayId: 'gw', publicKey: '', environment: 'paper' },
} as const;
export const started = { version: 't', runtime: 'node', environment: 'paper' } as const;

/** The cron expression of one second of each day, in Bogota. */
function secondOf(ts: number): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: DESK_TIME_ZONE, hour: 'numeric', minute: 'numeric', second: 'numeric' },
    hourCycle: 'h23',
  }).formatToParts(ts);
  const of = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  return `${of('second')} ${of('minute')} ${of('hour')} * * *`;
}

/** Policies with one report a day, due at an instant. */
export function dailyAt(dueAt: number, change: object = {}) {
  const schedule = { name: 'daily', kind: 'daily' as const, businessDaysOnly: false };
  const document = {
    ...reportsPolicy,
    schedule: [{ ...schedule, cron: secondOf(dueAt), languages: ['es' as const] }],
    recipients: [{ role: null, email: 'mesa@example.co', language: 'es' as const }],
    pdfWithinMs: 50,
    ...change,
  };
  return { ...quickPolicies, reports: { document, hash: JSON.stringify(document) } };
}
