import type { Severity } from '../alerts/events';
import type { IncidentStage } from '../incidents/events';
import type { Kpi, Period } from '../incidents/kpis';
import type { LogPosition } from '../log/event';
import type { Metrics } from '../models/model';
import type { TradingDayFigures } from './days';
import type { ReportKind } from './events';
import type { Figure, LogRange } from './figure';
import type { Presence } from './presence';

/** The figures of a report: JSON through and through, the same from the same events of the log. */
export interface Report {
  readonly format: 1;
  readonly kind: ReportKind;
  readonly period: Period;
  readonly range: LogRange;
  /** The log it is of. */
  readonly epoch: string | null;
  readonly environment: 'live' | 'paper' | null;
  readonly policyVersion: string;
  readonly days: readonly TradingDayFigures[];
  readonly money: readonly MoneyFigures[];
  readonly trades: TradeFigures;
  readonly model: ModelFigures | null;
  readonly monitor: MonitorFigures;
  readonly kills: readonly KillFigures[];
  readonly drills: readonly DrillFigures[];
  readonly deployments: readonly DeploymentFigures[];
  readonly alerts: readonly { readonly severity: Severity; readonly raised: Figure }[];
  readonly incidents: readonly IncidentFigures[];
  readonly kpis: readonly { readonly id: Kpi['id']; readonly figure: Figure }[];
  readonly delivery: readonly ChannelFigures[];
  readonly uptime: readonly UptimeFigures[];
  readonly due: DueFigures;
  readonly audit: AuditFigures;
  readonly success: readonly SuccessMetric[];
}

export interface MoneyFigures {
  readonly currency: string | null;
  readonly pnl: Figure;
  readonly endEquity: Figure;
  readonly maxDrawdown: Figure;
  readonly sharpe: Figure;
}

export interface TradeFigures {
  readonly count: Figure;
  readonly wins: Figure;
  readonly winRate: Figure;
  readonly byModel: readonly {
    readonly model: string | null;
    readonly currency: string | null;
    readonly trades: number;
    readonly wins: number;
    readonly pnl: Figure;
  }[];
}

/** The live model at the period's end, with what is on the record of it. */
export interface ModelFigures {
  readonly model: string;
  readonly version: string;
  readonly since: number;
  readonly backtest: Metrics | null;
  readonly staging: Metrics | null;
}

export interface MonitorFigures {
  readonly changes: Figure;
  readonly firings: Figure;
  /** By trigger: changes into each outcome, and how it stood last. */
  readonly triggers: readonly {
    readonly trigger: string;
    readonly changes: number;
    readonly breaches: number;
    readonly last: string;
    readonly value: number | null;
    readonly limit: number;
    readonly seq: number;
  }[];
  readonly fired: readonly {
    readonly seq: number;
    readonly at: number;
    readonly model: string | null;
    readonly causes: readonly string[];
    readonly actions: readonly string[];
    readonly dryRun: boolean;
  }[];
}

export interface KillFigures {
  readonly seq: number;
  readonly at: number;
  readonly by: string;
  readonly reason: string | null;
  readonly origin: string;
  readonly drill: boolean;
  readonly press: Figure;
  readonly blocked: Figure;
  readonly flat: Figure;
}

export interface DrillFigures {
  readonly seq: number;
  readonly at: number;
  readonly by: string;
  readonly origin: string;
  readonly outcome: string;
  readonly press: Figure;
  readonly blocked: Figure;
  readonly flat: Figure;
}

export interface DeploymentFigures {
  readonly seq: number;
  readonly at: number;
  readonly kind: 'promotion' | 'rollback';
  readonly model: string;
  readonly previous: string | null;
  readonly by: string;
  readonly incomplete: boolean;
  readonly took: Figure;
}

export interface IncidentFigures {
  readonly seq: number;
  readonly number: number;
  readonly severity: Severity;
  readonly title: string;
  readonly stage: IncidentStage;
  readonly openedAt: number;
  readonly acknowledged: Figure;
  readonly resolved: Figure;
}

export interface ChannelFigures {
  readonly channel: string;
  readonly delivered: Figure;
  readonly failed: Figure;
  readonly p50: Figure;
  readonly p99: Figure;
}

export interface UptimeFigures extends Presence {
  readonly share: Figure;
}

/** What waits for somebody at the period's end. */
export interface DueFigures {
  readonly approvals: readonly {
    readonly seq: number;
    readonly model: string;
    readonly target: string;
    readonly by: string;
    readonly expiresAt: number;
    readonly given: number;
    readonly needed: number;
  }[];
  readonly reviews: readonly {
    readonly id: string;
    readonly model: string;
    readonly kind: string;
    readonly dueAt: number;
  }[];
  readonly exceptions: readonly {
    readonly id: string;
    readonly model: string;
    readonly until: number;
  }[];
  readonly postMortems: readonly {
    readonly number: number;
    readonly title: string;
    readonly dueAt: number;
  }[];
  readonly actionItems: readonly {
    readonly id: string;
    readonly text: string;
    readonly owner: string;
    readonly due: string;
    readonly status: string;
  }[];
}

/** What the report's own reading of the log found: each event up to there, hashed afresh. */
export interface AuditFigures {
  readonly verified: LogPosition;
  readonly fault: string | null;
}

export type SuccessId =
  | 'audit_score'
  | 'kill'
  | 'rollback'
  | 'notification'
  | 'uptime'
  | 'mttd'
  | 'mttr'
  | 'change_failure_rate'
  | 'deployment_frequency';

/** One of the plan's success metrics. */
export interface SuccessMetric {
  readonly id: SuccessId;
  readonly target: { readonly bound: 'below' | 'at_least'; readonly value: number };
  readonly measured: Figure;
  /** Unix ms of the first thing it was measured on; null where nothing was. */
  readonly since: number | null;
  /** Null where nothing was measured. */
  readonly met: boolean | null;
}
