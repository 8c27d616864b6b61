import { openSince } from '../incidents/state';
import { rollbackTargets } from '../models/rollback';
import type { Deployment, ModelsState } from '../models/state';
import type { OpsState } from '../ops/state';
import type { ModelsPolicy } from '../policy/models';
import type { MonitorPolicy } from '../policy/monitor';
import { detailOf, type Phrase, phrase, type Sentence, word } from '../words/phrase';
import type { Evaluation } from './health';
import { ARMED, decide, type Effect, firing, type MachineState, type Step } from './machine';
import { isDryRun } from './record';
import type { MonitorItem } from './report';
import { createSlowMonitor } from './slowMonitor';
import { figureOf, type Trigger } from './trigger';
import type { Check, Outcome } from './verdict';

/** A command that the monitor gives. The host adds its fence and sends it. */
export type MonitorCommand =
  | {
      readonly name: 'model.rollback';
      readonly id: string;
      readonly target: string;
      readonly reason: string;
    }
  | { readonly name: 'pause' | 'kill'; readonly id: string; readonly reason: string };

/** What a check led to: commands first, and then what is told of it. */
export interface Verdict {
  readonly commands: readonly MonitorCommand[];
  /** Asked about, never sent again. */
  readonly asks: readonly string[];
  readonly items: readonly MonitorItem[];
  /** What fired, where the window behind it is to be kept: its item is told once that is done. */
  readonly fired: Extract<MonitorItem, { item: 'fired' }>['data'] | null;
}

export interface Monitor {
  /** Takes up from the log what another monitor, or this one before it ended, had begun. */
  takeUp(ops: OpsState): void;
  /** A check that is due, of figures as they are now. */
  check(evaluation: Evaluation, ops: OpsState): Verdict;
  /** The gateway refused one of its commands. */
  refused(commandId: string, now: number): readonly MonitorItem[];
  /** Its host slept: for a few checks what is missing is no blindness. */
  suspended(): void;
  state(): MachineState;
}

export interface MonitorDeps {
  readonly policy: () => MonitorPolicy;
  readonly models: () => ModelsPolicy;
  readonly newId: () => string;
}

/** Why its alerts are over. */
const OVER = {
  data: 'there is data again',
  armed: 'the monitor is armed again',
} as const satisfies Record<string, Sentence>;

/** Who gives the monitor's commands, as the log has it. */
export const MONITOR_ID = 'monitor';

