import type { DeploymentKind, StageCause } from '../../shared/models/events';
import { modelEngines } from '../../shared/models/gates';
import { isTransition } from '../../shared/models/lifecycle';
import type { Stage } from '../../shared/models/model';
import type { ModelRecord, ModelsState } from '../../shared/models/state';
import type { EventDataOf } from '../../shared/ops/events';
import { word } from '../../shared/words/phrase';
import type { Fact } from '../facts';
import type { ModelsContext } from './modelsContext';
import { Refusal } from './refusal';

type StageChange = EventDataOf<'model.stage_changed'>;

/** The model that is live makes room for the next. */
export function leaving(state: ModelsState, cause: StageCause, request: string | null): Fact[] {
  const live = state.production === null ? undefined : state.models[state.production];
  return live ? [stageChange(live, 'archived', cause, request)] : [];
}

/** A model goes to another stage. @throws {Refusal} where no such cause leads there */
export function stageChange(
  { model, stage }: Pick<ModelRecord, 'model' | 'stage'>,
  to: Stage,
  cause: StageCause,
  request: string | null = null,
  retirement: StageChange['retirement'] = null,
): Fact {
  if (!isTransition(stage, to, cause)) {
    throw new Refusal('wrong_stage', 'no model goes from {stage} to {to} by {cause}', {
      stage: word(`stage.${stage}`),
      to: word(`stage.${to}`),
      cause: word(`cause.${cause}`),
    });
  }
  const data = { model, from: stage, to, cause, request, retirement };
  return { type: 'model.stage_changed', data };
}

/** A model begins to be put on every engine that carries models. */
export function deployment(context: ModelsContext, model: ModelRecord, kind: DeploymentKind): Fact {
  const { state, id } = context;
  return {
    type: 'deployment.started',
    data: {
      deployment: id,
      kind,
      model: model.model,
      version: model.version,
      hash: model.hashes.model,
      previous: state.production,
      engines: [...modelEngines(state)],
    },
  };
}
