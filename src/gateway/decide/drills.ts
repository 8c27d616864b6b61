import { orderedMode } from '../../shared/ops/effectiveMode';
import type { OpsState } from '../../shared/ops/state';
import type { IncidentsPolicy } from '../../shared/policy/incidents';
import type { Origin } from '../../shared/protocol/commands';
import type { Fact } from '../facts';
import { type OperationsContext, target } from './operations';
import { Refusal } from './refusal';

/** What a rehearsal of the kill is asked for with. */
export interface DrillRequest {
  readonly drill: string;
  /** Null: every engine that is known. */
  readonly engines: readonly string[] | null;
  readonly by: 'person' | 'schedule';
  readonly origin: Origin;
  /** From the press to now by two clocks, ms; null where nobody pressed. */
  readonly ageMs: number | null;
}

/** A press longer ago than this was not measured, but told by another clock. */
const PRESS_MAX_MS = 60_000;

/**
 * A rehearsal: its beginning and its kill, to be recorded together. It is for paper alone and starts
 * from a desk that runs, so that it is never taken for a real kill.
 *
 * @throws {Refusal} where a live engine, or a live desk, would be touched.
 */
export function drill(
  { state, hub }: Pick<OperationsContext, 'state' | 'hub'>,
  policy: IncidentsPolicy['drills'],
  request: DrillRequest,
): [Fact, Fact] {
  const engines = request.engines ?? Object.keys(state.engines);
  const unknown = engines.find((engine) => !state.engines[engine]);
  if (unknown !== undefined) {
    throw new Refusal('unknown_engine', 'an engine of the drill never registered');
  }
  if (engines.length === 0) throw new Refusal('unknown_engine', 'no engine has registered');
  if (!isPaperOnly(state, engines)) {
    throw new Refusal('not_for_live', 'a drill is for paper engines on a paper desk only');
  }
  if (!engines.every((engine) => state.engines[engine]?.connected)) {
    throw new Refusal('unavailable', 'an engine of the drill is not connected');
  }
  if (engines.some((engine) => orderedMode(state, engine) !== 'normal')) {
    throw new Refusal('wrong_stage', 'something is stopped; a drill starts from a desk that runs');
  }
  const { timeoutMs, resume } = policy;
  const { ageMs } = request;
  // Clocks that disagree measure nothing.
  const pressMs = ageMs !== null && ageMs >= 0 && ageMs < PRESS_MAX_MS ? ageMs : null;
  return [
    {
      type: 'drill.started',
      data: {
        ...{ drill: request.drill, engines: [...engines], origin: request.by },
        ...{ timeoutMs, resume, pressMs },
      },
    },
    {
      type: 'kill.requested',
      data: {
        scope: { kind: 'engines', engines: [...engines] },
        closePositions: true,
        notifyTeam: false,
        origin: request.origin,
        targets: engines.map((engine) => target(hub, state, engine)),
        ageMs,
        drill: true,
      },
    },
  ];
}

/** Whether the desk and every one of those engines are paper. An engine nobody knows is not. */
export function isPaperOnly(state: OpsState, engines: readonly string[]): boolean {
  const known = engines.map((engine) => state.engines[engine]?.environment);
  return state.environment === 'paper' && known.every((one) => one === 'paper');
}
