import type { ReportsPolicy } from '../policy/reports';
import { absent, type Figure, figure, type LogRange } from './figure';
import type {
  DeploymentFigures,
  KillFigures,
  Report,
  SuccessId,
  SuccessMetric,
  UptimeFigures,
} from './report';

/** What the plan's success metrics are measured on. */
export interface Measured {
  readonly range: LogRange;
  readonly kills: readonly KillFigures[];
  readonly deployments: readonly DeploymentFigures[];
  readonly uptime: readonly UptimeFigures[];
  readonly kpis: Report['kpis'];
  /** Of every notification delivered: its time, ms, and the event that says so. */
  readonly told: readonly { readonly at: number; readonly seq: number; readonly tookMs: number }[];
  /** When the first promotion was begun and the first incident opened; null where none was. */
  readonly firstChangeAt: number | null;
  readonly firstIncidentAt: number | null;
  /** Where the log begins in the period. */
  readonly since: number | null;
}

/**
 * The plan's success metrics. Times are held against their target by the slowest of them: a promise
 * that one kill broke is broken. Drills count as kills; the plan measures that one by its stress test.
 */
export function successMetrics(
  measured: Measured,
  targets: ReportsPolicy['targets'],
): readonly SuccessMetric[] {
  const { range } = measured;
  const kills = measured.kills.flatMap(({ seq, at, press, blocked }) =>
    blocked.value === null
      ? []
      : [{ at, seq, toSeq: blocked.range.toSeq, ms: (press.value ?? 0) + blocked.value }],
  );
  const rollbacks = measured.deployments.flatMap(({ kind, at, seq, took }) =>
    kind === 'rollback' && took.value !== null
      ? [{ at, seq, toSeq: took.range.toSeq, ms: took.value }]
      : [],
  );
  const told = measured.told.map(({ at, seq, tookMs }) => ({ at, seq, toSeq: seq, ms: tookMs }));
  const gateway = measured.uptime.find(({ kind }) => kind === 'gateway');
  const kpi = (id: Report['kpis'][number]['id']): Figure =>
    measured.kpis.find((one) => one.id === id)?.figure ?? absent('none_happened', 'ms', range);
  const { firstChangeAt, firstIncidentAt } = measured;
  const below = (value: number) => ({ bound: 'below', value }) as const;
  const atLeast = (value: number) => ({ bound: 'at_least', value }) as const;
  return [
    metric('audit_score', atLeast(targets.auditScore), null, {
      ...absent('not_by_machine', 'fraction', range),
    }),
    metric('kill', below(targets.killMs), firstOf(kills), slowest(kills, range)),
    metric('rollback', below(targets.rollbackMs), firstOf(rollbacks), slowest(rollbacks, range)),
    metric('notification', below(targets.notificationMs), firstOf(told), slowest(told, range)),
    metric(
      'uptime',
      atLeast(targets.uptime),
      gateway?.since ?? null,
      gateway?.share ?? absent('none_happened', 'fraction', range),
    ),
    metric('mttd', below(targets.mttdMs), firstIncidentAt, kpi('mttd')),
    metric('mttr', below(targets.mttrMs), firstIncidentAt, kpi('mttr')),
    metric(
      'change_failure_rate',
      below(targets.changeFailureRate),
      firstChangeAt,
      kpi('change_failure_rate'),
    ),
    metric(
      'deployment_frequency',
      atLeast(targets.deploymentsPerWeek),
      measured.since,
      kpi('deployment_frequency'),
    ),
  ];
}

interface Timed {
  readonly at: number;
  readonly seq: number;
  readonly toSeq: number;
  readonly ms: number;
}

function slowest(timed: readonly Timed[], whole: LogRange): Figure {
  if (timed.length === 0) return absent('none_happened', 'ms', whole);
  const worst = timed.reduce((a, b) => (b.ms > a.ms ? b : a));
  return figure(worst.ms, 'ms', { fromSeq: worst.seq, toSeq: worst.toSeq }, timed.length);
}

function firstOf(timed: readonly Timed[]): number | null {
  return timed.length === 0 ? null : Math.min(...timed.map(({ at }) => at));
}

function metric(
  id: SuccessId,
  target: SuccessMetric['target'],
  since: number | null,
  measured: Figure,
): SuccessMetric {
  const { value } = measured;
  const met =
    value === null ? null : target.bound === 'below' ? value < target.value : value >= target.value;
  return { id, target, measured, since: value === null ? null : since, met };
}
