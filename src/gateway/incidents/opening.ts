import type { Severity } from '../../shared/alerts/events';
import type { Alert } from '../../shared/alerts/state';
import { planEscalation } from '../../shared/incidents/escalation';
import {
  type Book,
  type EventRef,
  type IncidentCause,
  MAX_EVENTS_NAMED,
} from '../../shared/incidents/events';
import { activeIncidents, type Incident, type IncidentsState } from '../../shared/incidents/state';
import type { DomainEvent, EventOf } from '../../shared/ops/events';
import type { KillRecord, OpsState } from '../../shared/ops/state';
import type { Policies } from '../../shared/policy/inForce';
import { detailOf, type Phrase, phrase, say, word } from '../../shared/words/phrase';
import type { Fact } from '../facts';

type Trigger =
  | 'kill.requested'
  | 'alert.raised'
  | 'deployment.incomplete'
  | 'engine.lost'
  | 'deployment.started'
  | 'ops.paused'
  | 'ops.resumed';

/** An event that may open an incident, or belong to one that is open. */
export type Happening = EventOf<Trigger>;

/** Alerts that one incident names; a storm's others are counted where alerts are. */
const LINKS_MAX = 64;

const TRIGGERS: ReadonlySet<string> = new Set([
  'kill.requested',
  'alert.raised',
  'deployment.incomplete',
  'engine.lost',
  'deployment.started',
  'ops.paused',
  'ops.resumed',
] satisfies Trigger[]);

export function isHappening(event: DomainEvent): event is Happening {
  return TRIGGERS.has(event.type);
}

/** What an opening is made of, besides the state. */
export interface OpeningContext {
  readonly policies: Pick<Policies, 'incidents' | 'calendar'>;
  readonly books: () => readonly Book[];
  readonly tradesPerHour: () => number | null;
  readonly newId: () => string;
  /** Events of a command after a sequence, as far as they are known. */
  readonly related: (commandId: string, afterSeq: number) => readonly EventRef[];
  /** Unix ms. */
  readonly now: number;
}

interface Case {
  readonly severity: Severity;
  readonly cause: IncidentCause;
  readonly title: string;
  /** The title in phrases, where there are any. */
  readonly said?: readonly Phrase[];
  readonly subjects: readonly string[];
  readonly alerts: readonly string[];
  readonly correlation: string | null;
  readonly events: readonly EventRef[];
  readonly detectedFrom: number | null;
  readonly playbook: string | undefined;
  readonly reason: string | null;
}

/**
 * What an event leads to: a new incident, or its place in one that is open. One trouble has one
 * incident: an event that shares its command, its alert or its subject with an open one joins it.
 *
 * @param state the desk's state, the event folded.
 */
export function whatOpens(event: Happening, state: OpsState, context: OpeningContext): Fact[] {
  const active = activeIncidents(state.incidents);
  switch (event.type) {
    case 'kill.requested':
      return event.data.drill ? [] : killed(event, state, active, context);
    case 'alert.raised':
      return alerted(event, state, active, context);
    case 'deployment.incomplete':
      return incomplete(event, state, active, context);
    case 'engine.lost':
      return lost(event, state, active, context);
    case 'deployment.started':
    case 'ops.paused':
    case 'ops.resumed':
      return joined(event, active, context);
  }
}

function killed(
  event: EventOf<'kill.requested'>,
  state: OpsState,
  active: readonly Incident[],
  context: OpeningContext,
): Fact[] {
  const severity = context.policies.incidents.opening.kill;
  const covering = active.find((one) => one.severity <= severity);
  if (covering) return correlate(covering, event, context);
  const id = event.commandId;
  const kill = state.kills.find(({ commandId }) => commandId === id);
  return open(state, context, {
    ...{ severity, cause: 'kill', title: event.reason ?? 'kill', alerts: [] },
    subjects: (kill?.engines ?? []).map((engine) => `engine:${engine}`),
    correlation: id,
    events: [ref(event)],
    detectedFrom: troubleSince(state),
    playbook: context.policies.incidents.opening.playbooks.kill,
    reason: event.reason,
  });
}

