import type { MonitorPolicy } from '../policy/monitor';
import type { Environment } from '../protocol/engine';
import type { Evaluation } from './health';
import { TRIGGERS, type Trigger } from './trigger';

/**
 * What the monitor does about what it finds. Pure: the state is plain JSON, written down before an
 * effect is carried out, so that a monitor that dies at any instant goes on without doing a thing
 * twice.
 */

type Rung = MonitorPolicy['ladder'][number];

export interface Attempt {
  /** The rollback's command id, made before it was sent. */
  readonly commandId: string;
  readonly target: string;
  readonly startedAt: number;
}

export interface MachineState {
  /**
   * `armed` watches; `executing` has ordered a rollback whose outcome is not known; `backoff` waits
   * to try another; `cooldown` swaps nothing; `escalated` has gone up the ladder as far as it goes.
   */
  readonly phase: 'armed' | 'executing' | 'backoff' | 'cooldown' | 'escalated';
  readonly attempt: Attempt | null;
  readonly attempts: number;
  /** End of the cooldown, counted from the attempt, whatever came of it. */
  readonly cooldownUntil: number;
  readonly retryAt: number;
  /** Rungs of the ladder taken since it was last armed, and when the next may be. */
  readonly rungs: number;
  readonly nextRungAt: number;
  /** Whether the drawdown's own pause was ordered in this firing. */
  readonly paused: boolean;
  readonly causes: readonly Trigger[];
  /** Targets that failed, and until when they are not taken. */
  readonly quarantined: Readonly<Record<string, number>>;
  /** Checks in a row without data, in session. */
  readonly blindChecks: number;
  /** Whether entries were paused in this blindness. */
  readonly blindPaused: boolean;
}

export const ARMED: MachineState = {
  phase: 'armed',
  attempt: null,
  attempts: 0,
  cooldownUntil: 0,
  retryAt: 0,
  rungs: 0,
  nextRungAt: 0,
  paused: false,
  causes: [],
  quarantined: {},
  blindChecks: 0,
  blindPaused: false,
};

export type Effect =
  | {
      readonly kind: 'rollback';
      readonly commandId: string;
      readonly target: string;
      readonly causes: readonly Trigger[];
    }
  | { readonly kind: Rung; readonly commandId: string; readonly causes: readonly Trigger[] }
  /** A pause because there is nothing to judge by. */
  | { readonly kind: 'pause_blind'; readonly commandId: string; readonly dark: readonly Trigger[] }
  /** What became of it? Asked, never sent again. */
  | { readonly kind: 'ask'; readonly commandId: string }
  | {
      readonly kind: 'alert';
      readonly severity: 'P0' | 'P1';
      readonly alert: 'blind_monitor' | 'auto_rollback' | 'auto_rollback_failed' | 'escalated';
      readonly causes: readonly Trigger[];
    }
  | { readonly kind: 'clear'; readonly alert: 'blind_monitor' };

export type Input =
  | {
      readonly type: 'tick';
      readonly now: number;
      readonly evaluation: Evaluation;
      /** Models that can be rolled back to, the best first. */
      readonly targets: readonly string[];
      /** Which desk it is; null where the log does not say. */
      readonly environment: Environment | null;
      /** The host slept: data that is missing now was not missed by an engine. */
      readonly graced: boolean;
      /** For a command id, should one be needed. */
      readonly newId: () => string;
    }
  | {
      readonly type: 'outcome';
      readonly now: number;
      readonly commandId: string;
      /** `done`: every engine runs the target. `failed`: refused, or an engine cannot load it. */
      readonly outcome: 'done' | 'failed';
    };

export interface Step {
  readonly state: MachineState;
  readonly effects: readonly Effect[];
}

/** Triggers that fire, the gravest first. One decision a tick has all of them as its causes. */
export function firing({ checks }: Evaluation): readonly Trigger[] {
  return Object.values(checks)
    .filter(({ outcome }) => outcome === 'breach')
    .map(({ trigger }) => trigger);
}

/** One step. @returns the next state, to be stored before its effects are carried out. */
export function decide(state: MachineState, input: Input, policy: MonitorPolicy): Step {
  return input.type === 'tick' ? tick(state, input, policy) : outcome(state, input, policy);
}

function tick(
  before: MachineState,
  input: Extract<Input, { type: 'tick' }>,
  policy: MonitorPolicy,
): Step {
  const { now, evaluation } = input;
  const blind = watchBlindness(before, input, policy);
  const causes = firing(evaluation);
  const step = act(blind.state, input, causes, policy);
  // Cooldown blocks swaps of the model, never a pause.
  const pauses =
    !step.state.paused &&
    causes.some((trigger) => policy.triggers[trigger].action === 'rollback_and_pause');
  const paused = causes.length > 0 && (step.state.paused || pauses);
  const effects = [...blind.effects, ...step.effects];
  const alreadyPauses = step.effects.some(({ kind }) => kind === 'pause' || kind === 'kill');
  if (pauses && !alreadyPauses) {
    effects.push({ kind: 'pause', commandId: input.newId(), causes });
  }
  const over = now >= step.state.cooldownUntil && causes.length === 0;
  const rests = step.state.phase === 'cooldown' || step.state.phase === 'escalated';
  const next =
    rests && over
      ? {
          ...ARMED,
          quarantined: step.state.quarantined,
          blindChecks: step.state.blindChecks,
          blindPaused: step.state.blindPaused,
        }
      : step.state;
  return { state: { ...next, paused }, effects };
}

