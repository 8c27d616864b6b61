import { Cron } from 'croner';
import { isBusinessDay } from '../../shared/calendar/business';
import type { Drill } from '../../shared/incidents/state';
import type { EventDataOf } from '../../shared/ops/events';
import { inScope } from '../../shared/ops/scope';
import type { KillRecord, OpsState } from '../../shared/ops/state';
import type { Policies } from '../../shared/policy/inForce';
import { type Clock, DESK_TIME_ZONE, tradingDay } from '../../shared/time';
import { detailOf, phrase } from '../../shared/words/phrase';
import { drill } from '../decide/drills';
import { Refusal } from '../decide/refusal';
import type { EngineHub } from '../engineHub';
import type { GatewayLog } from '../log';

export interface DrillsOptions {
  readonly log: GatewayLog;
  readonly hub: EngineHub;
  readonly policies: () => Policies;
  readonly clock: Clock;
  readonly newId: () => string;
}

type Schedule = Policies['incidents']['drills']['schedule'][number];

/** Kills that are not over and are real, of engines in a drill. */
function realKill(state: OpsState, engines: readonly string[]): KillRecord | undefined {
  return state.kills.find(
    ({ drill: rehearsed, resumedAt, scope }) =>
      !rehearsed && resumedAt === null && engines.some((engine) => inScope(scope, engine)),
  );
}

/** Engines of a drill that are not flat. */
function openOf({ chains }: OpsState, { engines }: Drill): readonly string[] {
  return engines.filter((engine) => chains[engine]?.phase !== 'flat');
}

/**
 * How a drill ended, if it has.
 *
 * @param now Unix ms.
 */
export function drillResult(
  state: OpsState,
  one: Drill,
  now: number,
): Omit<EventDataOf<'drill.finished'>, 'drill'> | null {
  const kill = state.kills.find(({ commandId }) => commandId === one.id);
  const since = (at: number | null | undefined) => (kill && at != null ? at - kill.at : null);
  const measured = {
    pressMs: one.pressMs,
    blockedMs: since(kill?.haltedAt),
    flatMs: since(kill?.flatAt),
  };
  if (realKill(state, one.engines)) {
    return { outcome: 'interrupted', detail: 'a real kill took it over', ...measured };
  }
  if (kill?.flatAt != null) return { outcome: 'flat', detail: '', ...measured };
  if (!kill || kill.resumedAt !== null) {
    return { outcome: 'interrupted', detail: 'it was resumed before it was flat', ...measured };
  }
  if (now - one.started.at < one.timeoutMs) return null;
  return {
    outcome: 'timed_out',
    detail: `not flat: ${openOf(state, one).join(', ')}`.slice(0, 512),
    ...measured,
  };
}

/** Whether the gateway may lift a drill's kill by itself: nothing but that drill has stopped these engines. */
export function mayResume(state: OpsState, one: Drill): boolean {
  return (
    one.resume === 'auto' &&
    one.finished?.outcome === 'flat' &&
    state.environment === 'paper' &&
    state.desk.mode === 'normal' &&
    realKill(state, one.engines) === undefined &&
    one.engines.every((id) => {
      const engine = state.engines[id];
      return engine?.environment === 'paper' && engine.own.commandId === one.id;
    })
  );
}

/** Ends drills, lifts them where policy says so, and holds the scheduled ones. */
export function keepDrills(options: DrillsOptions): { stop(): void } {
  const { log, hub, policies, clock } = options;
  let timer: NodeJS.Timeout | undefined;
  let jobs: Cron[] = [];

  function look(): void {
    clearTimeout(timer);
    const state = log.state();
    const running = state.incidents.drills.filter(({ finished }) => finished === null);
    const now = clock();
    for (const one of running) {
      const result = drillResult(state, one, now);
      if (!result) continue;
      // Recording it calls this again.
      finish(one, result);
      return;
    }
    const ends = running.map(({ started, timeoutMs }) => started.at + timeoutMs);
    if (ends.length === 0) return;
    const wait = Math.max(1, Math.min(...ends) - now);
    timer = setTimeout(look, Math.min(wait, policies().incidents.checkEveryMs));
  }

  function finish(one: Drill, result: Omit<EventDataOf<'drill.finished'>, 'drill'>): void {
    const { id: commandId, engines } = one;
    log.append({ type: 'drill.finished', commandId, data: { drill: commandId, ...result } });
    const ended = log.state().incidents.drills.find(({ id }) => id === commandId);
    if (ended && mayResume(log.state(), ended)) {
      log.append({
        type: 'ops.resumed',
        commandId,
        reason: 'the drill is over',
        data: {
          scope: { kind: 'engines', engines: [...engines] },
          to: 'normal',
          approvedBy: ['gateway'],
          stoppedBecause: one.reason,
          flat: true,
        },
      });
    }
    if (result.outcome !== 'timed_out') return;
    const said = phrase('the drill was not flat after {ms} ms: {engines}', {
      ...{ ms: String(one.timeoutMs), engines: openOf(log.state(), one).join(', ') },
    });
    const about = { severity: 'P2', kind: 'drill_failed', model: null, engine: null } as const;
    log.append({
      type: 'alert.raised',
      commandId,
      data: { alert: `drill:${commandId}`, ...about, ...detailOf([said]), source: 'policy' },
    });
  }

  function hold(one: Schedule): void {
    const { name, engines, businessDaysOnly } = one;
    const { incidents, calendar } = policies();
    if (businessDaysOnly && !isBusinessDay(tradingDay(clock()), calendar)) return;
    const id = options.newId();
    const common = { commandId: id, reason: name };
    try {
      const about = { drill: id, engines, by: 'schedule', origin: 'cli', ageMs: null } as const;
      const context = { state: log.state(), hub };
      const facts = drill(context, incidents.drills, about);
      log.append(...facts.map((fact) => ({ ...fact, ...common })));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      skipped(one, error.message);
    }
  }

  function schedule(): void {
    for (const job of jobs) job.stop();
    jobs = policies().incidents.drills.schedule.flatMap((one) => {
      try {
        return [new Cron(one.cron, { timezone: DESK_TIME_ZONE }, () => hold(one))];
      } catch (error) {
        skipped(one, `${one.cron}: ${(error as Error).message}`);
        return [];
      }
    });
  }

  function skipped({ name }: Schedule, cause: string): void {
    log.append({ type: 'drill.skipped', data: { schedule: name, cause: cause.slice(0, 512) } });
  }

  const leave = log.onRecorded(({ type }) => {
    if (/^policy\./.test(type)) schedule();
    if (/^(drill\.started|kill\.|ops\.resumed|engine\.registered)/.test(type)) look();
  });
  schedule();
  look();
  return {
    stop() {
      leave();
      clearTimeout(timer);
      for (const job of jobs) job.stop();
    },
  };
}
