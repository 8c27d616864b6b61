import { z } from 'zod';
import { type Fetch, type HttpFailure, readAnswer } from '../../../node/fetchJson';
import type { Ticked } from '../../../shared/protocol/engine';
import type { Result } from '../../../shared/result';
import type { Clock } from '../../../shared/time';
import { createTokenBucket, type Priority } from '../client/tokenBucket';

/** The calls of the inference service that the bridge makes, each answer read by its schema. */

const text = z.string().max(512);
const version = z.union([z.string(), z.number()]).transform(String);

const statusSchema = z.object({
  mode: z.enum(['normal', 'paused', 'killed']),
  kill_switch_active: z.boolean(),
  activated_at: text.nullish(),
  activated_by: text.nullish(),
  reason: z.string().max(4_100).nullish(),
  timestamp: text.nullish(),
});
export type ServiceStatus = z.output<typeof statusSchema>;

const healthSchema = z.looseObject({
  status: text,
  model_loaded: z.boolean().nullish().catch(null),
  database_connected: z.boolean().nullish().catch(null),
});
export type ServiceHealth = z.output<typeof healthSchema>;

const actedSchema = z.object({ success: z.boolean(), message: z.string().nullish() });

const tradeSchema = z.looseObject({
  trade_id: z.union([z.string().min(1).max(128), z.number()]).transform(String),
  model_id: text.nullish(),
  symbol: text.nullish(),
  entry_time: text.nullish(),
  exit_time: text.nullish(),
  side: z.string().max(16).nullish(),
  quantity: z.number().nonnegative().nullish(),
  entry_price: z.number().nullish(),
  exit_price: z.number().nullish(),
  pnl: z.number().nullish(),
  status: text.nullish(),
});
export type ServiceTrade = z.output<typeof tradeSchema>;

const tradesSchema = z.object({
  trades: z.array(tradeSchema).max(500),
  total: z.int().nonnegative().nullish(),
  has_more: z.boolean().nullish(),
});

const modelsSchema = z.object({
  models: z
    .array(
      z.looseObject({
        model_id: z.string().min(1).max(128),
        version: version.nullish(),
        status: text.nullish(),
        db_status: text.nullish(),
      }),
    )
    .max(256),
});
export type ServiceModel = z.output<typeof modelsSchema>['models'][number];

const targetSchema = z.looseObject({ model_id: z.string().min(1).max(128), version });
const targetsSchema = z.object({
  current_production: z
    .union([z.string(), z.looseObject({ model_id: z.string().min(1).max(128) })])
    .nullish()
    .transform((current) => (typeof current === 'string' ? current : (current?.model_id ?? null))),
  available_targets: z.array(targetSchema).max(16),
});
export type RollbackTargets = z.output<typeof targetsSchema>;

const day = z.string().max(64).nullish();
const lineageSchema = z.looseObject({
  model_id: z.string().min(1).max(128),
  model_version: version.nullish(),
  model_hash: text.nullish(),
  norm_stats_hash: text.nullish(),
  config_hash: text.nullish(),
  dataset_hash: text.nullish(),
  feature_order: z.array(z.string().max(128)).max(2_000).nullish(),
  dataset: z.looseObject({ training_start_date: day, training_end_date: day }).nullish(),
  test_sharpe: z.number().nullish(),
  test_max_drawdown: z.number().nullish(),
  test_win_rate: z.number().nullish(),
  trade_count: z.number().nullish(),
});
export type ModelLineage = z.output<typeof lineageSchema>;

const reloadSchema = z.object({
  success: z.boolean(),
  failed_models: z.array(text).max(256).default([]),
  message: z.string().nullish(),
});

export type Answered<T> = Promise<Result<T, HttpFailure>>;

export interface InferenceApi {
  status(priority: Priority): Answered<ServiceStatus>;
  kill(
    closePositions: boolean,
    notifyTeam: boolean,
    reason: string,
  ): Answered<{ success: boolean }>;
  pause(reason: string): Answered<{ success: boolean }>;
  resume(): Answered<{ success: boolean }>;
  health(): Answered<ServiceHealth>;
  /** All of them, however many pages they are. */
  openTrades(priority: Priority): Answered<readonly ServiceTrade[]>;
  models(priority: Priority): Answered<readonly ServiceModel[]>;
  targets(priority: Priority): Answered<RollbackTargets>;
  lineage(model: string, priority: Priority): Answered<ModelLineage>;
  rollback(targetVersion: number | null, reason: string): Answered<z.output<typeof actedSchema>>;
  promote(model: string, reason: string, checklist: Ticked): Answered<z.output<typeof actedSchema>>;
  reload(): Answered<z.output<typeof reloadSchema>>;
  /** When the service last answered anything at all, by `uptime`. */
  answeredAt(): number | null;
  stop(): void;
}

/** How often what was too much is asked again, and the longest wait before it. */
const ATTEMPTS = 4;
const LIMITED_MS = 1_000;
const PAGE = 500;
const PAGES_MAX = 10;
const TIMEOUT_MS = 5_000;
/** A kill waits for no answer longer than this before it looks what became of it. */
const KILL_TIMEOUT_MS = 3_000;
/** The limit is 100 a minute; what is left over is for clocks that do not agree on a minute. */
const RATE = { perMinute: 92, burst: 20, keeps: { urgent: 0, look: 4, normal: 8 } } as const;