/** The monitor that acts: folds checks into decisions. Holds no clock and no socket. */
export function createMonitor({ policy, models, newId }: MonitorDeps): Monitor {
  let machine: MachineState | null = null;
  /** What a dry run would have come to; forgotten with it. */
  let rehearsal: MachineState | null = null;
  let last: Partial<Record<Trigger, Outcome>> = {};
  let grace = 0;
  const slow = createSlowMonitor({ policy, newId });

  /** What the log says came of the rollback that was ordered. */
  function outcomeOf(state: MachineState, ops: OpsState, now: number): Step {
    const { attempt } = state;
    const came = attempt === null ? null : ended(ops.models, attempt.commandId);
    if (attempt === null || came === null) return { state, effects: [] };
    const input = { type: 'outcome', now, commandId: attempt.commandId, outcome: came } as const;
    return decide(state, input, policy());
  }

  return {
    takeUp(ops) {
      machine = begun(ops, policy());
      slow.takeUp(ops);
      last = {};
      for (const [trigger, { outcome }] of Object.entries(ops.monitor.triggers)) {
        last[trigger as Trigger] = outcome;
      }
    },
    check(evaluation, ops) {
      const { at: now } = evaluation;
      const dryRun = isDryRun(ops.monitor, now);
      if (!dryRun) rehearsal = null;
      const real = machine ?? begun(ops, policy());
      const known = outcomeOf(real, ops, now);
      const before = dryRun ? (rehearsal ?? ARMED) : known.state;
      const targets = eligible(ops, models(), now);
      // A desk that no engine has ever joined has no entries to pause.
      const environment = Object.keys(ops.engines).length > 0 ? ops.environment : null;
      const graced = grace > 0;
      grace = Math.max(0, grace - 1);
      const tick = { now, evaluation, targets, environment, graced, newId };
      const step = decide(before, { type: 'tick', ...tick }, policy());
      const items: MonitorItem[] = changes(last, evaluation);
      for (const check of Object.values(evaluation.checks)) last[check.trigger] = check.outcome;
      const acts = step.effects.filter(isAct);
      const decided = acts.filter((act) => act.kind !== 'pause_blind');
      if (dryRun) {
        rehearsal = rehearsed(step.state);
      } else {
        machine = step.state;
        if (changed(real, machine)) items.push(machineItem(machine));
        if (machine.phase === 'armed') items.push(...allClear(ops));
      }
      for (const effect of [...known.effects, ...step.effects]) {
        if (!dryRun || isBlindness(effect)) items.push(...alertItems(effect, evaluation));
      }
      items.push(...acts.flatMap((act) => blindItems(act, evaluation, dryRun)));
      items.push(...slow.check(evaluation, ops));
      const causes = firing(evaluation);
      return {
        commands: dryRun ? [] : acts.map((effect) => commandOf(effect, evaluation)),
        asks: step.effects.flatMap((effect) => (effect.kind === 'ask' ? [effect.commandId] : [])),
        items,
        fired:
          decided.length === 0
            ? null
            : {
                model: evaluation.model,
                causes: [...causes],
                checks: Object.values(evaluation.checks).map(brief),
                window: null,
                actions: decided.map(({ kind }) => kind),
                dryRun,
              },
      };
    },
    refused(commandId, now) {
      if (machine === null || machine.attempt?.commandId !== commandId) return [];
      const step = decide(
        machine,
        { type: 'outcome', now, commandId, outcome: 'failed' },
        policy(),
      );
      machine = step.state;
      return [machineItem(machine), ...step.effects.flatMap((effect) => alertItems(effect, null))];
    },
    suspended() {
      grace = policy().stalls.graceChecks;
    },
    state: () => machine ?? begun(null, policy()),
  };
}

/** The machine as the log has it, with an order of the monitor's that was recorded after it. */
function begun(ops: OpsState | null, policy: MonitorPolicy): MachineState {
  const machine = ops?.monitor.machine;
  if (!ops || !machine) return ARMED;
  const [latest] = ops.models.deployments.filter(
    ({ by, kind }) => by.id === MONITOR_ID && kind === 'rollback',
  );
  if (!latest || latest.seq < ops.monitor.machineSeq) return machine;
  if (latest.startedAt + policy.cooldownMs <= machine.cooldownUntil) return machine;
  return {
    ...machine,
    phase: 'executing',
    attempt: { commandId: latest.id, target: latest.model, startedAt: latest.startedAt },
    attempts: machine.attempts + 1,
    cooldownUntil: latest.startedAt + policy.cooldownMs,
  };
}

/** What the log says became of a rollback; null while it does not. */
function ended(models: ModelsState, id: string): 'done' | 'failed' | null {
  const found: Deployment | undefined = models.deployments.find((one) => one.id === id);
  if (!found) return null;
  if (found.completedAt !== null) return 'done';
  return found.incompleteAt !== null || found.supersededAt !== null ? 'failed' : null;
}

function eligible(ops: OpsState, policy: ModelsPolicy, now: number): readonly string[] {
  return rollbackTargets(ops.models, policy, now, openSince(ops.incidents))
    .filter(({ ineligible }) => ineligible.length === 0)
    .map(({ model }) => model);
}

/** Triggers whose finding is another than it was: only that is an event. */
function changes(
  last: Partial<Record<Trigger, Outcome>>,
  { model, checks }: Evaluation,
): MonitorItem[] {
  return Object.values(checks)
    .filter(({ trigger, outcome }) => last[trigger] !== outcome)
    .map((check) => ({
      item: 'trigger',
      data: { model, from: last[check.trigger] ?? null, check: brief(check) },
    }));
}

