import type { Ticked } from '../protocol/engine';
import type { GateId } from './gateId';
import { exceptedGates, modelEngines } from './gates';
import type { Deployment, ModelsState } from './state';

/** The artifact that engines are to run; null where no model is live. */
export function wanted(
  state: ModelsState,
): { readonly model: string; readonly version: string; readonly hash: string } | null {
  const live = state.production === null ? undefined : state.models[state.production];
  return live ? { model: live.model, version: live.version, hash: live.hashes.model } : null;
}

/** Whether an engine reports the very artifact that is live. */
export function runsWanted(state: ModelsState, engine: string): boolean {
  const want = wanted(state);
  const loaded = state.engines[engine]?.loaded ?? null;
  return want !== null && loaded?.model === want.model && loaded.hash === want.hash;
}

/**
 * Whether an engine may open nothing because it does not run what is live. Before a desk's first
 * model is live nobody is held; an engine that carries no models is not judged by them.
 */
export function isHeld(state: ModelsState, engine: string): boolean {
  if (state.tenures.length === 0 || !modelEngines(state).includes(engine)) return false;
  return !runsWanted(state, engine);
}

/** Requirements that are about a model's figures. */
const FIGURES: ReadonlySet<GateId> = new Set([
  'sharpe',
  'win_rate',
  'max_drawdown',
  'trades',
  'shadow_agreement',
  'out_of_sample',
]);

/**
 * The checklist of the promotion that a deployment carries out; null for a rollback, where nobody ticks
 * one. No promotion is asked for without all three ticks, but the second does not hold where a
 * requirement about figures was waived or is excepted.
 */
export function tickedFor(state: ModelsState, deployment: Deployment): Ticked | null {
  const { kind, model, startedAt } = deployment;
  if (kind !== 'promotion') return null;
  const promotion = state.models[model]?.promotions.find(
    ({ outcome, target }) => outcome === 'promoted' && target === 'production',
  );
  if (!promotion) return null;
  const ended = state.models[model]?.endedExceptions ?? [];
  const lifted = [
    ...(promotion.emergency?.waived ?? []),
    ...exceptedGates(state, model, startedAt),
    ...ended.filter(({ endedAt }) => endedAt > startedAt).flatMap(({ gates }) => gates),
  ];
  const metricsAcceptable = !lifted.some((gate) => FIGURES.has(gate));
  return { backtestReviewed: true, metricsAcceptable, teamNotified: true };
}

/** The deployment under way or incomplete; null where engines run what is live. */
export function openDeployment(state: ModelsState): Deployment | null {
  const [latest] = state.deployments;
  return latest && latest.completedAt === null && latest.supersededAt === null ? latest : null;
}

/** Engines of a deployment that have not reported its hash. */
export function notLoaded(deployment: Deployment): readonly string[] {
  return Object.entries(deployment.engines)
    .filter(([, { state }]) => state !== 'loaded')
    .map(([engine]) => engine);
}
