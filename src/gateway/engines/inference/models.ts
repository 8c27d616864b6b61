import { modelHashSchema } from '../../../shared/models/model';
import type { EngineModel, Ticked } from '../../../shared/protocol/engine';
import type { Priority } from '../client/tokenBucket';
import type { InferenceApi, ModelLineage, RollbackTargets, ServiceModel } from './api';

/** The service's models as an engine's: what it runs, what it could, and their cards. */
export interface Inventory {
  readonly loaded: EngineModel | null;
  readonly available: readonly EngineModel[];
  readonly cards: readonly object[];
  readonly targets: RollbackTargets;
}

/** Statuses by which the service marks the model that decides. */
const LIVE: ReadonlySet<string> = new Set(['production', 'deployed']);

/**
 * Reads models and lineage. Hashes are the service's own word: the bridge has no artifact to hash.
 *
 * @returns null when the service could not say; nothing is changed by that.
 */
export async function readInventory(
  api: InferenceApi,
  priority: Priority = 'normal',
): Promise<Inventory | null> {
  const models = await api.models(priority);
  const targets = await api.targets(priority);
  if (!models.ok || !targets.ok) return null;
  const found: { model: EngineModel; lineage: ModelLineage }[] = [];
  const ids = new Set([
    ...models.value.map(({ model_id }) => model_id),
    ...targets.value.available_targets.map(({ model_id }) => model_id),
  ]);
  for (const id of ids) {
    const lineage = await api.lineage(id, priority);
    if (!lineage.ok) {
      // A model it knows nothing more of is left out; a service that is silent is not a short list.
      if (lineage.error.code === 'http' || lineage.error.code === 'malformed') continue;
      return null;
    }
    const model = modelOf(id, versionOf(id, models.value, targets.value), lineage.value);
    if (model) found.push({ model, lineage: lineage.value });
  }
  const live = targets.value.current_production ?? liveOf(models.value);
  return {
    loaded: found.find(({ model }) => model.model === live)?.model ?? null,
    available: found.map(({ model }) => model),
    cards: found.map(({ model, lineage }) => cardOf(model, lineage)),
    targets: targets.value,
  };
}

function versionOf(
  id: string,
  models: readonly ServiceModel[],
  targets: RollbackTargets,
): string | null {
  const target = targets.available_targets.find(({ model_id }) => model_id === id);
  return models.find(({ model_id }) => model_id === id)?.version ?? target?.version ?? null;
}

function modelOf(id: string, version: string | null, lineage: ModelLineage): EngineModel | null {
  const hash = modelHashSchema.safeParse(lineage.model_hash?.toLowerCase());
  const named = (version ?? lineage.model_version ?? '').slice(0, 64);
  if (!hash.success || lineage.model_id !== id) return null;
  return { model: id, version: named === '' ? '0' : named, hash: hash.data };
}

function liveOf(models: readonly ServiceModel[]): string | null {
  const live = models.filter(({ db_status }) => LIVE.has(db_status ?? ''));
  return live.length === 1 ? (live[0]?.model_id ?? null) : null;
}

/** Its card in the template's names. Who owns it and what it risks the service does not know. */
function cardOf({ model, version, hash }: EngineModel, lineage: ModelLineage): object {
  const hashOf = (text: string | null | undefined) => {
    const parsed = modelHashSchema.safeParse(text?.toLowerCase());
    return parsed.success ? parsed.data : undefined;
  };
  const from = dayOf(lineage.dataset?.training_start_date);
  const to = dayOf(lineage.dataset?.training_end_date);
  const drawdown = lineage.test_max_drawdown;
  const winRate = lineage.test_win_rate;
  return withoutHoles({
    model_id: model,
    version,
    model_hash: hash,
    config_hash: hashOf(lineage.config_hash),
    feature_order: lineage.feature_order?.filter((name) => name !== '') ?? [],
    training: withoutHoles({
      dataset_hash: hashOf(lineage.dataset_hash),
      dataset_period: from && to && from <= to ? `${from} to ${to}` : undefined,
      norm_stats_hash: hashOf(lineage.norm_stats_hash),
    }),
    performance: withoutHoles({
      backtest_sharpe: lineage.test_sharpe ?? undefined,
      backtest_win_rate: isShare(winRate) ? winRate : undefined,
      backtest_max_drawdown: isShare(drawdown && -drawdown) ? drawdown : undefined,
    }),
  });
}

function isShare(value: number | null | undefined): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function dayOf(text: string | null | undefined): string | null {
  return /^\d{4}-\d{2}-\d{2}/.exec(text ?? '')?.[0] ?? null;
}

function withoutHoles(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** How the service is brought to run a model. `none`: it cannot be asked for that one. */
export type Way =
  | { readonly way: 'rollback'; readonly targetVersion: number | null }
  | { readonly way: 'promote'; readonly checklist: Ticked }
  | { readonly way: 'none'; readonly why: string };

/**
 * Decides between the service's two calls. A rollback names a whole number or, with null, the model
 * archived last; a version in words can be reached only by the latter. A promotion attests a checklist,
 * so it is asked for only where people ticked one.
 */
export function wayTo(
  wanted: EngineModel & { readonly checklist?: Ticked | undefined },
  { targets, available }: Pick<Inventory, 'targets' | 'available'>,
): Way {
  const has = available.some(({ model, hash }) => model === wanted.model && hash === wanted.hash);
  if (!has) return { way: 'none', why: 'the service has no such artifact' };
  const index = targets.available_targets.findIndex(({ model_id }) => model_id === wanted.model);
  const target = targets.available_targets[index];
  if (!target) {
    const { checklist } = wanted;
    if (checklist) return { way: 'promote', checklist };
    const why =
      'it is no rollback target of the service, and nobody ticked the checklist of a promotion';
    return { way: 'none', why };
  }
  const number = /^v?(\d{1,9})$/i.exec(target.version)?.[1];
  const same = targets.available_targets.filter(({ version }) => version === target.version);
  if (number !== undefined && same.length === 1) {
    return { way: 'rollback', targetVersion: Number(number) };
  }
  if (index === 0) return { way: 'rollback', targetVersion: null };
  const why = `the service rolls back by number, and ${target.version} is none or not one model’s alone`;
  return { way: 'none', why };
}