function alerted(
  event: EventOf<'alert.raised'>,
  state: OpsState,
  active: readonly Incident[],
  context: OpeningContext,
): Fact[] {
  const { alert: id, severity, model, engine, kind, outside } = event.data;
  const { opening } = context.policies.incidents;
  if (!opening.alerts.includes(severity)) return [];
  const alert = state.alerts.active[id];
  const subjects = subjectsOf(model, engine, outside?.group);
  const covering =
    active.find((one) => one.alerts.includes(id)) ??
    active.find((one) => shares(one, subjects) || hasCommand(one, event.commandId)) ??
    stormOf(active, opening.alertIncidentsMax);
  if (covering) {
    const linkable = !covering.alerts.includes(id) && covering.alerts.length < LINKS_MAX;
    const facts = linkable ? [linked(covering, id, event)] : [];
    return [...facts, ...raised(covering, severity, context)];
  }
  // An alert that goes on after its incident was resolved does not open another by being repeated.
  if (alert && wasHandled(state.incidents, alert)) return [];
  const { detail, said } = event.data;
  const named = phrase('{kind}: {detail}', {
    ...{ kind: word(`alert.${kind}`), detail: said ? { all: said } : detail },
  });
  const title = outside?.summary || say(named, 'en');
  return open(state, context, {
    ...{ severity, cause: 'alert', title, subjects, alerts: [id] },
    ...(!outside?.summary && { said: [named] }),
    correlation: event.commandId,
    events: [ref(event)],
    detectedFrom: since(alert, state) ?? event.data.since ?? event.ts,
    playbook: opening.playbooks[kind] ?? opening.playbooks['*'],
    reason: event.reason,
  });
}

function incomplete(
  event: EventOf<'deployment.incomplete'>,
  state: OpsState,
  active: readonly Incident[],
  context: OpeningContext,
): Fact[] {
  const { deployment: id, model, engines } = event.data;
  const deployment = state.models.deployments.find((one) => one.id === id);
  if (deployment?.kind !== 'rollback') return [];
  const subjects = [model, deployment.previous].flatMap((one) => subjectsOf(one, null));
  const covering = active.find((one) => shares(one, subjects) || hasCommand(one, id));
  if (covering) return correlate(covering, event, context);
  const { opening } = context.policies.incidents;
  const started = { seq: deployment.seq, ts: deployment.startedAt, type: 'deployment.started' };
  return open(state, context, {
    ...{ severity: opening.rollbackFailed, cause: 'rollback_failed', subjects, alerts: [] },
    title: `${model}: ${engines.join(', ')}`,
    correlation: id,
    events: [started, ref(event)],
    detectedFrom: troubleSince(state) ?? deployment.startedAt,
    playbook: opening.playbooks.rollback_failed,
    reason: deployment.reason,
  });
}

function lost(
  event: EventOf<'engine.lost'>,
  state: OpsState,
  active: readonly Incident[],
  context: OpeningContext,
): Fact[] {
  const { engine, positions, cause, lastHeardAt } = event.data;
  if (!positions || state.engines[engine]?.connected) return [];
  const alert = lostAlert(engine);
  const severity = context.policies.incidents.opening.engineLostHolding;
  const subjects = subjectsOf(null, engine);
  const known = state.alerts.active[alert];
  const facts: Fact[] = known ? [] : [told(event, alert, severity)];
  const covering = active.find((one) => shares(one, subjects));
  if (covering) {
    const isLinked = covering.alerts.includes(alert);
    return [
      ...facts,
      ...(isLinked ? [] : [linked(covering, alert, event)]),
      ...raised(covering, severity, context),
    ];
  }
  if (known && wasHandled(state.incidents, known)) return [];
  const opened = open(state, context, {
    ...{ severity, cause: 'engine_lost', subjects, alerts: [alert], correlation: null },
    title: `${engine}: ${positions}`,
    events: [ref(event)],
    detectedFrom: Math.min(lastHeardAt, event.ts),
    playbook: context.policies.incidents.opening.playbooks.engine_lost,
    reason: cause,
  });
  return [...facts, ...opened];
}

function told(event: EventOf<'engine.lost'>, alert: string, severity: Severity): Fact {
  const { engine, positions, lastHeardAt } = event.data;
  const said = phrase('{engine} was lost ({cause}) while it held {positions} positions', {
    ...{ engine, cause: { all: whyLost(event.data) }, positions },
  });
  const about = { alert, severity, kind: 'engine_lost_holding', model: null, engine };
  const since = Math.min(lastHeardAt, event.ts);
  return { type: 'alert.raised', data: { ...about, ...detailOf([said]), source: 'engine', since } };
}

/** Why an engine was lost, in phrases; in its own words where it was not said so. */
const whyLost = ({ cause, said }: EventOf<'engine.lost'>['data']): readonly Phrase[] =>
  said ?? [{ code: cause }];

/** Name of the alert about an engine that was lost with something open. */
export function lostAlert(engine: string): string {
  return `engine_lost:${engine}`;
}

/** What people order while an incident is open belongs to it. */
function joined(
  event: EventOf<'deployment.started' | 'ops.paused' | 'ops.resumed'>,
  active: readonly Incident[],
  context: OpeningContext,
): Fact[] {
  if (active.some((one) => hasCommand(one, event.commandId))) return [];
  const grave = active.find(({ severity }) => severity === 'P0' || severity === 'P1');
  return grave ? correlate(grave, event, context) : [];
}

