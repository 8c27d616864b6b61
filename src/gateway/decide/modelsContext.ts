import type { Sha256 } from '../../shared/log/chain';
import type { GatedState } from '../../shared/models/gates';
import type { ModelRecord, ModelsState } from '../../shared/models/state';
import type { ModelsPolicy } from '../../shared/policy/models';
import { word } from '../../shared/words/phrase';
import { Refusal } from './refusal';

/** What a decision about models is made of. */
export interface ModelsContext {
  readonly state: GatedState;
  readonly policy: ModelsPolicy;
  readonly sha256: Sha256;
  /** Unix ms. */
  readonly now: number;
  /** When the oldest incident that is still open was opened, Unix ms; null where none is open. */
  readonly incidentSince: number | null;
  /** The command's id, which names what it begins. */
  readonly id: string;
}

/** @throws {Refusal} where it is not registered */
export function modelOf(state: ModelsState, id: string): ModelRecord {
  const model = state.models[id];
  if (!model) throw new Refusal('unknown_model', 'no model {model} is registered', { model: id });
  return model;
}

/** A model and its stage, as a refusal names them. */
export function placeOf({ model, stage }: ModelRecord) {
  return { model, stage: word(`stage.${stage}`) };
}