function act(
  state: MachineState,
  input: Extract<Input, { type: 'tick' }>,
  causes: readonly Trigger[],
  policy: MonitorPolicy,
): Step {
  const { now } = input;
  switch (state.phase) {
    case 'executing': {
      const { attempt } = state;
      const late = attempt !== null && now - attempt.startedAt >= policy.rollbackTimeoutMs;
      return late
        ? { state, effects: [{ kind: 'ask', commandId: attempt.commandId }] }
        : idle(state);
    }
    case 'backoff':
      if (now < state.retryAt) return idle(state);
      if (causes.length === 0) return idle({ ...state, phase: 'cooldown', attempt: null });
      return rollBack(state, input, causes, policy);
    case 'cooldown':
    case 'escalated': {
      // The day's drawdown outlasts any model: what was done about it is not done again. The other
      // triggers began anew with the model that came, so that they speak of it.
      const fresh = causes.filter(
        (trigger) => trigger !== 'dailyDrawdown' || !state.causes.includes(trigger),
      );
      return fresh.length === 0 ? idle(state) : climb(state, input, causes, policy);
    }
    case 'armed':
      return causes.length === 0 ? idle(state) : rollBack(state, input, causes, policy);
  }
}

function rollBack(
  state: MachineState,
  { now, targets, newId }: Extract<Input, { type: 'tick' }>,
  causes: readonly Trigger[],
  policy: MonitorPolicy,
): Step {
  const target = targets.find((one) => (state.quarantined[one] ?? 0) <= now);
  const cooldownUntil = now + policy.cooldownMs;
  if (target === undefined) {
    const stuck = { ...state, cooldownUntil };
    return climb(stuck, { now, newId }, causes, policy);
  }
  const commandId = newId();
  return {
    state: {
      ...state,
      phase: 'executing',
      attempt: { commandId, target, startedAt: now },
      attempts: state.attempts + 1,
      cooldownUntil,
      causes,
    },
    effects: [
      { kind: 'rollback', commandId, target, causes },
      { kind: 'alert', severity: 'P1', alert: 'auto_rollback', causes },
    ],
  };
}

/** The next rung of the ladder: what is left when the model cannot, or may not, be swapped again. */
function climb(
  state: MachineState,
  { now, newId }: { readonly now: number; readonly newId: () => string },
  causes: readonly Trigger[],
  policy: MonitorPolicy,
): Step {
  const rung = policy.ladder[state.rungs];
  if (rung === undefined || now < state.nextRungAt) {
    return idle({ ...state, phase: state.rungs > 0 ? 'escalated' : state.phase });
  }
  return {
    state: {
      ...state,
      phase: 'escalated',
      attempt: null,
      rungs: state.rungs + 1,
      nextRungAt: now + policy.ladderStepMs,
      causes,
    },
    effects: [
      { kind: rung, commandId: newId(), causes },
      { kind: 'alert', severity: 'P0', alert: 'escalated', causes },
    ],
  };
}

function outcome(
  state: MachineState,
  { now, commandId, outcome: came }: Extract<Input, { type: 'outcome' }>,
  policy: MonitorPolicy,
): Step {
  const { attempt } = state;
  if (state.phase !== 'executing' || attempt?.commandId !== commandId) return idle(state);
  if (came === 'done') return idle({ ...state, phase: 'cooldown', attempt: null, attempts: 0 });
  const quarantined = { ...state.quarantined, [attempt.target]: now + policy.quarantineMs };
  const failed = { kind: 'alert', severity: 'P0', alert: 'auto_rollback_failed' } as const;
  const effects = [{ ...failed, causes: state.causes }];
  const { attempts, firstMs, maxMs } = policy.backoff;
  if (state.attempts >= attempts) {
    // No further swap: the next tick that still fires goes up the ladder.
    return { state: { ...state, phase: 'cooldown', attempt: null, quarantined }, effects };
  }
  const wait = Math.min(maxMs, firstMs * 2 ** (state.attempts - 1));
  const waiting = { phase: 'backoff', attempt: null, retryAt: now + wait, quarantined } as const;
  return { state: { ...state, ...waiting }, effects };
}

function watchBlindness(
  state: MachineState,
  { evaluation, environment, graced, newId }: Extract<Input, { type: 'tick' }>,
  policy: MonitorPolicy,
): Step {
  const { checks, inSession } = evaluation;
  const dark = TRIGGERS.filter((trigger) => {
    const { outcome } = checks[trigger];
    // A trigger that cannot be computed watches as little as one without samples.
    return outcome === 'error' || (outcome === 'no_data' && SIGHT.has(trigger));
  });
  if (!inSession || dark.length === 0) {
    const was = state.blindChecks >= policy.noDataChecks || state.blindPaused;
    const effects: Effect[] = was ? [{ kind: 'clear', alert: 'blind_monitor' }] : [];
    return { state: { ...state, blindChecks: 0, blindPaused: false }, effects };
  }
  if (graced) return idle(state);
  const blindChecks = state.blindChecks + 1;
  if (blindChecks < policy.noDataChecks) return idle({ ...state, blindChecks });
  const effects: Effect[] = [];
  const pauses =
    !state.blindPaused &&
    environment !== null &&
    policy.noData.pauseEntriesIn.includes(environment);
  if (pauses) effects.push({ kind: 'pause_blind', commandId: newId(), dark });
  if (blindChecks === policy.noDataChecks) {
    effects.push({ kind: 'alert', severity: 'P1', alert: 'blind_monitor', causes: [] });
  }
  return { state: { ...state, blindChecks, blindPaused: state.blindPaused || pauses }, effects };
}

/** Triggers without whose data the monitor sees nothing. */
const SIGHT: ReadonlySet<Trigger> = new Set(['errorRate', 'latencyP99', 'dailyDrawdown']);

const idle = (state: MachineState): Step => ({ state, effects: [] });
