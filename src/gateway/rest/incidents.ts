import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { readAlertmanager } from '../../shared/alerts/alertmanager';
import { isFlapping } from '../../shared/alerts/state';
import { annulment } from '../../shared/incidents/annulment';
import { impactOf } from '../../shared/incidents/impact';
import { incidentKpis } from '../../shared/incidents/kpis';
import type { Incident } from '../../shared/incidents/state';
import type { Policies } from '../../shared/policy/inForce';
import type { Clock } from '../../shared/time';
import type { AlertIntake } from '../alerts/intake';
import type { Commands } from '../commands';
import type { Books } from '../incidents/books';
import type { GatewayLog } from '../log';
import { fields, give, statusOf, type Variables } from './give';

export interface IncidentsRestOptions {
  readonly log: GatewayLog;
  readonly commands: Commands;
  readonly policies: () => Policies;
  readonly books: Books;
  readonly alerts: AlertIntake;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;

/** Calls about incidents, under `/incidents`. */
export function incidentRoutes(options: IncidentsRestOptions): Hono<Variables> {
  const { log, commands, clock, books } = options;
  const app = new Hono<Variables>();
  const state = () => log.state().incidents;
  const find = (id: string) => state().incidents.find((one) => one.id === id);

  app.get('/', (context) => {
    const activeOnly = context.req.query('active') === 'true';
    const shown = state().incidents.filter(({ resolved }) => !activeOnly || resolved === null);
    return context.json({ incidents: shown.map(summary), total: shown.length });
  });

  app.post('/', async (context) => {
    const body = await fields(context);
    const id = typeof body.command_id === 'string' ? body.command_id : randomUUID();
    const refused = await give(commands, context, 'incident.open', id, clock(), {
      severity: body.severity,
      title: body.title,
      reason: body.reason ?? body.title,
      alerts: body.alerts ?? [],
      playbook: body.playbook ?? null,
    });
    if (refused) {
      return context.json({ detail: refused.message, code: refused.code }, statusOf(refused));
    }
    const opened = find(id);
    return context.json({ success: true, ...(opened ? summary(opened) : {}) }, 201);
  });

  app.get('/kpis', (context) => {
    const now = clock();
    const asked = (name: string, otherwise: number) => {
      const value = Number(context.req.query(name) ?? Number.NaN);
      return Number.isFinite(value) ? value : otherwise;
    };
    const to = asked('to', now);
    const period = { from: asked('from', to - 30 * DAY_MS), to };
    return context.json({ ...period, kpis: incidentKpis(state(), period) });
  });

  app.get('/:id', (context) => {
    const incident = find(context.req.param('id'));
    if (!incident) return context.json({ detail: 'no incident of that id is kept' }, 404);
    const now = clock();
    const { annulmentMs } = options.policies().incidents;
    return context.json({
      ...summary(incident),
      reason: incident.reason,
      impact: impactOf(incident, books.now(), now),
      timeline: incident.timeline,
      entries: incident.entries,
      escalation: incident.escalation,
      annulment: annulment(books.executions(), incident, now, annulmentMs),
    });
  });

  app.post('/:id/ack', async (context) => {
    const incident = context.req.param('id');
    const params = { incident, via: 'rest' };
    const id = randomUUID();
    const refused = await give(commands, context, 'incident.acknowledge', id, clock(), params);
    if (refused) {
      return context.json({ detail: refused.message, code: refused.code }, statusOf(refused));
    }
    const taken = find(incident);
    return context.json({ success: true, ...(taken ? summary(taken) : {}) });
  });
  return app;
}

/** Calls about alerts, under `/alerts`. */
export function alertRoutes(options: IncidentsRestOptions): Hono<Variables> {
  const { log, clock } = options;
  const app = new Hono<Variables>();

  app.get('/', (context) => {
    const { flapping } = options.policies().incidents.alerts;
    const now = clock();
    const active = Object.values(log.state().alerts.active).map((alert) => ({
      ...alert,
      flapping: isFlapping(alert, flapping, now),
    }));
    return context.json({ alerts: active, total: active.length });
  });

  app.post('/alertmanager', async (context) => {
    const allowed = options.policies().incidents.permissions.raiseAlerts;
    if (!context.get('operator').roles.some((role) => allowed.includes(role))) {
      return context.json({ detail: 'your roles may not raise alerts' }, 403);
    }
    const body: unknown = await context.req.json().catch(() => null);
    const read = readAlertmanager(body);
    if (!read.ok) return context.json({ detail: read.error.message }, 400);
    const taken = options.alerts.take(read.value);
    return context.json({ success: true, taken, total: read.value.alerts.length });
  });
  return app;
}

function summary(incident: Incident) {
  const { id, number, severity, title, cause, stage, commander, alerts, playbook } = incident;
  const iso = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
  return {
    ...{ id, number, severity, title, cause, state: stage, commander, alerts, playbook },
    opened_at: iso(incident.opened.at),
    acknowledged_at: iso(incident.acknowledged?.at),
    acknowledged_by: incident.acknowledged?.by.id ?? null,
    resolved_at: iso(incident.resolved?.at),
    closed_at: iso(incident.closed?.at),
    response_due_at: iso(incident.responseDueAt ?? undefined),
  };
}