export function createInferenceApi(options: {
  /** `http://host:port`, without `/api/v1`. */
  readonly address: string;
  readonly apiKey: string;
  /** Who acts, in the service's own records: a stop of that name is this gateway's. */
  readonly owner: string;
  readonly fetch: Fetch;
  /** Resolves after so many ms. */
  readonly after: (ms: number) => Promise<void>;
  readonly uptime: Clock;
  /** The command on whose behalf it is asked, if any: the service echoes it as `X-Request-ID`. */
  readonly requestId?: () => string | undefined;
}): InferenceApi {
  const { uptime } = options;
  const bucket = createTokenBucket({ ...RATE, uptime });
  let answeredAt: number | null = null;

  async function ask<Schema extends z.ZodType>(
    priority: Priority,
    method: 'GET' | 'POST',
    path: string,
    schema: Schema,
    body?: object,
  ): Answered<z.output<Schema>> {
    const requestId = options.requestId?.();
    // What no header may hold would keep the call itself from being made.
    const named = requestId !== undefined && /^[\x21-\x7e]{1,128}$/.test(requestId);
    const correlation = named ? { 'x-request-id': requestId } : {};
    for (let attempt = 1; ; attempt += 1) {
      await bucket.take(priority);
      const answer = await options.fetch({
        ...{ method, url: `${options.address}/api/v1${path}`, body },
        headers: { 'x-api-key': options.apiKey, ...correlation },
        timeoutMs: priority === 'normal' ? TIMEOUT_MS : KILL_TIMEOUT_MS,
      });
      if (answer.ok) answeredAt = uptime();
      const limited = answer.ok && answer.value.status === 429;
      if (!limited) return readAnswer(answer, schema);
      const wait = answer.value.retryAfterMs ?? LIMITED_MS;
      bucket.holdBack(wait);
      // Too much, and so not carried out: what matters is asked again, since others use the limit too.
      if (priority === 'normal' || attempt >= ATTEMPTS) return readAnswer(answer, schema);
      await options.after(Math.min(wait, LIMITED_MS));
    }
  }

  async function openTrades(priority: Priority): Answered<readonly ServiceTrade[]> {
    const trades: ServiceTrade[] = [];
    for (let page = 1; page <= PAGES_MAX; page += 1) {
      const path = `/trades?status=open&page=${page}&page_size=${PAGE}`;
      const answer = await ask(priority, 'GET', path, tradesSchema);
      if (!answer.ok) return answer;
      // A service that leaves the filter out of account shows closed ones too.
      trades.push(...answer.value.trades.filter(({ status }) => status !== 'closed'));
      const { total, has_more } = answer.value;
      const missing = answer.value.trades.length === 0 && (total ?? 0) > trades.length;
      if (missing) {
        const message = `${total} trades in total and none on page ${page}`;
        return { ok: false, error: { code: 'malformed', message } };
      }
      if (!has_more) return { ok: true, value: trades };
    }
    return { ok: false, error: { code: 'malformed', message: 'too many pages of open trades' } };
  }

  return {
    status: (priority) => ask(priority, 'GET', '/operations/status', statusSchema),
    kill: (close_positions, notify_team, reason) =>
      ask('urgent', 'POST', '/operations/kill-switch', actedSchema, {
        ...{ reason, activated_by: options.owner, close_positions, notify_team },
      }),
    pause: (reason) =>
      ask('urgent', 'POST', '/operations/pause', actedSchema, { paused_by: options.owner, reason }),
    resume: () =>
      ask('urgent', 'POST', '/operations/resume', actedSchema, {
        ...{ resumed_by: options.owner, confirmation_code: 'CONFIRM_RESUME' },
      }),
    health: () => ask('normal', 'GET', '/health', healthSchema),
    openTrades,
    async models(priority) {
      const answer = await ask(priority, 'GET', '/models', modelsSchema);
      return answer.ok ? { ok: true, value: answer.value.models } : answer;
    },
    targets: (priority) => ask(priority, 'GET', '/models/rollback-targets', targetsSchema),
    lineage: (model, priority) =>
      ask(priority, 'GET', `/lineage/model/${encodeURIComponent(model)}`, lineageSchema),
    rollback: (target_version, reason) =>
      ask('urgent', 'POST', '/models/rollback', actedSchema, {
        ...{ target_version, reason, initiated_by: options.owner },
      }),
    promote: (model, reason, ticked) =>
      ask('urgent', 'POST', `/models/${encodeURIComponent(model)}/promote`, actedSchema, {
        ...{ target_stage: 'production', reason, promoted_by: options.owner },
        checklist: {
          backtest_reviewed: ticked.backtestReviewed,
          metrics_acceptable: ticked.metricsAcceptable,
          team_notified: ticked.teamNotified,
        },
      }),
    reload: () => ask('urgent', 'POST', '/models/reload', reloadSchema),
    answeredAt: () => answeredAt,
    stop: bucket.stop,
  };
}
