import type { z } from 'zod';
import type { severitySchema } from '../alerts/events';
import type { Incident } from '../incidents/state';
import { incidentTitle } from '../incidents/title';
import type { LogEvent } from '../log/event';
import { MONITOR_ID } from '../monitor/monitor';
import { type EventDataOf, type EventType, eventData } from '../ops/events';
import type { OpsState } from '../ops/state';
import type { NotificationsPolicy } from '../policy/notifications';
import type { Origin, Scope } from '../protocol/commands';
import { say, sayAll, sayEither, sayWord } from '../words/phrase';
import {
  BY_SEVERITY,
  type Channel,
  channelSchema,
  type Kind,
  type Label,
  type Language,
  type Level,
  type Message,
  type Page,
  VALUE_MAX,
  type Value,
} from './message';

type Fields = readonly (readonly [label: Label, value: Value | null | undefined])[];

/** A message before its level is looked up. `silent` changes a page and is told to nobody. */
interface Draft {
  readonly key: string;
  readonly kind: Kind;
  readonly fields: Fields;
  readonly severity?: z.infer<typeof severitySchema>;
  readonly silent?: boolean;
  readonly channels?: readonly Channel[];
  readonly page?: Page;
  /** A mail address of the person it is for: it goes there whatever its level. */
  readonly to?: string | null;
  readonly runbook?: string | null;
}

type Teller = (event: LogEvent, state: OpsState) => Draft | null;

/** One row of the table: data that does not fit is not told of, as no fold acts on it. */
function told<Schema extends z.ZodType>(
  schema: Schema,
  tell: (data: z.output<Schema>, event: LogEvent, state: OpsState) => Draft | null,
): Teller {
  return (event, state) => {
    const parsed = schema.safeParse(event.data);
    return parsed.success ? tell(parsed.data, event, state) : null;
  };
}

function of<Type extends EventType>(
  type: Type,
  tell: (data: EventDataOf<Type>, event: LogEvent, state: OpsState) => Draft | null,
): Readonly<Record<string, Teller>> {
  return {
    [type]: told(eventData[type], (data, event, state) =>
      tell(data as EventDataOf<Type>, event, state),
    ),
  };
}

export const killKey = (commandId: string): string => `kill:${commandId}`;
const incidentKey = (id: string): string => `incident:${id}`;
const alertKey = (id: string): string => `alert:${id}`;
const deploymentKey = (id: string): string => `deployment:${id}`;

/** Alerts raised beside an event that is told of by itself. */
const TOLD_BY_ITS_EVENT: ReadonlySet<string> = new Set(['deployment_incomplete']);

/** Causes of incidents that were told of themselves: one trouble rings once. */
const TOLD_BY_ITS_CAUSE: ReadonlySet<string> = new Set(['kill', 'rollback_failed', 'alert']);

/** What is left of a desk whose live model was retired. */
const NONE_LIVE: Value = {
  es: 'era el modelo en producción: no queda ninguno',
  en: 'it was the model in production: none is left',
};

