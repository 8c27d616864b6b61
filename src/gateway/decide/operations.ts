import { isProvenFlat } from '../../shared/kill/chain';
import { orderedMode } from '../../shared/ops/effectiveMode';
import type { KillTarget } from '../../shared/ops/events';
import { enginesInScope } from '../../shared/ops/scope';
import type { OpsState } from '../../shared/ops/state';
import type { OperationsPolicy } from '../../shared/policy/operations';
import type { Command, CommandParams, Scope } from '../../shared/protocol/commands';
import { RESUME_CONFIRMATION } from '../../shared/protocol/commands';
import type { Operator } from '../commands';
import type { EngineHub } from '../engineHub';
import type { Fact } from '../facts';
import { allow, Refusal } from './refusal';

/** What a decision about the desk's mode is made of. */
export interface OperationsContext {
  readonly state: OpsState;
  readonly policy: OperationsPolicy;
  readonly hub: Pick<EngineHub, 'reported'>;
  /** Unix ms. */
  readonly now: number;
}

/** A kill always leads to something: it is never refused. */
export function kill(
  { state, hub, now }: OperationsContext,
  command: Extract<Command, { name: 'kill' }>,
): Fact {
  const { scope, closePositions, notifyTeam, origin } = command.params;
  const ageMs = Math.round(now - command.issuedAt);
  const targets = enginesInScope(state, scope).map((engine) => target(hub, state, engine));
  return {
    type: 'kill.requested',
    data: { scope, closePositions, notifyTeam, origin, targets, ageMs, drill: false },
  };
}

export function target(
  hub: OperationsContext['hub'],
  { engines }: Pick<OpsState, 'engines'>,
  engine: string,
): KillTarget {
  const held = hub.reported(engine);
  const connected = engines[engine]?.connected ?? false;
  if (!held) return { engine, connected, positions: null, workingOrders: null, notional: null };
  const notional: Record<string, number> = {};
  for (const position of held.positions) {
    notional[position.currency] = (notional[position.currency] ?? 0) + (position.notional ?? 0);
  }
  const known = held.positions.every((position) => position.notional !== null);
  return {
    engine,
    connected,
    positions: held.positions.length,
    workingOrders: held.workingOrders.length,
    notional: known ? notional : null,
  };
}

/** @throws {Refusal} */
export function pause(
  { state, policy }: OperationsContext,
  params: CommandParams<'pause'>,
  operator: Operator,
): Fact {
  allow(operator, policy.permissions.pause, 'pause');
  const { scope, origin } = params;
  knownScope(state, scope);
  return { type: 'ops.paused', data: { scope, origin } };
}

/** @throws {Refusal} */
export function resume(
  context: OperationsContext,
  params: CommandParams<'resume'>,
  operator: Operator,
): Fact {
  const { state, policy, now } = context;
  allow(operator, policy.permissions.resume, 'resume');
  const { scope, confirmation, origin } = params;
  if (confirmation !== RESUME_CONFIRMATION) {
    throw new Refusal('wrong_confirmation', 'type {word} to resume', { word: RESUME_CONFIRMATION });
  }
  knownScope(state, scope);
  const stopped =
    (scope.kind === 'all' && state.desk.mode !== 'normal') ||
    enginesInScope(state, scope).some((engine) => orderedMode(state, engine) !== 'normal');
  if (!stopped) throw new Refusal('not_halted', 'nothing in that scope is stopped');
  if (scope.kind === 'engines' && state.desk.mode !== 'normal') {
    throw new Refusal('bad_params', 'the whole desk is stopped; resume the whole desk');
  }
  if (policy.resume.twoPersonIn.includes(state.environment ?? 'live')) {
    const expiresAt = now + policy.resume.requestExpiresMs;
    return { type: 'ops.resume_requested', data: { scope, origin, expiresAt } };
  }
  return resumed(context, scope, [operator.id]);
}

/** @throws {Refusal} */
export function approveResume(
  context: OperationsContext,
  params: CommandParams<'resume.approve'>,
  operator: Operator,
): Fact {
  allow(operator, context.policy.permissions.approveResume, 'approve a resume');
  const request = requestOf(context, params.request);
  if (request.by.id === operator.id) {
    throw new Refusal('same_person', 'a resume is approved by a person other than who asked');
  }
  return resumed(context, request.scope, [request.by.id, operator.id]);
}

/** @throws {Refusal} */
export function withdrawResume(
  context: OperationsContext,
  params: CommandParams<'resume.withdraw'>,
  operator: Operator,
): Fact {
  const { id: request, by } = requestOf(context, params.request);
  if (by.id !== operator.id) {
    allow(operator, context.policy.permissions.approveResume, 'withdraw another’s resume');
  }
  return { type: 'ops.resume_withdrawn', data: { request, cause: 'withdrawn' } };
}

/** @throws {Refusal} */
export function setFault(
  { state, policy }: OperationsContext,
  params: CommandParams<'engine.fault'>,
  operator: Operator,
): Fact {
  allow(operator, policy.permissions.injectFault, 'inject a fault');
  const engine = state.engines[params.engine];
  if (!engine) throw new Refusal('unknown_engine', 'no engine of that name has registered');
  if (engine.environment === 'live') {
    throw new Refusal('not_for_live', 'faults are for paper engines only');
  }
  return { type: 'engine.fault_set', data: { engine: engine.id, fault: params.fault } };
}

function resumed({ state, policy }: OperationsContext, scope: Scope, approvedBy: string[]): Fact {
  const stopped = state.kills.find((one) => one.resumedAt === null);
  const covered = enginesInScope(state, scope);
  // No engine in scope proves nothing: that is not "flat".
  const flat =
    covered.length > 0 &&
    covered.every((engine) => {
      const chain = state.chains[engine];
      return chain !== undefined && isProvenFlat(chain);
    });
  return {
    type: 'ops.resumed',
    data: {
      scope,
      to: policy.resume.leadsTo,
      approvedBy,
      stoppedBecause: stopped?.reason ?? state.desk.reason,
      flat,
    },
  };
}

function requestOf({ state, now }: OperationsContext, id: string) {
  const request = state.resumeRequests.find((one) => one.id === id);
  if (!request) throw new Refusal('unknown_request', 'no resume of that id waits');
  if (now > request.expiresAt) throw new Refusal('expired', 'that request has expired; ask anew');
  return request;
}

function knownScope(state: OpsState, scope: Scope): void {
  if (scope.kind === 'all') return;
  const unknown = scope.engines.find((engine) => !state.engines[engine]);
  if (unknown !== undefined) {
    throw new Refusal('unknown_engine', 'an engine in scope never registered');
  }
}
