import type { Period } from '../../shared/incidents/kpis';
import { canonicalJson } from '../../shared/log/canonical';
import { describeFault, type Sha256, verifyNext } from '../../shared/log/chain';
import { EMPTY_LOG, type LogEvent, type LogPosition } from '../../shared/log/event';
import { foldOps } from '../../shared/ops/fold';
import { INITIAL_OPS_STATE, type OpsState } from '../../shared/ops/state';
import { type Policies, policyInForce } from '../../shared/policy/inForce';
import { buildReport, isOfReport } from '../../shared/reports/build';
import type { ReportKind } from '../../shared/reports/events';
import { createPresence } from '../../shared/reports/presence';
import type { Report } from '../../shared/reports/report';

/** Which report is wanted. */
export interface Wanted {
  readonly kind: ReportKind;
  readonly period: Period;
  /** The first event; null takes it by the period. */
  readonly fromSeq: number | null;
  /** The last event; null takes it by the period. */
  readonly toSeq: number | null;
}

/** A report and what names it. */
export interface Collected {
  readonly report: Report;
  /** The canonical JSON of it. */
  readonly json: string;
  /** Of that JSON. */
  readonly sha256: string;
}

export type CollectFailure = 'cancelled' | 'log_behind';

/** Why no report came of it. */
export class CollectError extends Error {
  override readonly name = 'CollectError';
  constructor(
    readonly code: CollectFailure,
    message: string,
  ) {
    super(message);
  }
}

export interface CollectDeps {
  /** Up to `limit` events from a sequence on, in order. */
  readonly read: (fromSeq: number, limit: number) => Promise<readonly LogEvent[]>;
  /** Where the log begins that is held, and the state then; at its beginning where it is left out. */
  readonly start?: { readonly position: LogPosition; readonly state: OpsState };
  readonly head: () => LogPosition;
  readonly sha256: Sha256;
  /** For a log that has none in force. */
  readonly policies: Pick<Policies, 'reports' | 'incidents'>;
  /** Gives way to everything else between pages. */
  readonly pause: () => Promise<void>;
}

/** Events read between two pauses: a few milliseconds of work. */
const PAGE = 200;

/**
 * Reads the log once from the first event held, checks its chain on the way and works a report out. The
 * period begins at the first event of its time and ends before the first one that is later, so that
 * periods that follow each other share no event and leave none out, also where a clock was set back.
 *
 * @throws {CollectError}
 */
export async function collectReport(
  deps: CollectDeps,
  wanted: Wanted,
  options: {
    readonly signal?: AbortSignal;
    /** Events read, of so many. */
    readonly onProgress?: (done: number, of: number) => void;
  } = {},
): Promise<Collected> {
  const end = deps.head().seq;
  if ((wanted.toSeq ?? 0) > end) {
    throw new CollectError('log_behind', `the log ends at ${end}, not at ${wanted.toSeq}`);
  }
  const presence = createPresence();
  const events: LogEvent[] = [];
  const start = deps.start ?? { position: EMPTY_LOG, state: INITIAL_OPS_STATE };
  let { state } = start;
  let verified = start.position;
  let fault: string | null = null;
  let fromSeq = wanted.fromSeq && Math.max(wanted.fromSeq, start.position.seq + 1);
  // Before the log began nothing is known, and nothing is measured over that time.
  const began = start.position.seq + 1;
  const [first] = await deps.read(began, 1);
  const from = Math.min(Math.max(wanted.period.from, first?.ts ?? 0), wanted.period.to);
  const period = { from, to: wanted.period.to };

  const isOver = ({ seq, ts }: LogEvent): boolean =>
    wanted.toSeq === null ? seq > end || ts >= period.to : seq > wanted.toSeq;

  /** False once the range is over. */
  function take(event: LogEvent): boolean {
    if (isOver(event)) return false;
    if (fault === null) {
      const next = verifyNext(event, verified, deps.sha256);
      if (next.ok) verified = { seq: event.seq, hash: event.hash };
      else fault = describeFault(next.fault);
    }
    state = foldOps(state, event);
    presence.take(event);
    if (event.ts >= period.from) fromSeq ??= event.seq;
    if (fromSeq !== null && event.seq >= fromSeq && isOfReport(event)) events.push(event);
    return true;
  }

  for (let next = began; next <= end; ) {
    if (options.signal?.aborted) throw new CollectError('cancelled', 'the report was cancelled');
    const page = await deps.read(next, PAGE);
    if (page.length === 0 || !page.every(take)) break;
    next += page.length;
    options.onProgress?.(Math.min(next - 1, end), end);
    await deps.pause();
  }

  const range = { fromSeq: fromSeq ?? state.seq + 1, toSeq: state.seq };
  const report = buildReport({
    ...{ kind: wanted.kind, period, range, events, state, presence, verified, fault },
    policy: policyInForce(state.policies.reports, 'reports', deps.policies.reports),
    incidentsPolicy: policyInForce(state.policies.incidents, 'incidents', deps.policies.incidents),
  });
  const json = canonicalJson(report);
  return { report, json, sha256: deps.sha256(json) };
}
