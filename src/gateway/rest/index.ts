import { randomUUID } from 'node:crypto';
import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Policies } from '../../shared/policy/inForce';
import { scopeSchema } from '../../shared/protocol/commands';
import type { Clock } from '../../shared/time';
import type { AlertIntake } from '../alerts/intake';
import { bearer, type Gatekeeper } from '../auth/gatekeeper';
import type { Commands } from '../commands';
import type { Guard } from '../guard';
import type { Books } from '../incidents/books';
import type { GatewayLog } from '../log';
import type { GatewayMetrics } from '../metrics';
import type { ReportFiles } from '../reports/files';
import { type AuditRestOptions, auditRoutes } from './audit';
import { fields, give, type Variables } from './give';
import { alertRoutes, incidentRoutes } from './incidents';
import { lineageRoutes } from './lineage';
import { modelRoutes } from './models';
import { pagerdutyWebhook } from './pagerduty';
import { reportRoutes } from './reports';

export interface RestOptions {
  readonly log: GatewayLog;
  readonly commands: Commands;
  readonly gate: Gatekeeper;
  readonly guard: Guard;
  readonly policies: () => Policies;
  readonly books: Books;
  readonly alerts: AlertIntake;
  readonly reports: Pick<ReportFiles, 'read' | 'takePdf'>;
  /** Signs PagerDuty's webhooks; null where none is expected. */
  readonly pagerdutySecret: string | null;
  readonly metrics: GatewayMetrics;
  readonly clock: Clock;
  readonly audit: Pick<AuditRestOptions, 'logFile' | 'desk' | 'sign'>;
}

const killBody = z.object({
  reason: z.string().default('kill switch over REST'),
  activated_by: z.string().default('dashboard'),
  close_positions: z.boolean().default(true),
  notify_team: z.boolean().default(true),
  command_id: z.uuid().optional(),
  issued_at: z.number().optional(),
  scope: scopeSchema.default({ kind: 'all' }),
  origin: z.enum(['hotkey', 'panel', 'console', 'tray', 'rest', 'cli']).default('rest'),
  /** False answers as soon as the kill is recorded, as a terminal wants that counts the seconds. */
  wait_for_proof: z.boolean().default(true),
});

const MAX_BODY_BYTES = 1_048_576;
/** A report's PDF; a year's is a few hundred KiB. */
const MAX_PDF_BYTES = 16_777_216;

const UNREADABLE = 'kill switch over REST; its body could not be understood';

/** How long a kill over REST waits for proof before it answers with what is known. */
const WAIT_FOR_PROOF_MS = 3_000;

/**
 * The plan's REST calls, under `/operations`, `/models`, `/incidents`, `/alerts` and `/reports`, and
 * OpenLineage's under `/lineage`, with `/api/v1` before them or not, and health and metrics. They
 * give the same commands as the sockets, with the plan's field names.
 */
