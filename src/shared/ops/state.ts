import { type AlertsState, NO_ALERTS } from '../alerts/state';
import { type BridgesState, NO_BRIDGES } from '../bridges/state';
import { type IncidentsState, NO_INCIDENTS } from '../incidents/state';
import type { EngineChain } from '../kill/chain';
import type { Actor } from '../log/event';
import { type ModelsState, NO_MODELS } from '../models/state';
import { type MonitorRecord, NO_MONITOR } from '../monitor/record';
import { NO_CHANNELS, type NotifyState } from '../notify/state';
import type { Origin, Scope } from '../protocol/commands';
import type { Environment } from '../protocol/engine';
import { NO_REPORTS, type ReportsState } from '../reports/state';
import { NO_RETENTION, type RetentionState } from '../retention/retention';
import type { Mode } from '../telemetry/types';
import type { KillTarget, PolicyName } from './events';

/** A mode, and how it came about. */
export interface ModeRecord {
  readonly mode: Mode;
  readonly since: number;
  readonly seq: number;
  readonly by: Actor | null;
  readonly reason: string | null;
  readonly commandId: string | null;
}

export interface EngineRecord {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly environment: Environment;
  readonly instruments: readonly string[];
  readonly connected: boolean;
  readonly session: string | null;
  /** Its latest connection, also where that was lost. */
  readonly lastSession: string | null;
  /** The gateway that it is or was connected to; null where there is one. */
  readonly node: string | null;
  /** When it connected or was lost. */
  readonly since: number;
  readonly lostCause: string | null;
  readonly clockOffsetMs: number;
  /** This engine's own mode; what it obeys is the stricter of this and the desk's. */
  readonly own: ModeRecord;
  /** The mode the engine last acknowledged, null while it has not since it was lost. */
  readonly confirmedMode: Mode | null;
  readonly selfPausedAt: number | null;
}

/** A kill as the log has it. */
export interface KillRecord {
  readonly commandId: string;
  readonly seq: number;
  readonly at: number;
  readonly by: Actor;
  readonly reason: string | null;
  readonly origin: Origin;
  readonly scope: Scope;
  readonly closePositions: boolean;
  readonly targets: readonly KillTarget[];
  /** A rehearsal on paper engines. */
  readonly drill: boolean;
  /** Engines whose chains this kill started or joined. */
  readonly engines: readonly string[];
  readonly haltedAt: number | null;
  readonly flatAt: number | null;
  /** Lifted by a resume. */
  readonly resumedAt: number | null;
}

export interface ResumeRequest {
  readonly id: string;
  readonly by: Actor;
  readonly at: number;
  readonly expiresAt: number;
  readonly scope: Scope;
  readonly reason: string;
}

/** A policy in force. */
export interface PolicyRecord {
  readonly version: string;
  /** SHA-256 of the file it was last read from: the same file read again changes nothing. */
  readonly fileHash: string;
  readonly document: unknown;
  readonly since: number;
  readonly by: Actor;
  readonly reason: string | null;
}

/** The operating state of the desk: a fold over the log. */
export interface OpsState {
  readonly epoch: string | null;
  readonly gatewayId: string | null;
  readonly environment: Environment | null;
  readonly policyVersion: string | null;
  /** The gateway that acts for all of several; null where there is one. */
  readonly acting: { readonly node: string; readonly token: number } | null;
  /** The greatest token that each of several gateways has owned engines under: what it says under less is void. */
  readonly leases: Readonly<Record<string, number>>;
  /** Each policy as it holds: the file's, or what a person made of it since. */
  readonly policies: Readonly<Partial<Record<PolicyName, PolicyRecord>>>;
  /** Last event folded. */
  readonly seq: number;
  readonly ts: number;
  readonly desk: ModeRecord;
  readonly engines: Readonly<Record<string, EngineRecord>>;
  /** Kill chains by engine, while the engine is killed. */
  readonly chains: Readonly<Record<string, EngineChain>>;
  /** The latest kills, newest first. */
  readonly kills: readonly KillRecord[];
  readonly resumeRequests: readonly ResumeRequest[];
  readonly models: ModelsState;
  readonly monitor: MonitorRecord;
  readonly alerts: AlertsState;
  readonly incidents: IncidentsState;
  readonly notify: NotifyState;
  readonly bridges: BridgesState;
  readonly reports: ReportsState;
  readonly retention: RetentionState;
}

/** Kills kept in the state; the log has them all. */
export const KILLS_KEPT = 20;

const NORMAL: ModeRecord = {
  mode: 'normal',
  since: 0,
  seq: 0,
  by: null,
  reason: null,
  commandId: null,
};

export const INITIAL_OPS_STATE: OpsState = {
  epoch: null,
  gatewayId: null,
  environment: null,
  policyVersion: null,
  acting: null,
  leases: {},
  policies: {},
  seq: 0,
  ts: 0,
  desk: NORMAL,
  engines: {},
  chains: {},
  kills: [],
  resumeRequests: [],
  models: NO_MODELS,
  monitor: NO_MONITOR,
  alerts: NO_ALERTS,
  incidents: NO_INCIDENTS,
  notify: NO_CHANNELS,
  bridges: NO_BRIDGES,
  reports: NO_REPORTS,
  retention: NO_RETENTION,
};

export const NO_OWN_MODE: ModeRecord = NORMAL;
