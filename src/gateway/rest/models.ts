import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { openSince } from '../../shared/incidents/state';
import type { Metrics } from '../../shared/models/model';
import {
  type RollbackTarget,
  recommendedTarget,
  rollbackTargets,
} from '../../shared/models/rollback';
import type { ModelRecord } from '../../shared/models/state';
import type { Policies } from '../../shared/policy/inForce';
import type { Clock } from '../../shared/time';
import type { Commands } from '../commands';
import type { GatewayLog } from '../log';
import { fields, give, statusOf, type Variables } from './give';

export interface ModelsRestOptions {
  readonly log: GatewayLog;
  readonly commands: Commands;
  readonly policies: () => Policies;
  readonly clock: Clock;
}

/** How long a rollback over REST waits for the engines before it answers with what is known. */
const WAIT_MS = 10_000;

/** The plan's calls about models, with its field names and ours beside them. */
export function modelRoutes(options: ModelsRestOptions): Hono<Variables> {
  const { log, commands, clock } = options;
  const app = new Hono<Variables>();
  const models = () => log.state().models;
  const targets = () => {
    const { incidents } = log.state();
    return rollbackTargets(models(), options.policies().models, clock(), openSince(incidents));
  };

  app.get('/', (context) => {
    const all = Object.values(models().models).map(summary);
    return context.json({ models: all, default_model: models().production, total: all.length });
  });

  app.post('/', async (context) => {
    const id = randomUUID();
    const card = await fields(context);
    const refused = await give(commands, context, 'model.register', id, clock(), { card });
    if (refused) {
      return context.json({ detail: refused.message, code: refused.code }, statusOf(refused));
    }
    const model = models().models[String(card.model_id)];
    return context.json({ success: true, ...(model ? summary(model) : {}), command_id: id }, 201);
  });

  app.get('/rollback-targets', (context) => {
    const found = targets();
    const live = models().production;
    const current = live === null ? null : models().models[live];
    const recommended = recommendedTarget(found);
    return context.json({
      current_production: current ? summary(current) : null,
      available_targets: found.map(targetOf),
      recommendation: recommended ? targetOf(recommended) : null,
      recommendation_reason: recommended
        ? 'the model that was live most recently and that every engine can load'
        : 'no model that was live can be taken',
    });
  });

  app.post('/rollback', async (context) => {
    const body = await fields(context);
    const startedAt = clock();
    const target = chosen(body);
    if (target === null) {
      return context.json({ detail: 'No rollback target found' }, 404);
    }
    const by = String(body.initiated_by ?? 'dashboard');
    const text = String(body.reason ?? '').trim();
    const reason = text === '' ? '' : `${text} (${by})`;
    const id = typeof body.command_id === 'string' ? body.command_id : randomUUID();
    const previous = models().production;
    const params = { target, reason, origin: 'rest' };
    const refused = await give(commands, context, 'model.rollback', id, startedAt, params);
    if (refused) {
      return context.json({ detail: refused.message, code: refused.code }, statusOf(refused));
    }
    await deployed(id);
    const deployment = models().deployments.find((one) => one.id === id);
    const complete = deployment?.completedAt != null;
    return context.json({
      success: complete,
      previous_model: deployment?.previous ?? previous,
      new_model: target,
      rollback_time_ms: deployment?.tookMs ?? clock() - startedAt,
      message: complete
        ? `Rollback completed in ${deployment?.tookMs} ms`
        : 'The rollback is on record; not every engine runs the model yet and entries are blocked there',
      state: complete ? 'complete' : deployment?.incompleteAt ? 'incomplete' : 'running',
      engines: deployment?.engines ?? {},
      command_id: id,
    });
  });

  app.post('/:model/promote', async (context) => {
    const body = await fields(context);
    const id = randomUUID();
    const listed = (body.checklist ?? {}) as Record<string, unknown>;
    const by = String(body.promoted_by ?? 'dashboard');
    const text = String(body.reason ?? '').trim();
    const model = context.req.param('model');
    const before = models().models[model]?.stage ?? null;
    const refused = await give(commands, context, 'model.promote', id, clock(), {
      model,
      target: body.target_stage,
      reason: text === '' ? '' : `${text} (${by})`,
      checklist: {
        backtestReviewed: listed.backtest_reviewed,
        metricsAcceptable: listed.metrics_acceptable,
        teamNotified: listed.team_notified,
      },
      origin: 'rest',
    });
    if (refused) {
      return context.json({ detail: refused.message, code: refused.code }, statusOf(refused));
    }
    const after = models().models[model]?.stage ?? null;
    const request = models().requests.find((one) => one.id === id);
    const answer = {
      success: after !== before,
      model_id: model,
      new_stage: after,
      previous_stage: before,
      message: request
        ? `Promotion requested; it waits for: ${request.needs.join(', ')}`
        : `Promoted to ${after}`,
      metrics_passed: true,
      promoted_at: after === before ? null : new Date(clock()).toISOString(),
      request_id: request?.id ?? null,
    };
    return context.json(answer, request ? 202 : 200);
  });
  return app;

  /** The very model that was chosen, by id or by version; the recommended one where none was. */
  function chosen(body: Record<string, unknown>): string | null {
    const { target_model: model, target_version: version } = body;
    if (typeof model === 'string') return model;
    if (version === null || version === undefined) {
      return recommendedTarget(targets())?.model ?? null;
    }
    return targets().find((one) => one.version === String(version))?.model ?? null;
  }

  /** Resolves when every engine runs the model, or when it is known that one does not. */
  function deployed(id: string): Promise<void> {
    const settled = () => {
      const one = models().deployments.find((deployment) => deployment.id === id);
      return !one || one.completedAt !== null || one.incompleteAt !== null;
    };
    if (settled()) return Promise.resolve();
    return new Promise((done) => {
      const finish = () => {
        clearTimeout(timer);
        leave();
        done();
      };
      const timer = setTimeout(finish, WAIT_MS);
      const leave = log.onRecorded(() => {
        if (settled()) finish();
      });
    });
  }
}

function summary(model: ModelRecord) {
  return {
    model_id: model.model,
    display_name: model.model,
    version: model.version,
    status: model.stage,
    db_status: model.stage,
    observation_dim: model.featureOrder.length,
    description: model.risks[0] ?? '',
    model_hash: model.hashes.model,
    owner: model.owner,
    backup_owner: model.backupOwner,
    metrics: metricsOf(model.staging ?? model.backtest),
  };
}

function targetOf(target: RollbackTarget) {
  return {
    model_id: target.model,
    version: target.version,
    archived_at: new Date(target.archivedAt).toISOString(),
    metrics: metricsOf(target.staging ?? target.backtest),
    eligible: target.ineligible.length === 0,
    ineligible_because: target.ineligible,
  };
}

/** The plan's field names; its drawdown is a negative fraction. */
function metricsOf(metrics: Metrics | null) {
  const drawdown = metrics?.maxDrawdown ?? null;
  return {
    sharpe: metrics?.sharpe ?? null,
    win_rate: metrics?.winRate ?? null,
    max_drawdown: drawdown === null ? null : -drawdown,
    total_trades: metrics?.trades ?? null,
  };
}
