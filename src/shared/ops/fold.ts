import { foldAlerts } from '../alerts/fold';
import { foldBridges } from '../bridges/state';
import { foldIncidents } from '../incidents/fold';
import { readBack, reopened } from '../kill/chain';
import type { LogEvent } from '../log/event';
import { foldModels } from '../models/fold';
import { foldMonitor } from '../monitor/fold';
import { foldNotify } from '../notify/fold';
import { foldReports } from '../reports/fold';
import { foldRetention, foldYears } from '../retention/retention';
import { clearFlat, withChain, withEngine, withKill } from './change';
import {
  changedOutside,
  engineConnected,
  engineLost,
  engineRegistered,
  gatewayStarted,
} from './engines';
import type { DomainEvent } from './events';
import { toDomainEvent } from './events';
import { killRequested, killStepSettled } from './kills';
import { paused, resumed } from './pauses';
import { policyInForce } from './policies';
import type { OpsState } from './state';

/** Folds one event of the log into the operating state. Events already folded change nothing. */
export function foldOps(state: OpsState, event: LogEvent): OpsState {
  if (event.seq <= state.seq) return state;
  const known = toDomainEvent(event);
  const years = foldYears(state.retention, event);
  if (!known) return { ...state, retention: years, seq: event.seq, ts: event.ts };
  const models = foldModels(state.models, known);
  const monitor = foldMonitor(state.monitor, known);
  const alerts = foldAlerts(state.alerts, known);
  const reports = foldReports(state.reports, known);
  const operating = apply(state, known);
  const incidents = foldIncidents(state.incidents, known, operating);
  const notify = foldNotify(state.notify, known);
  const bridges = foldBridges(state.bridges, known);
  const retention = foldRetention(years, known);
  const { seq, ts } = event;
  return {
    ...{ ...operating, models, monitor, alerts, incidents, reports, notify, bridges, retention },
    ...{ seq, ts },
  };
}

function apply(state: OpsState, event: DomainEvent): OpsState {
  switch (event.type) {
    case 'log.opened':
      return {
        ...state,
        epoch: event.data.epoch,
        gatewayId: event.data.gatewayId,
        environment: event.data.environment,
      };
    case 'gateway.started':
      return gatewayStarted(state, event);
    case 'gateway.acting':
      return { ...state, acting: event.data };
    case 'policy.loaded':
    case 'policy.changed':
      return policyInForce(state, event);
    case 'engine.registered':
      return engineRegistered(state, event);
    case 'engine.connected':
      return engineConnected(state, event);
    case 'engine.lost':
      return engineLost(state, event.data.engine, event.ts, event.data.cause);
    case 'engine.self_paused':
      return withEngine(state, event.data.engine, (engine) => ({
        ...engine,
        selfPausedAt: event.data.at,
      }));
    case 'engine.mode_applied':
      return withEngine(state, event.data.engine, (engine) => ({
        ...engine,
        confirmedMode: event.data.outcome === 'done' ? event.data.mode : engine.confirmedMode,
        selfPausedAt: event.data.outcome === 'done' ? null : engine.selfPausedAt,
      }));
    case 'engine.outside_change':
      return changedOutside(state, event);
    case 'kill.requested':
      return killRequested(state, event);
    case 'kill.step_settled':
      return killStepSettled(state, event);
    case 'kill.read_back':
      return withChain(state, event.data.engine, event.commandId, (chain) =>
        readBack(
          chain,
          {
            asOf: event.data.asOf,
            recordedAt: event.ts,
            positions: event.data.positions,
            workingOrders: event.data.workingOrders,
            telemetrySeq: event.data.telemetrySeq,
          },
          event.data.sweepAgain,
        ),
      );
    case 'kill.reopened':
      return clearFlat(withChain(state, event.data.engine, event.commandId, reopened), [
        event.data.engine,
      ]);
    case 'kill.halted':
      return withKill(state, event.commandId, (kill) => ({
        ...kill,
        haltedAt: kill.haltedAt ?? event.ts,
      }));
    case 'kill.flat':
      return withKill(state, event.commandId, (kill) => ({ ...kill, flatAt: event.ts }));
    case 'ops.paused':
      return paused(state, event);
    case 'ops.resume_requested':
      return {
        ...state,
        resumeRequests: [
          ...state.resumeRequests,
          {
            id: event.commandId ?? event.id,
            by: event.actor,
            at: event.ts,
            expiresAt: event.data.expiresAt,
            scope: event.data.scope,
            reason: event.reason ?? '',
          },
        ],
      };
    case 'ops.resume_withdrawn':
      return {
        ...state,
        resumeRequests: state.resumeRequests.filter((request) => request.id !== event.data.request),
      };
    case 'ops.resumed':
      return resumed(state, event);
    default:
      // Kept for the record alone, or of what is folded beside this: models, their monitor, channels.
      return state;
  }
}
