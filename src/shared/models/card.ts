import { z } from 'zod';
import type { Result } from '../result';
import { fail, ok } from '../result';
import { featureReferencesSchema, modelHashSchema, type Registration } from './model';

/**
 * The model card's template (the governance policy's appendix A) as it is read: from YAML or JSON,
 * with the template's own names. A field it does not know is refused, so that a slip of the pen in
 * one is seen and not taken for a figure that is missing.
 */

const person = z
  .string()
  .min(1)
  .max(128)
  .refine((name) => !/(^|[_-])(team|equipo)$/i.test(name), 'a person’s id, not a team');
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'a day, YYYY-MM-DD');
const period = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2} to \d{4}-\d{2}-\d{2}$/, 'YYYY-MM-DD to YYYY-MM-DD')
  .refine((text) => text.slice(0, 10) <= text.slice(-10), 'the first day comes after the last');
const share = z.number().min(0).max(1);
const lines = z.array(z.string().min(1).max(500)).max(50).default([]);

const cardSchema = z.strictObject({
  model_id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'letters, digits, . _ and -')
    .refine((name) => !(name in {}), 'another name: this one is JavaScript’s own'),
  version: z.union([z.string().min(1).max(64), z.number()]).transform(String),
  owner: person.optional(),
  backup_owner: person.optional(),
  created_date: day.optional(),
  model_hash: modelHashSchema,
  config_hash: modelHashSchema.optional(),
  feature_order: z.array(z.string().min(1).max(128)).max(2_000).default([]),
  /** How each feature was distributed in training, by quantile bins. */
  feature_reference: featureReferencesSchema.default([]),
  training: z
    .strictObject({
      dataset_hash: modelHashSchema.optional(),
      dataset_version: z.string().min(1).max(128).optional(),
      dataset_period: period.optional(),
      norm_stats_hash: modelHashSchema.optional(),
      mlflow_run_id: z.string().min(1).max(128).optional(),
      out_of_sample_validated: z.boolean().default(false),
    })
    .default({ out_of_sample_validated: false }),
  performance: z
    .strictObject({
      backtest_sharpe: z.number().optional(),
      backtest_win_rate: share.optional(),
      /** A negative fraction, as the template and the inference API have it. */
      backtest_max_drawdown: z.number().min(-1).max(0).optional(),
      backtest_trades: z.int().nonnegative().optional(),
    })
    .default({}),
  risks: lines,
  mitigations: lines,
  rollback_plan: z.string().min(1).max(4_000).optional(),
});

/** What the log puts on a card that it gives out. It is the log's to say and is never taken from one. */
const ofTheLog = z.looseObject({
  log_seq: z.int().positive(),
  log_hash: modelHashSchema,
  promoted_to_production: z.unknown().optional(),
  record: z.unknown().optional(),
  performance: z.record(z.string(), z.unknown()).default({}),
});

/** A card that was given out by a log, without what only the log says; any other as it is. */
function withoutLog(value: unknown): unknown {
  const parsed = ofTheLog.safeParse(value);
  if (!parsed.success) return value;
  const { log_seq, log_hash, promoted_to_production, record, performance, ...card } = parsed.data;
  const figures = Object.entries(performance).filter(([name]) => !name.startsWith('staging_'));
  return { ...card, performance: Object.fromEntries(figures) };
}

/**
 * Reads a card. Of one that a log gave out (`cardYaml`), only the template's fields that a person may
 * write are read.
 *
 * @param value what YAML or JSON gave.
 * @returns the registration, or a refusal that names the field.
 */
export function readCard(value: unknown): Result<Registration, 'bad_card'> {
  const parsed = cardSchema.safeParse(withoutLog(value));
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : null;
      const where = [...issue.path.map(String), ...(unknown ? [unknown] : [])].join('.');
      return `${where || 'the card'}: ${unknown ? 'no field of a model card' : issue.message}`;
    });
    return fail('bad_card', lines.join('; '));
  }
  const card = parsed.data;
  if (card.owner !== undefined && card.owner === card.backup_owner) {
    return fail('bad_card', 'backup_owner: a person other than the owner');
  }
  const stranger = card.feature_reference.find(
    ({ feature }) => !card.feature_order.includes(feature),
  );
  if (stranger) {
    return fail('bad_card', `feature_reference: ${stranger.feature} is not in feature_order`);
  }
  const { training, performance } = card;
  const drawdown = performance.backtest_max_drawdown;
  const backtest = {
    sharpe: performance.backtest_sharpe ?? null,
    winRate: performance.backtest_win_rate ?? null,
    maxDrawdown: drawdown === undefined ? null : Math.abs(drawdown),
    trades: performance.backtest_trades ?? null,
  };
  return ok({
    model: card.model_id,
    version: card.version,
    hashes: {
      model: card.model_hash,
      normStats: training.norm_stats_hash ?? null,
      config: card.config_hash ?? null,
      dataset: training.dataset_hash ?? null,
    },
    featureOrder: card.feature_order,
    featureReference: card.feature_reference,
    training: {
      from: training.dataset_period?.slice(0, 10) ?? null,
      to: training.dataset_period?.slice(-10) ?? null,
      datasetVersion: training.dataset_version ?? null,
      runId: training.mlflow_run_id ?? null,
    },
    owner: card.owner ?? null,
    backupOwner: card.backup_owner ?? null,
    backtest: Object.values(backtest).every((one) => one === null) ? null : backtest,
    outOfSample: training.out_of_sample_validated,
    risks: card.risks,
    mitigations: card.mitigations,
    rollbackPlan: card.rollback_plan ?? null,
    createdDay: card.created_date ?? null,
  });
}