/** Every event that is told of. An event of another part is added by a line here. */
const TOLD: Readonly<Record<string, Teller>> = {
  ...of('kill.requested', ({ notifyTeam, scope, origin, targets, drill }, event) => {
    // Nobody is rung out of bed for a rehearsal.
    if (!notifyTeam || drill) return null;
    const { commandId, actor, reason, id } = event;
    const known = targets.flatMap((one) => one.positions ?? []);
    return killDraft(commandId ?? id, {
      ...{ by: actor.id, reason, scope, origin },
      positions: known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0),
    });
  }),
  ...of('ops.resumed', ({ scope, approvedBy, flat }, event, { kills }) => {
    const lifted = kills.filter(({ resumedAt }) => resumedAt === event.ts);
    const keys = lifted.map(({ commandId }) => killKey(commandId));
    return {
      key: `resume:${event.id}`,
      kind: 'resume',
      fields: [
        ['by', approvedBy.join(', ')],
        ['reason', event.reason],
        ['scope', scopeText(scope)],
        ['flat', flat ? { es: 'sí', en: 'yes' } : { es: 'NO comprobado', en: 'NOT proven' }],
      ],
      ...(keys.length > 0 && { page: { action: 'resolve', keys } }),
    };
  }),
  ...of('ops.resume_requested', ({ scope, expiresAt }, event) => ({
    key: `resume_wanted:${event.id}`,
    kind: 'resume_wanted',
    fields: [...byAndWhy(event), ['scope', scopeText(scope)], ['expires', { at: expiresAt }]],
  })),
  ...of('ops.paused', ({ scope, origin }, event) => ({
    key: `pause:${event.id}`,
    kind: 'pause',
    fields: [...byAndWhy(event), ['scope', scopeText(scope)], ['origin', named('origin', origin)]],
  })),
  ...of('deployment.started', ({ deployment, kind, model, previous, engines }, event) => {
    if (kind !== 'rollback') return null;
    return {
      key: `rollback:${deployment}`,
      kind: event.actor.id === MONITOR_ID ? 'auto_rollback' : 'rollback',
      fields: [
        ...byAndWhy(event),
        ['previous', previous],
        ['model', model],
        ['engines', engines.join(', ')],
      ],
    };
  }),
  ...of('deployment.incomplete', ({ deployment, model, engines }, event, state) => {
    const known = state.models.deployments.find(({ id }) => id === deployment);
    const back = known?.kind === 'rollback';
    return {
      key: `incomplete:${event.id}`,
      kind: back ? 'rollback_failed' : 'deployment_failed',
      fields: [
        ['model', model],
        ['engines', engines.join(', ')],
        ['by', known?.by.id],
        ['reason', known?.reason],
      ],
      page: { action: 'trigger', keys: [deploymentKey(deployment)] },
    };
  }),
  ...of('deployment.completed', ({ deployment, model, engines }, event, state) => {
    const known = state.models.deployments.find(({ id }) => id === deployment);
    return {
      key: `complete:${event.id}`,
      kind: 'rollback_done',
      silent: known?.kind !== 'rollback',
      fields: [
        ['model', model],
        ['engines', engines.join(', ')],
      ],
      page: { action: 'resolve', keys: [deploymentKey(deployment)] },
    };
  }),
  ...of('model.stage_changed', ({ model, from, to, cause, retirement }, event) => {
    const stages = inBoth((language) =>
      [from, to].map((stage) => sayWord(`stage.${stage}`, language)).join(' → '),
    );
    const fields: Fields = [['model', model], ['stage', stages], ...byAndWhy(event)];
    switch (cause) {
      case 'promotion':
      case 'emergency_promotion':
        return { key: `promotion:${event.id}`, kind: 'promotion', fields };
      case 'retirement':
      case 'emergency_retirement':
        return {
          key: `retirement:${event.id}`,
          kind: cause,
          fields: [
            ...fields,
            ['cause', retirement && named('retire', retirement)],
            ['detail', from === 'production' ? NONE_LIVE : null],
          ],
        };
      default:
        return null;
    }
  }),
  ...of('promotion.requested', ({ request, model, target, expiresAt }, event) => ({
    key: `approval:${request}`,
    kind: 'approval_wanted',
    fields: [
      ['model', model],
      ['stage', named('stage', target)],
      ...byAndWhy(event),
      ['expires', { at: expiresAt }],
    ],
  })),
  // Raised again while it stands, an alert is the same message; worse than before, it is another.
  ...of(
    'alert.raised',
    ({ alert, severity, kind, model, engine, detail, said, outside }, event, state) => {
      if (TOLD_BY_ITS_EVENT.has(kind)) return null;
      return {
        key: `alert:${alert}:${state.alerts.active[alert]?.raisedAt ?? event.ts}:${severity}`,
        kind: 'alert',
        severity,
        fields: [
          ['severity', severity],
          ['title', named('alert', kind)],
          ['detail', inBoth((language) => sayEither(said, detail, language))],
          ['model', model],
          ['engine', engine],
        ],
        page: { action: 'trigger', keys: [alertKey(alert)] },
        runbook: outside?.runbook ?? null,
      };
    },
  ),
  ...of('alert.cleared', ({ alert, cause }, event) => ({
    key: `alert_cleared:${event.id}`,
    kind: 'alert',
    silent: true,
    fields: [['cause', inBoth((language) => say({ code: cause }, language))]],
    page: { action: 'resolve', keys: [alertKey(alert)] },
  })),
  ...of('engine.lost', ({ engine, cause, said }, event, state) => ({
    key: `engine_lost:${event.id}`,
    kind: 'engine_lost',
    fields: [
      ['engine', state.engines[engine]?.name ?? engine],
      ['cause', inBoth((language) => sayEither(said, cause, language))],
    ],
  })),
  ...of('incident.opened', ({ incident: id, severity, title, said, cause }, event) => {
    if (TOLD_BY_ITS_CAUSE.has(cause)) return null;
    return {
      key: `incident_opened:${event.id}`,
      kind: 'incident_opened',
      severity,
      fields: [
        ['severity', severity],
        ['title', inBoth((language) => (said ? sayAll(said, language) : title))],
        ['cause', named('cause', cause)],
        ['incident', id],
      ],
      page: { action: 'trigger', keys: [incidentKey(id)] },
    };
  }),
  ...of('incident.acknowledged', ({ incident: id }, event, state) => ({
    key: `incident_acknowledged:${event.id}`,
    kind: 'incident_acknowledged',
    fields: [['incident', titleOf(state, id)], ...byAndWhy(event)],
    page: { action: 'acknowledge', keys: pagesOf(state, id) },
  })),
  ...of('incident.escalated', ({ incident: id, step, role, contact, onDuty }, event, state) => ({
    key: `incident_escalated:${event.id}`,
    kind: 'incident_escalated',
    severity: incidentOf(state, id)?.severity ?? 'P1',
    to: contact?.email ?? null,
    fields: [
      ['incident', titleOf(state, id)],
      ['step', inBoth((language) => `${step} · ${sayWord(`contact.${role}`, language)}`)],
      ['contact', contactText(contact)],
      ['detail', onDuty ? null : { es: 'fuera de su horario', en: 'off duty' }],
    ],
  })),
  ...of('incident.resolved', ({ incident: id }, event, state) => ({
    key: `incident_resolved:${event.id}`,
    kind: 'incident_resolved',
    fields: [['incident', titleOf(state, id)], ...byAndWhy(event)],
    page: { action: 'resolve', keys: pagesOf(state, id) },
  })),
  // Its channels are those that its author named, whatever its level.
  ...of('incident.message_sent', ({ incident: id, text, channels }, event, state) => ({
    key: `incident_message:${event.id}`,
    kind: 'incident_message',
    channels: channelSchema.options.filter((one) => channels.includes(one)),
    fields: [
      ['incident', titleOf(state, id)],
      ['by', event.actor.id],
      ...parts(text).map((part) => ['message', part] as const),
    ],
  })),
  ...of('action_item.reminded', ({ item, owner, due, late }, event, { incidents }) => {
    const known = incidents.actionItems.find(({ id }) => id === item);
    return {
      key: `action_item_due:${event.id}`,
      kind: 'action_item_due',
      fields: [
        ['title', known?.text],
        ['owner', owner],
        ['expires', late ? { es: `${due} (vencida)`, en: `${due} (late)` } : due],
      ],
    };
  }),
  ...of('report.ready', ({ report, title, titles }, event) => ({
    key: `report_ready:${event.id}`,
    kind: 'report_ready',
    fields: [
      ['title', titles ?? title],
      ['report', report],
    ],
  })),
};

