import { incidentKpis, type Kpi, type Period } from '../incidents/kpis';
import type { LogEvent, LogPosition } from '../log/event';
import type { OpsState } from '../ops/state';
import type { IncidentsPolicy } from '../policy/incidents';
import type { ReportsPolicy } from '../policy/reports';
import { DAY_EVENTS, daysOf, seriesOf } from './days';
import { dueFigures } from './due';
import type { ReportKind } from './events';
import { absent, type Figure, figure, figureOr, type LogRange, rangeOf } from './figure';
import { byCodeUnits, groupBy } from './group';
import {
  deliveryOf,
  deploymentsOf,
  domainEvents,
  drillsOf,
  killsOf,
  monitorOf,
  ofType,
  seqs,
  tookOf,
} from './operations';
import { type Presence, type PresenceFold, upShare } from './presence';
import type { IncidentFigures, ModelFigures, MoneyFigures, Report, TradeFigures } from './report';
import { successMetrics } from './success';

/** What a report is worked out from: the log up to its last event, read once. */
export interface ReportFacts {
  readonly kind: ReportKind;
  readonly period: Period;
  readonly range: LogRange;
  /** Events of the range, those of {@link isOfReport} at least, in order. */
  readonly events: readonly LogEvent[];
  /** The fold over the log up to the range's end. */
  readonly state: OpsState;
  readonly presence: Pick<PresenceFold, 'over'>;
  readonly policy: ReportsPolicy;
  readonly incidentsPolicy: IncidentsPolicy;
  /** The chain as it was checked on the way. */
  readonly verified: LogPosition;
  readonly fault: string | null;
}

const OF_REPORT =
  /^(kill\.(requested|halted|flat)|drill\.|deployment\.|monitor\.(trigger|fired|day)|alert\.raised|incident\.opened|notification\.(delivered|failed))/;

/** Whether a report reads an event itself; of the others it takes what the fold made of them. */
export function isOfReport({ type }: Pick<LogEvent, 'type'>): boolean {
  return OF_REPORT.test(type) || DAY_EVENTS.some((one) => one === type);
}

const WEEK_MS = 604_800_000;

/** The figures of a report. The same facts give the same figures, whoever works them out and when. */
export function buildReport(facts: ReportFacts): Report {
  const { kind, period, range, state, policy } = facts;
  const events = domainEvents(facts.events);
  const days = daysOf(facts.events, range.fromSeq === 1 ? null : period.from);
  const series = seriesOf(days, policy.sharpe);
  const kills = killsOf(events);
  const deployments = deploymentsOf(events);
  const kpis = incidentKpis(state.incidents, period).map((one) => ({
    id: one.id,
    figure: kpiFigure(one, period, range),
  }));
  const uptime = facts.presence.over(period).map((one) => ({
    ...one,
    share: shareFigure(one, range),
  }));
  const delivered = facts.events.filter(({ type }) => type === 'notification.delivered');
  const opened = ofType(events, 'incident.opened');
  const earliest = (all: readonly { readonly ts: number }[]): number | null =>
    all.length === 0 ? null : Math.min(...all.map(({ ts }) => ts));
  return {
    format: 1,
    ...{ kind, period, range },
    epoch: state.epoch,
    environment: state.environment,
    policyVersion: policy.version,
    days,
    money: series.map((one) => moneyFigures(one, policy, range)),
    trades: tradeFigures(days, range),
    model: modelFigures(state),
    monitor: monitorOf(events, range),
    kills,
    drills: drillsOf(events),
    deployments,
    alerts: alertFigures(ofType(events, 'alert.raised'), range),
    incidents: incidentFigures(state, new Set(seqs(opened))),
    kpis,
    delivery: deliveryOf(facts.events, range),
    uptime,
    due: dueFigures(state, facts.incidentsPolicy.postMortem),
    audit: { verified: facts.verified, fault: facts.fault },
    success: successMetrics(
      {
        ...{ range, kills, deployments, uptime, kpis },
        told: delivered.flatMap((event) =>
          tookOf([event]).map((tookMs) => ({ at: event.ts, seq: event.seq, tookMs })),
        ),
        firstChangeAt: earliest(
          ofType(events, 'deployment.started').filter(({ data }) => data.kind === 'promotion'),
        ),
        firstIncidentAt: earliest(opened),
        since: uptime.find((one) => one.kind === 'gateway')?.since ?? null,
      },
      policy.targets,
    ),
  };
}

