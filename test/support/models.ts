import { sha256 } from '../../src/node/sha256';
import type { LogEvent } from '../../src/shared/log/event';
import { foldOps } from '../../src/shared/ops/fold';
import { INITIAL_OPS_STATE, type OpsState } from '../../src/shared/ops/state';
import type { EngineModel } from '../../src/shared/protocol/engine';

export const DAY = 86_400_000;

/** An artifact whose hash is of its name. */
export function artifact(model: string, version = model.replace(/\D/g, '') || '1'): EngineModel {
  return { model, version, hash: sha256(model) };
}

/** A whole card of `artifact(model)` in the template's names, good enough for staging. */
export function card(model: string, change: object = {}) {
  const { version, hash } = artifact(model);
  return {
    model_id: model,
    version,
    model_hash: hash,
    owner: 'ines',
    backup_owner: 'marta',
    feature_order: ['ret_1', 'ret_5'],
    training: {
      dataset_hash: sha256('data'),
      dataset_version: 'dvc-1',
      dataset_period: '2024-01-01 to 2025-12-31',
      norm_stats_hash: sha256('norm'),
      mlflow_run_id: 'run_1',
      out_of_sample_validated: true,
    },
    performance: {
      backtest_sharpe: 1.85,
      backtest_win_rate: 0.54,
      backtest_max_drawdown: -0.08,
      backtest_trades: 400,
    },
    rollback_plan: 'volver a la versión anterior',
    ...change,
  };
}

/** Figures that production asks for, all met. */
export const GOOD_STAGING = { sharpe: 1.62, winRate: 0.52, maxDrawdown: 0.07, trades: 180 };

/** Folds facts as a log would number them, a minute apart unless `ts` says otherwise. */
export function foldFacts(
  facts: readonly { type: string; data: object; ts?: number; by?: string; reason?: string }[],
): OpsState {
  let state = INITIAL_OPS_STATE;
  for (const { type, data, ts, by = 'ana', reason = null } of facts) {
    const seq = state.seq + 1;
    const event = {
      ...{ seq, id: `e${seq}`, ts: ts ?? seq * 60_000, type, data, reason },
      actor: { id: by, role: 'trading-lead', terminal: null },
      ...{ commandId: `c${seq}`, prevHash: '', hash: '' },
    };
    state = foldOps(state, event as unknown as LogEvent);
  }
  return state;
}