type Act = Extract<Effect, { kind: 'rollback' | 'pause' | 'kill' | 'pause_blind' }>;
const isAct = (effect: Effect): effect is Act =>
  ['rollback', 'pause', 'kill', 'pause_blind'].includes(effect.kind);
const isBlindness = (effect: Effect): boolean =>
  effect.kind === 'clear' || (effect.kind === 'alert' && effect.alert === 'blind_monitor');

function commandOf(effect: Act, evaluation: Evaluation): MonitorCommand {
  if (effect.kind === 'pause_blind') {
    const reason = `auto: no data: ${effect.dark.join(', ')}`;
    return { name: 'pause', id: effect.commandId, reason };
  }
  const reason = `auto: ${effect.causes.map((one) => brieflySaid(evaluation.checks[one])).join('; ')}`;
  const { commandId: id } = effect;
  return effect.kind === 'rollback'
    ? { name: 'model.rollback', id, target: effect.target, reason }
    : { name: effect.kind, id, reason };
}

function blindItems(act: Act, { model }: Evaluation, dryRun: boolean): MonitorItem[] {
  if (act.kind !== 'pause_blind') return [];
  return [{ item: 'blind', data: { model, dark: [...act.dark], dryRun } }];
}

function alertItems(effect: Effect, evaluation: Evaluation | null): MonitorItem[] {
  if (effect.kind === 'clear') {
    return [{ item: 'clear', data: { alert: effect.alert, cause: OVER.data } }];
  }
  if (effect.kind !== 'alert') return [];
  const { alert, severity, causes } = effect;
  const about = causes.map(
    (one): Phrase => (evaluation ? said(evaluation.checks[one]) : { code: one }),
  );
  const times = causes.flatMap((one) => evaluation?.checks[one].since ?? []);
  const since = times.length === 0 ? null : Math.min(...times);
  const common = { alert, severity, kind: alert, model: evaluation?.model ?? null, since };
  return [{ item: 'alert', data: { ...common, ...detailOf(about) } }];
}

function said({ trigger, value, limit }: Check): Phrase {
  return phrase('{trigger} {value} (limit {limit})', {
    trigger: word(`trigger.${trigger}`),
    ...{ value: figureOf(trigger, value), limit: figureOf(trigger, limit) },
  });
}

/** For the reason of a command, which stands as it was given. */
function brieflySaid({ trigger, value, limit }: Check): string {
  return `${trigger} ${value === null ? 'unknown' : Number(value.toPrecision(4))} (limit ${limit})`;
}

function brief(check: Check) {
  const { trigger, outcome, value, limit, literal, confident, samples, breaching, since } = check;
  return { trigger, outcome, value, limit, literal, confident, samples, breaching, since };
}

/** Checks without data are counted at every check and are no change. */
function changed(before: MachineState, after: MachineState): boolean {
  const text = (state: MachineState) => JSON.stringify({ ...state, blindChecks: 0 });
  return text(before) !== text(after);
}

function machineItem(machine: MachineState): MonitorItem {
  const { causes, quarantined } = machine;
  const copy = { ...machine, causes: [...causes], quarantined: { ...quarantined } };
  return { item: 'machine', data: { machine: copy } };
}

/** A rehearsal has no outcome to wait for. */
function rehearsed(state: MachineState): MachineState {
  return state.phase === 'executing' ? { ...state, phase: 'cooldown', attempt: null } : state;
}

/** What was raised about a rollback is over once the monitor is armed again. */
function allClear(ops: OpsState): MonitorItem[] {
  return ['auto_rollback', 'auto_rollback_failed', 'escalated']
    .filter((alert) => alert in ops.alerts.active)
    .map((alert) => ({ item: 'clear', data: { alert, cause: OVER.armed } }));
}
