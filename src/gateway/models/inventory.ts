import type { Registration } from '../../shared/models/model';
import type { OpsState } from '../../shared/ops/state';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { EngineModel } from '../../shared/protocol/engine';
import { register, report } from '../decide/models';
import { Refusal } from '../decide/refusal';
import type { EngineHub } from '../engineHub';
import type { Fact } from '../facts';
import type { GatewayLog } from '../log';

/**
 * Takes what engines say of models into the log: cards, figures and, where the log knows of no live
 * model yet, the one that is found running.
 */
export function takeInventory(log: GatewayLog, hub: EngineHub, policy: () => ModelsPolicy): void {
  function take(decide: () => Fact[]): string | null {
    try {
      log.append(...decide());
      return null;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.message;
    }
  }

  hub.listen({
    models: (engine) => void log.append(...adopted(log.state(), engine)),
    card: (_, card) =>
      take(() => register({ state: log.state().models, policy: policy() }, card, 'engine')),
    figures: (_, figures) =>
      take(() => report({ state: log.state().models, policy: policy() }, figures, 'engine')),
  });
}

/** A model that runs before the log knew of any is on the record as what it is. */
export function adopted({ models }: OpsState, engine: string): Fact[] {
  const loaded = models.engines[engine]?.loaded ?? null;
  if (loaded === null || models.tenures.length > 0) return [];
  const known = models.models[loaded.model];
  if (known && (known.stage !== 'development' || known.hashes.model !== loaded.hash)) return [];
  const facts: Fact[] = [];
  // Another gateway's engine may run it too.
  const holds = (state: OpsState) => state.models.tenures.length === 0;
  if (!known) {
    const data = { ...bare(loaded), source: 'engine' } as const;
    facts.push({ type: 'model.registered', data, holds });
  }
  facts.push({
    type: 'model.stage_changed',
    holds,
    data: {
      ...{ model: loaded.model, from: 'development', to: 'production', cause: 'inventory' },
      ...{ request: null, retirement: null },
    },
  });
  return facts;
}

/** All that is known of an artifact that has no card. */
function bare({ model, version, hash }: EngineModel): Registration {
  return {
    model,
    version,
    hashes: { model: hash, normStats: null, config: null, dataset: null },
    featureOrder: [],
    featureReference: [],
    training: { from: null, to: null, datasetVersion: null, runId: null },
    owner: null,
    backupOwner: null,
    backtest: null,
    outOfSample: false,
    risks: [],
    mitigations: [],
    rollbackPlan: null,
    createdDay: null,
  };
}
