import type { OpsState } from '../ops/state';

/** Each model's record as the log has it, as a document of an export. */
export function cardsOf(
  state: OpsState,
): readonly { readonly name: string; readonly content: string }[] {
  return Object.values(state.models.models).map((model) => ({
    name: `model-${model.model}.json`,
    content: `${JSON.stringify({ log_seq: state.seq, ...model }, null, 2)}\n`,
  }));
}
