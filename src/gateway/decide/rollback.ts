import { type Ineligible, rollbackTargets } from '../../shared/models/rollback';
import type { CommandParams } from '../../shared/protocol/commands';
import { word } from '../../shared/words/phrase';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { type ModelsContext, modelOf } from './modelsContext';
import { allow, Refusal } from './refusal';
import { deployment, leaving, stageChange } from './stages';

/** @throws {Refusal} */
export function rollback(
  context: ModelsContext,
  params: CommandParams<'model.rollback'>,
  operator: Operator,
): Fact[] {
  const { state, policy, now } = context;
  allow(operator, policy.permissions.rollback, 'roll a model back');
  const target = modelOf(state, params.target);
  if (target.model === state.production) {
    throw new Refusal('not_eligible', '{model} is the model that is live', { model: target.model });
  }
  const found = rollbackTargets(state, policy, now, context.incidentSince).find(
    ({ model }) => model === target.model,
  );
  if (!found) {
    throw new Refusal('not_eligible', '{model} is not among the models last live', {
      model: target.model,
    });
  }
  const [why] = found.ineligible;
  if (why) throw ineligible(target.model, why);
  return [
    ...leaving(state, 'rollback', null),
    stageChange(target, 'production', 'rollback'),
    deployment(context, target, 'rollback'),
  ];
}

function ineligible(model: string, why: Ineligible): Refusal {
  switch (why.code) {
    case 'not_on_engine': {
      const engines = why.engines.join(', ');
      return new Refusal('not_eligible', '{model} is not on every engine: {engines}', {
        ...{ model, engines },
      });
    }
    case 'retired_for_cause': {
      const cause = word(`retire.${why.cause}`);
      return new Refusal('not_eligible', '{model} was retired for cause: {cause}', {
        model,
        cause,
      });
    }
    case 'failed_lately':
      return new Refusal('not_eligible', '{model} failed to load; not before {until}', {
        ...{ model, until: { at: why.until } },
      });
    case 'rolled_away':
      return why.until === null
        ? new Refusal('not_eligible', '{model} was rolled away from in an open incident', { model })
        : new Refusal('not_eligible', '{model} was rolled away from; not before {until}', {
            ...{ model, until: { at: why.until } },
          });
  }
}