/**
 * What is told of an event, if anything. The key follows from the event alone, so that whoever tells
 * of it tells of the same thing.
 *
 * @param state the fold with the event in it; it gives names and causes, never the key.
 */
export function messageFor(
  event: LogEvent,
  state: OpsState,
  policy: NotificationsPolicy,
): Message | null {
  const tell = Object.hasOwn(TOLD, event.type) ? TOLD[event.type] : undefined;
  const draft = tell?.(event, state) ?? null;
  return draft && complete(draft, event.ts, policy);
}

/** Keys of the pages that an incident may have rung: its own, and those of what opened it. */
export function pagesOf(state: OpsState, id: string): string[] {
  const known = incidentOf(state, id);
  const ordered = known?.correlations.flatMap((one) => [killKey(one), deploymentKey(one)]) ?? [];
  return [incidentKey(id), ...ordered, ...(known?.alerts.map(alertKey) ?? [])];
}

function incidentOf({ incidents }: OpsState, id: string): Incident | undefined {
  return incidents.incidents.find((one) => one.id === id);
}

function titleOf(state: OpsState, id: string): Value {
  const known = incidentOf(state, id);
  return known ? inBoth((language) => `#${known.number} ${incidentTitle(known, language)}`) : id;
}

/** A text that each reader has in his language. */
function inBoth(text: (language: Language) => string): Value {
  return { es: text('es'), en: text('en') };
}

