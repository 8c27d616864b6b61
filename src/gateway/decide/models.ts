import { readCard } from '../../shared/models/card';
import { backtestPasses } from '../../shared/models/gates';
import { isTransition } from '../../shared/models/lifecycle';
import type { Registration, Stage } from '../../shared/models/model';
import { mergeRegistration } from '../../shared/models/register';
import type { ModelsState } from '../../shared/models/state';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { CommandParams } from '../../shared/protocol/commands';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { type ModelsContext, modelOf, placeOf } from './modelsContext';
import { allow, Refusal } from './refusal';
import { stageChange } from './stages';

/**
 * A card's facts: the registration and, where its backtest passes, the stage it thereby reaches.
 *
 * @throws {Refusal} naming the field.
 */
export function register(
  { state, policy }: { readonly state: ModelsState; readonly policy: ModelsPolicy },
  card: unknown,
  source: 'engine' | 'operator',
): Fact[] {
  const read = readCard(card);
  if (!read.ok) throw new Refusal('bad_card', { text: read.error.message });
  const known = state.models[read.value.model];
  const merged = mergeRegistration(known, read.value);
  if (!merged.ok) throw new Refusal('bad_card', { text: merged.error.message });
  const { value } = merged;
  const first: Fact = { type: 'model.registered', data: { ...value, source } };
  return [first, ...reached(known?.stage ?? 'development', value, policy)];
}

/** A model whose backtest passes is registered without anybody's yes. */
function reached(stage: Stage, model: Registration, policy: ModelsPolicy): Fact[] {
  return stage === 'development' && backtestPasses(model.backtest, policy)
    ? [stageChange({ ...model, stage }, 'registered', 'backtest_passed')]
    : [];
}

/** @throws {Refusal} */
export function update(
  { state, policy }: ModelsContext,
  { reason: _, ...params }: CommandParams<'model.update'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.register, 'change what is said of a model');
  modelOf(state, params.model);
  if (params.owner !== null && params.owner === params.backupOwner) {
    throw new Refusal('bad_params', 'the backup owner is a person other than the owner');
  }
  return [{ type: 'model.updated', data: params }];
}

/** @throws {Refusal} */
export function report(
  { state, policy }: { readonly state: ModelsState; readonly policy: ModelsPolicy },
  params: Omit<CommandParams<'model.report'>, 'reason'>,
  source: 'engine' | 'operator',
): Fact[] {
  const model = modelOf(state, params.model);
  if (params.phase === 'staging' && model.stage !== 'staging') {
    throw new Refusal('wrong_stage', '{model} is not in staging', { model: model.model });
  }
  const first: Fact = { type: 'model.metrics_reported', data: { ...params, source } };
  if (params.phase === 'staging') return [first];
  return [first, ...reached(model.stage, { ...model, backtest: params.metrics }, policy)];
}

/** @throws {Refusal} */
export function retire(
  { state, policy }: ModelsContext,
  params: CommandParams<'model.retire'>,
  operator: Operator,
): Fact[] {
  const emergency = params.cause === 'emergency';
  const { emergencyRetire, retire: ordinary } = policy.permissions;
  allow(operator, emergency ? emergencyRetire : ordinary, 'retire a model');
  const model = modelOf(state, params.model);
  const cause = emergency ? 'emergency_retirement' : 'retirement';
  if (!isTransition(model.stage, 'archived', cause)) {
    throw new Refusal('wrong_stage', '{model} is in {stage} and is not retired so', placeOf(model));
  }
  const closed = state.requests
    .filter((request) => request.model === model.model)
    .map(
      ({ id: request }): Fact => ({
        type: 'promotion.closed',
        data: { request, outcome: 'superseded' },
      }),
    );
  return [...closed, stageChange(model, 'archived', cause, null, params.cause)];
}