function moneyFigures(
  { currency, days, ...of }: ReturnType<typeof seriesOf>[number],
  { sharpe }: ReportsPolicy,
  whole: LogRange,
): MoneyFigures {
  const range = rangeOf(
    days.flatMap((day) => day.seqs),
    whole,
  );
  const n = days.length;
  const money = (value: number | null): Figure =>
    value === null
      ? absent('no_equity', 'money', range)
      : figure(value, 'money', range, n, currency);
  const closed = days.filter(({ source }) => source === 'closed').length;
  return {
    currency,
    pnl: money(of.pnl),
    endEquity: money(of.endEquity),
    maxDrawdown: figureOr(of.maxDrawdown, 'no_equity', 'fraction', range, n),
    sharpe: figureOr(
      of.sharpe,
      closed < sharpe.minDays ? 'few_days' : 'no_equity',
      'ratio',
      range,
      closed,
    ),
  };
}

function tradeFigures(days: ReturnType<typeof daysOf>, whole: LogRange): TradeFigures {
  const range = rangeOf(
    days.flatMap((day) => day.seqs),
    whole,
  );
  if (days.length === 0) {
    const none = absent('no_days', 'count', whole);
    return { count: none, wins: none, winRate: { ...none, unit: 'fraction' }, byModel: [] };
  }
  const count = days.reduce((sum, { trades }) => sum + trades, 0);
  const wins = days.reduce((sum, day) => sum + day.wins, 0);
  const parts = days.flatMap(({ models, currency, seqs: of }) =>
    models.map((one) => ({ ...one, currency, of })),
  );
  const groups = groupBy(parts, ({ model, currency }) => JSON.stringify([model, currency]));
  return {
    count: figure(count, 'count', range, days.length),
    wins: figure(wins, 'count', range, days.length),
    winRate: figureOr(count > 0 ? wins / count : null, 'no_trades', 'fraction', range, count),
    byModel: [...groups]
      .sort(([a], [b]) => byCodeUnits(a, b))
      .map(([, own]) => {
        const [{ model, currency }] = own;
        const pnl = own.reduce((sum, one) => sum + one.pnl, 0);
        const from = rangeOf(
          own.flatMap(({ of }) => of),
          whole,
        );
        return {
          ...{ model, currency },
          trades: own.reduce((sum, { trades }) => sum + trades, 0),
          wins: own.reduce((sum, one) => sum + one.wins, 0),
          pnl: figure(pnl, 'money', from, own.length, currency),
        };
      }),
  };
}

function modelFigures({ models }: OpsState): ModelFigures | null {
  const live = models.production === null ? undefined : models.models[models.production];
  if (!live) return null;
  const { model, version, stageSince: since, backtest, staging } = live;
  return { model, version, since, backtest, staging };
}

function alertFigures(
  raised: readonly {
    readonly seq: number;
    readonly data: {
      readonly severity: 'P0' | 'P1' | 'P2' | 'P3';
      readonly count?: number | undefined;
    };
  }[],
  whole: LogRange,
): Report['alerts'] {
  return (['P0', 'P1', 'P2', 'P3'] as const).map((severity) => {
    const own = raised.filter(({ data }) => data.severity === severity);
    const count = own.reduce((sum, { data }) => sum + (data.count ?? 1), 0);
    return { severity, raised: figure(count, 'count', rangeOf(seqs(own), whole), own.length) };
  });
}

/** Incidents opened in the range, as they stand at its end. */
function incidentFigures(
  { incidents: { incidents, past } }: OpsState,
  opened: ReadonlySet<number>,
): readonly IncidentFigures[] {
  return [...incidents, ...past]
    .filter((one) => opened.has(one.opened.seq))
    .sort((a, b) => a.opened.seq - b.opened.seq)
    .map(({ opened: begun, acknowledged, resolved, number, severity, title, stage }) => {
      const until = (stamp: { at: number; seq: number } | null): Figure =>
        stamp === null
          ? absent('not_there_yet', 'ms', { fromSeq: begun.seq, toSeq: begun.seq })
          : figure(stamp.at - begun.at, 'ms', { fromSeq: begun.seq, toSeq: stamp.seq });
      return {
        ...{ seq: begun.seq, number, severity, title, stage, openedAt: begun.at },
        ...{ acknowledged: until(acknowledged), resolved: until(resolved) },
      };
    });
}

function kpiFigure({ id, value, samples, events }: Kpi, period: Period, whole: LogRange): Figure {
  const range = rangeOf(events, whole);
  if (id === 'deployment_frequency') {
    // One deployment on a morning is not fourteen a week.
    if (period.to - period.from < WEEK_MS) return absent('short_period', 'per_week', range);
    const perWeek = value === null ? null : (value * WEEK_MS) / 86_400_000;
    return figureOr(perWeek, 'none_happened', 'per_week', range, samples);
  }
  const unit = id === 'change_failure_rate' ? 'fraction' : 'ms';
  return figureOr(value, 'none_happened', unit, range, samples);
}

function shareFigure(presence: Presence, range: LogRange): Figure {
  return figureOr(upShare(presence), 'none_happened', 'fraction', range, presence.gaps.length + 1);
}