/** One of our own names. */
const named = (kind: string, name: string): Value =>
  inBoth((language) => sayWord(`${kind}.${name}`, language));

function contactText(contact: EventDataOf<'incident.escalated'>['contact']): string | null {
  if (!contact) return null;
  return [contact.name, contact.phone].filter((one) => one !== null).join(' · ') || contact.role;
}

interface ToldKill {
  readonly by: string;
  readonly reason: string | null;
  readonly scope: Scope;
  readonly origin: Origin;
  readonly positions: number | null;
}

function killDraft(commandId: string, kill: ToldKill): Draft {
  const { by, reason, scope, origin, positions } = kill;
  return {
    key: killKey(commandId),
    kind: 'kill',
    fields: [
      ['by', by],
      ['reason', reason],
      ['scope', scopeText(scope)],
      ['origin', named('origin', origin)],
      ['positions', positions === null ? null : String(positions)],
    ],
    page: { action: 'trigger', keys: [killKey(commandId)] },
  };
}

/**
 * The message of a kill that no gateway has acknowledged, as its own terminal tells of it: the key
 * is the one that the gateway will use.
 */
export function messageForKill(
  commandId: string,
  kill: Omit<ToldKill, 'positions'>,
  issuedAt: number,
  policy: NotificationsPolicy,
): Message {
  const draft = killDraft(commandId, { ...kill, positions: null });
  const unacknowledged: Value = {
    es: 'ningún gateway la ha confirmado; la avisa el terminal',
    en: 'no gateway has acknowledged it; the terminal says so itself',
  };
  const told: Draft = { ...draft, fields: [...draft.fields, ['detail', unacknowledged]] };
  return complete(told, issuedAt, policy);
}

/** A text in as many values as it takes, so that nothing of it is cut. */
function parts(text: string): string[] {
  const out: string[] = [];
  for (let from = 0; from < text.length; from += VALUE_MAX) {
    out.push(text.slice(from, from + VALUE_MAX));
  }
  return out;
}

function complete(draft: Draft, at: number, policy: NotificationsPolicy): Message {
  const { key, kind, severity, silent, page, to, runbook } = draft;
  const fields = draft.fields.flatMap(([label, value]) =>
    value === null || value === undefined || value === '' ? [] : [{ label, value }],
  );
  const level = silent ? null : levelOf(kind, severity, policy);
  const usual = level === null ? [] : policy.channels[level];
  const channels = draft.channels ?? (to ? [...new Set<Channel>([...usual, 'email'])] : undefined);
  return {
    ...{ key: key.slice(0, 255), kind, level, at, fields, page: page ?? null },
    ...(channels && { channels: [...channels] }),
    ...(to && { to: [to], toAlone: !usual.includes('email') }),
    ...(runbook && { runbook }),
  };
}

function levelOf(kind: Kind, severity: Draft['severity'], policy: NotificationsPolicy): Level {
  if (severity) return policy.severities[severity];
  return isBySeverity(kind) ? policy.severities.P3 : policy.kinds[kind];
}

function isBySeverity(kind: Kind): kind is (typeof BY_SEVERITY)[number] {
  return (BY_SEVERITY as readonly Kind[]).includes(kind);
}

function byAndWhy({ actor, reason }: LogEvent): Fields {
  return [
    ['by', actor.id],
    ['reason', reason],
  ];
}

function scopeText(scope: Scope): Value {
  return scope.kind === 'all'
    ? { es: 'toda la mesa', en: 'the whole desk' }
    : scope.engines.join(', ');
}