function correlate(incident: Incident, event: Happening, { related }: OpeningContext): Fact[] {
  const { commandId } = event;
  if (commandId === null || incident.correlations.includes(commandId)) return [];
  const events = [ref(event), ...related(commandId, event.seq)].slice(0, MAX_EVENTS_NAMED);
  const data = { incident: incident.id, correlation: commandId, events };
  return [{ type: 'incident.correlated', data }];
}

function linked(incident: Incident, alert: string, event: Happening): Fact {
  const { commandId } = event;
  return { type: 'incident.alert_linked', commandId, data: { incident: incident.id, alert } };
}

/** A worse alert makes a worse incident, with that severity's times from now on. */
function raised(incident: Incident, to: Severity, { policies, now }: OpeningContext): Fact[] {
  if (to >= incident.severity) return [];
  const plan = planEscalation(to, now, policies.incidents, policies.calendar);
  const data = { incident: incident.id, from: incident.severity, to, ...plan };
  return [{ type: 'incident.severity_changed', data }];
}

function open(state: OpsState, context: OpeningContext, one: Case): Fact[] {
  const { policies, now } = context;
  const after = one.events.at(-1)?.seq ?? 0;
  const since = one.correlation === null ? [] : context.related(one.correlation, after);
  const { correlation, playbook, reason, ...about } = one;
  const title = about.title.replace(/\s+/g, ' ').trim().slice(0, 256).toWellFormed();
  return [
    {
      type: 'incident.opened',
      commandId: correlation,
      reason,
      data: {
        incident: context.newId(),
        number: state.incidents.count + 1,
        severity: one.severity,
        title: title || one.cause,
        ...(one.said && { said: [...one.said] }),
        cause: one.cause,
        subjects: [...new Set(one.subjects)].slice(0, 64),
        alerts: [...one.alerts],
        correlations: correlation === null ? [] : [correlation],
        events: [...one.events, ...since].slice(0, MAX_EVENTS_NAMED),
        detectedFrom: one.detectedFrom,
        ...planEscalation(one.severity, now, policies.incidents, policies.calendar),
        playbook: playbook ?? null,
        books: [...context.books()],
        tradesPerHour: context.tradesPerHour(),
      },
    },
  ];
}

/** Since when a trigger of the monitor, or a grave alert, has said that something is wrong. */
function troubleSince(state: OpsState): number | null {
  const breaching = Object.values(state.monitor.triggers)
    .filter(({ outcome }) => outcome === 'breach' || outcome === 'suspect')
    .map(({ at, since }) => Math.min(since ?? at, at));
  const alerts = Object.values(state.alerts.active)
    .filter(({ severity }) => severity === 'P0' || severity === 'P1')
    .map((alert) => alert.since);
  const all = [...breaching, ...alerts];
  return all.length === 0 ? null : Math.min(...all);
}

function since(alert: Alert | undefined, state: OpsState): number | null {
  if (!alert) return null;
  const trouble = alert.source === 'monitor' ? troubleSince(state) : null;
  return Math.min(alert.since, trouble ?? alert.since);
}

function wasHandled({ incidents }: IncidentsState, alert: Alert): boolean {
  return incidents.some(
    ({ alerts, opened }) => alerts.includes(alert.id) && opened.at >= alert.raisedAt,
  );
}

function subjectsOf(model: string | null, engine: string | null, group?: string): string[] {
  const all = { model, engine, group: group ?? null };
  return Object.entries(all).flatMap(([what, name]) =>
    name ? [`${what}:${name}`.slice(0, 128).toWellFormed()] : [],
  );
}

/** The latest incident of an alert where there are so many that one more would tell nobody anything. */
function stormOf(active: readonly Incident[], most: number): Incident | undefined {
  const ofAlerts = active.filter(({ cause }) => cause === 'alert');
  return ofAlerts.length >= most ? ofAlerts[0] : undefined;
}

function shares(incident: Incident, subjects: readonly string[]): boolean {
  return incident.subjects.some((subject) => subjects.includes(subject));
}

function hasCommand(incident: Incident, commandId: string | null): boolean {
  return commandId !== null && incident.correlations.includes(commandId);
}

function ref({ seq, ts, type }: DomainEvent): EventRef {
  return { seq, ts, type };
}

/** Kills and grave alerts that no incident was ever opened for: a gateway died before it could. */
export function unattended(state: OpsState): {
  readonly kills: readonly KillRecord[];
  readonly alerts: readonly Alert[];
} {
  const { incidents, past } = state.incidents;
  const commands = new Set([...incidents, ...past].flatMap(({ correlations }) => correlations));
  return {
    kills: state.kills.filter(
      ({ commandId, drill, resumedAt }) => !drill && resumedAt === null && !commands.has(commandId),
    ),
    alerts: Object.values(state.alerts.active).filter(
      (alert) => !incidents.some(({ alerts }) => alerts.includes(alert.id)),
    ),
  };
}