export function createRest(options: RestOptions): Hono<Variables> {
  const { log, commands, clock } = options;
  const app = new Hono<Variables>();
  app.onError((error, context) => context.json({ detail: error.message }, 500));
  app.notFound((context) => context.json({ detail: 'not found' }, 404));
  app.get('/health', (context) => {
    const { unsavedEvents, storeError } = log.health();
    const status = storeError === null ? 'healthy' : 'degraded';
    return context.json({ status, unsaved_events: unsavedEvents, store_error: storeError });
  });
  app.get('/ready', (context) => context.json({ ready: true }));
  app.get('/metrics', async (context) => context.text(await options.metrics.text()));

  // PagerDuty carries no token of ours: it signs what it sends.
  const pagerduty = pagerdutyWebhook(log, options.pagerdutySecret);
  for (const path of ['/incidents/pagerduty', '/api/v1/incidents/pagerduty']) {
    app.post(path, atMost(MAX_BODY_BYTES), pagerduty);
  }

  const authenticated: MiddlewareHandler<Variables> = async (context, next) => {
    const remote = getConnInfo(context).remote.address ?? 'unknown';
    const who = await options.gate.admit(
      bearer(context.req.header('authorization')),
      remote,
      'rest',
    );
    if (who === 'limited') {
      options.metrics.refused('http', 'guessing');
      return context.json(
        { detail: 'too many wrong tokens from this address; wait a minute' },
        429,
      );
    }
    if (who === 'nobody' || who.kind !== 'operator') {
      options.metrics.refused('http', 'unauthenticated');
      return context.json({ detail: 'a bearer token of an operator is required' }, 401);
    }
    context.set('operator', who.operator);
    return next();
  };
  const paced: MiddlewareHandler<Variables> = async (context, next) => {
    if (options.guard.allowance('http', context.get('operator').id).take()) return next();
    options.metrics.refused('http', 'rate');
    context.header('retry-after', '1');
    return context.json({ detail: 'too many calls; this one was not read' }, 429);
  };

  // Before every limit: a kill is never refused. One that cannot be understood stops everything.
  const killLimit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (context: Context<Variables>) => kill(context, null),
  });
  for (const path of ['/operations/kill-switch', '/api/v1/operations/kill-switch']) {
    app.post(path, authenticated, killLimit, async (context) =>
      kill(context, await fields(context)),
    );
  }

  // Before the others, whose bodies are small.
  const reports = new Hono<Variables>();
  reports.use(authenticated, paced, atMost(MAX_PDF_BYTES));
  reports.route('/', reportRoutes(options));
  app.route('/api/v1/reports', reports);
  app.route('/reports', reports);

  const guarded = new Hono<Variables>();
  guarded.use(authenticated, paced, atMost(MAX_BODY_BYTES));
  const operations = new Hono<Variables>();

  operations.get('/status', (context) => context.json(status()));
  operations.post('/pause', async (context) => {
    const body = await fields(context);
    const by = String(body.paused_by ?? 'dashboard');
    const reason = `${String(body.reason ?? 'Manual pause')} (${by})`;
    const params = { scope: { kind: 'all' }, reason, origin: 'rest' };
    const refused = await give(commands, context, 'pause', randomUUID(), clock(), params);
    if (refused) return context.json({ detail: refused.message }, 403);
    return context.json({ success: true, mode: log.state().desk.mode, message: 'Trading paused' });
  });
  operations.post('/resume', async (context) => {
    const body = await fields(context);
    if (log.state().desk.mode === 'normal') {
      return context.json({ success: true, mode: 'normal', message: 'Trading already active' });
    }
    // The confirmation code given by a script stands for the checklist a person ticks.
    const checklist = { causeUnderstood: true, positionsReviewed: true, teamNotified: true };
    const by = String(body.resumed_by ?? 'dashboard');
    const refused = await give(commands, context, 'resume', randomUUID(), clock(), {
      scope: { kind: 'all' },
      reason: `${String(body.reason ?? 'Resume over REST')} (${by})`,
      confirmation: String(body.confirmation_code ?? ''),
      checklist,
      origin: 'rest',
    });
    if (refused?.code === 'wrong_confirmation') {
      return context.json({ detail: "Must provide confirmation_code='CONFIRM_RESUME'" }, 400);
    }
    if (refused) return context.json({ detail: refused.message }, 403);
    const { mode } = log.state().desk;
    if (mode !== 'normal' && mode !== 'reducing') {
      const message = 'Resume requested; a second person must approve it';
      return context.json({ success: false, mode, message }, 202);
    }
    return context.json({ success: true, mode, message: 'Trading resumed successfully' });
  });

  guarded.route('/operations', operations);
  guarded.route('/models', modelRoutes(options));
  guarded.route('/incidents', incidentRoutes(options));
  guarded.route('/alerts', alertRoutes(options));
  guarded.route('/lineage', lineageRoutes(options));
  guarded.route('/audit', auditRoutes({ ...options, ...options.audit }));
  app.route('/api/v1', guarded);
  app.route('/', guarded);
  return app;

  /** @param sent null for what was not read */
  async function kill(context: Context<Variables>, sent: object | null): Promise<Response> {
    const parsed = killBody.safeParse(sent).data ?? killBody.parse({ reason: UNREADABLE });
    const { reason, activated_by: by, command_id: id = randomUUID(), ...body } = parsed;
    await give(commands, context, 'kill', id, body.issued_at ?? clock(), {
      scope: body.scope,
      reason: by === 'dashboard' ? reason : `${reason} (${by})`,
      closePositions: body.close_positions,
      notifyTeam: body.notify_team,
      origin: body.origin,
    });
    if (body.wait_for_proof) await settled(id, body.close_positions);
    const known = log.state().kills.find((one) => one.commandId === id);
    const state = killState(id);
    const closed = provenClosed(id);
    return context.json({
      success: true,
      mode: 'killed',
      activated_at: new Date(known?.at ?? clock()).toISOString(),
      message: `Trading stopped. ${closed} positions proven closed; state: ${state}.`,
      positions_closed: closed,
      command_id: id,
      state,
      unsaved: known ? !log.isSaved(known) : true,
    });
  }

  function atMost(maxSize: number) {
    return bodyLimit({
      maxSize,
      onError(context) {
        options.metrics.refused('http', 'too_large');
        // The rest of the body is not read: the next call, which may be a kill, needs another connection.
        context.header('connection', 'close');
        return context.json({ detail: `a body of more than ${maxSize} bytes` }, 413);
      },
    });
  }

  function status() {
    const { desk, kills } = log.state();
    const kill = kills.find((one) => one.resumedAt === null);
    return {
      mode: desk.mode,
      kill_switch_active: desk.mode === 'killed',
      activated_at: kill ? new Date(kill.at).toISOString() : null,
      activated_by: kill?.by.id ?? null,
      reason: desk.mode === 'normal' ? null : desk.reason,
      timestamp: new Date(clock()).toISOString(),
      state: kill ? killState(kill.commandId) : null,
    };
  }

  function killState(id: string): 'flat' | 'halted' | 'unconfirmed' {
    const kill = log.state().kills.find((one) => one.commandId === id);
    if (kill?.flatAt != null) return 'flat';
    return kill?.haltedAt != null ? 'halted' : 'unconfirmed';
  }

  /** Positions that were open when the kill came and that a read-back has shown to be gone. */
  function provenClosed(id: string): number {
    const { chains, kills } = log.state();
    const targets = kills.find((one) => one.commandId === id)?.targets ?? [];
    return targets.reduce((sum, { engine, positions }) => {
      const held = chains[engine]?.held;
      return held && positions !== null
        ? sum + Math.max(0, positions - held.positions.length)
        : sum;
    }, 0);
  }

  /** Resolves when the kill is proven, or when waiting longer would keep the caller from the truth. */
  function settled(id: string, untilFlat: boolean): Promise<void> {
    const enough = () => killState(id) === 'flat' || (!untilFlat && killState(id) === 'halted');
    if (enough()) return Promise.resolve();
    return new Promise((done) => {
      const finish = () => {
        clearTimeout(timer);
        leave();
        done();
      };
      const timer = setTimeout(finish, WAIT_FOR_PROOF_MS);
      const leave = log.onRecorded(() => {
        if (enough()) finish();
      });
    });
  }
}
