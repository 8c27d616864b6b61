import type { Result } from '../result';
import { fail, ok } from '../result';
import type { Registration } from './model';

/**
 * Puts a card beside what is known of its model. One id is one artifact for ever: a card may fill
 * in what was missing and say other things of it, never name other bytes.
 *
 * @returns what to record, or a refusal naming the field that contradicts.
 */
export function mergeRegistration(
  known: Registration | undefined,
  card: Registration,
): Result<Registration, 'bad_card'> {
  if (!known) return ok(card);
  const { hashes } = known;
  const pairs: readonly (readonly [string, string | null, string | null])[] = [
    ['version', known.version, card.version],
    ['model_hash', hashes.model, card.hashes.model],
    ['config_hash', hashes.config, card.hashes.config],
    ['training.norm_stats_hash', hashes.normStats, card.hashes.normStats],
    ['training.dataset_hash', hashes.dataset, card.hashes.dataset],
    ['feature_order', orderOf(known), orderOf(card)],
  ];
  const other = pairs.find(([, was, is]) => was !== null && is !== null && was !== is);
  if (other) {
    return fail(
      'bad_card',
      `${other[0]}: another artifact than ${known.model} was registered with`,
    );
  }
  const { training } = known;
  return ok({
    ...card,
    hashes: {
      model: hashes.model,
      normStats: card.hashes.normStats ?? hashes.normStats,
      config: card.hashes.config ?? hashes.config,
      dataset: card.hashes.dataset ?? hashes.dataset,
    },
    featureOrder: card.featureOrder.length > 0 ? card.featureOrder : known.featureOrder,
    featureReference:
      card.featureReference.length > 0 ? card.featureReference : known.featureReference,
    training: {
      from: card.training.from ?? training.from,
      to: card.training.to ?? training.to,
      datasetVersion: card.training.datasetVersion ?? training.datasetVersion,
      runId: card.training.runId ?? training.runId,
    },
    owner: card.owner ?? known.owner,
    backupOwner: card.backupOwner ?? known.backupOwner,
    backtest: card.backtest ?? known.backtest,
    outOfSample: card.outOfSample || known.outOfSample,
    risks: card.risks.length > 0 ? card.risks : known.risks,
    mitigations: card.mitigations.length > 0 ? card.mitigations : known.mitigations,
    rollbackPlan: card.rollbackPlan ?? known.rollbackPlan,
    createdDay: card.createdDay ?? known.createdDay,
  });
}

function orderOf({ featureOrder }: Registration): string | null {
  return featureOrder.length === 0 ? null : JSON.stringify(featureOrder);
}
