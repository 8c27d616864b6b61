import { planEscalation } from '../../shared/incidents/escalation';
import type { Book, IncidentStage } from '../../shared/incidents/events';
import { nextStage } from '../../shared/incidents/lifecycle';
import type { Incident } from '../../shared/incidents/state';
import type { OpsState } from '../../shared/ops/state';
import type { Policies } from '../../shared/policy/inForce';
import type { CommandParams } from '../../shared/protocol/commands';
import { word } from '../../shared/words/phrase';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { allow, Refusal } from './refusal';

/** What a decision about incidents is made of. */
export interface IncidentsContext {
  readonly state: OpsState;
  readonly policies: Pick<Policies, 'incidents' | 'calendar' | 'playbooks'>;
  /** What every engine has now, for the record of what an incident cost. */
  readonly books: () => readonly Book[];
  /** Trades an hour, where enough were seen to say so. */
  readonly tradesPerHour: () => number | null;
  /** Unix ms. */
  readonly now: number;
  /** The command's id, which names what it begins. */
  readonly id: string;
}

/** @throws {Refusal} */
export function acknowledgeAlert(
  { state, policies }: IncidentsContext,
  { alert }: CommandParams<'alert.acknowledge'>,
  operator: Operator,
): Fact[] {
  allow(operator, policies.incidents.permissions.acknowledge, 'acknowledge an alert');
  const known = state.alerts.active[alert];
  if (!known) throw new Refusal('unknown_alert', 'no alert of that name is open');
  if (known.acknowledged) throw new Refusal('superseded', 'somebody has acknowledged it');
  return [{ type: 'alert.acknowledged', data: { alert } }];
}

/** @throws {Refusal} */
export function open(
  context: IncidentsContext,
  { severity, title, alerts, playbook }: CommandParams<'incident.open'>,
  operator: Operator,
): Fact[] {
  const { state, policies, now, id } = context;
  allow(operator, policies.incidents.permissions.open, 'open an incident');
  const known = alerts.map((alert) => state.alerts.active[alert]);
  if (known.includes(undefined)) {
    throw new Refusal('unknown_alert', 'no alert of that name is open');
  }
  if (playbook !== null && !policies.playbooks.playbooks.some((one) => one.id === playbook)) {
    throw new Refusal('bad_params', 'there is no playbook of that name');
  }
  const since = known.flatMap((alert) => (alert ? [alert.since] : []));
  return [
    {
      type: 'incident.opened',
      data: {
        ...{ incident: id, number: state.incidents.count + 1, severity, title, alerts, playbook },
        ...{ cause: 'manual', subjects: [], correlations: [id], events: [] },
        ...planEscalation(severity, now, policies.incidents, policies.calendar),
        detectedFrom: since.length > 0 ? Math.min(...since) : null,
        books: [...context.books()],
        tradesPerHour: context.tradesPerHour(),
      },
    },
  ];
}

/** @throws {Refusal} */
export function acknowledge(
  context: IncidentsContext,
  { incident, via }: { readonly incident: string; readonly via: 'console' | 'panel' | 'rest' },
  operator: Operator,
): Fact[] {
  allow(operator, context.policies.incidents.permissions.acknowledge, 'acknowledge an incident');
  reaching(context, incident, 'acknowledged');
  return [{ type: 'incident.acknowledged', data: { incident, via } }];
}

/** @throws {Refusal} */
export function mitigate(
  context: IncidentsContext,
  { incident }: CommandParams<'incident.mitigate'>,
  operator: Operator,
): Fact[] {
  allow(operator, context.policies.incidents.permissions.handle, 'handle an incident');
  const { stage } = reaching(context, incident, 'mitigating');
  return [{ type: 'incident.state_changed', data: { incident, from: stage, to: 'mitigating' } }];
}

/** @throws {Refusal} */
export function resolve(
  context: IncidentsContext,
  { incident, rootCause, resolution }: CommandParams<'incident.resolve'>,
  operator: Operator,
): Fact[] {
  allow(operator, context.policies.incidents.permissions.resolve, 'resolve an incident');
  reaching(context, incident, 'resolved');
  const books = [...context.books()];
  return [{ type: 'incident.resolved', data: { incident, rootCause, resolution, books } }];
}

/** @throws {Refusal} */
export function close(
  context: IncidentsContext,
  { incident }: CommandParams<'incident.close'>,
  operator: Operator,
): Fact[] {
  allow(operator, context.policies.incidents.permissions.close, 'close an incident');
  reaching(context, incident, 'closed');
  return [{ type: 'incident.closed', data: { incident } }];
}

/** @throws {Refusal} */
export function note(
  context: IncidentsContext,
  params: CommandParams<'incident.note'>,
  operator: Operator,
): Fact[] {
  handling(context, params.incident, operator);
  return [{ type: 'incident.noted', data: params }];
}

/** @throws {Refusal} */
export function tick(
  context: IncidentsContext,
  { incident, step, done, outcome }: CommandParams<'incident.step'>,
  operator: Operator,
): Fact[] {
  const { playbook } = handling(context, incident, operator);
  const known = context.policies.playbooks.playbooks.find(({ id }) => id === playbook);
  const steps = known?.sections.flatMap((section) => section.steps) ?? [];
  if (!known || !steps.some(({ id }) => id === step)) {
    throw new Refusal('unknown_step', 'the incident’s playbook has no step of that name');
  }
  const data = { incident, playbook: known.id, step, done, outcome };
  return [{ type: 'incident.step_done', data }];
}

/** @throws {Refusal} */
export function setCommander(
  context: IncidentsContext,
  params: CommandParams<'incident.set_commander'>,
  operator: Operator,
): Fact[] {
  handling(context, params.incident, operator);
  return [{ type: 'incident.commander_set', data: params }];
}

/** @throws {Refusal} */
export function setSeverity(
  context: IncidentsContext,
  { incident, severity }: CommandParams<'incident.set_severity'>,
  operator: Operator,
): Fact[] {
  const { incidents: policy, calendar } = context.policies;
  allow(operator, policy.permissions.setSeverity, 'change an incident’s severity');
  const known = activeIncident(context, incident);
  if (known.severity === severity)
    throw new Refusal('superseded', 'it is {severity} already', { severity });
  const plan = planEscalation(severity, context.now, policy, calendar);
  const data = { incident, from: known.severity, to: severity, ...plan };
  return [{ type: 'incident.severity_changed', data }];
}

/** @throws {Refusal} */
export function linkAlert(
  context: IncidentsContext,
  { incident, alert }: CommandParams<'incident.link_alert'>,
  operator: Operator,
): Fact[] {
  handling(context, incident, operator);
  if (!context.state.alerts.active[alert]) {
    throw new Refusal('unknown_alert', 'no alert of that name is open');
  }
  return [{ type: 'incident.alert_linked', data: { incident, alert } }];
}

/** @throws {Refusal} */
export function correlate(
  context: IncidentsContext,
  { incident, correlation }: CommandParams<'incident.correlate'>,
  operator: Operator,
): Fact[] {
  handling(context, incident, operator);
  return [{ type: 'incident.correlated', data: { incident, correlation, events: [] } }];
}

/** @throws {Refusal} */
export function sendMessage(
  context: IncidentsContext,
  params: CommandParams<'incident.send_message'>,
  operator: Operator,
): Fact[] {
  const { permissions } = context.policies.incidents;
  allow(operator, permissions.sendMessage, 'send an incident’s message');
  incidentOf(context, params.incident);
  return [{ type: 'incident.message_sent', data: params }];
}

/** @throws {Refusal} */
export function savePostMortem(
  context: IncidentsContext,
  params: CommandParams<'postmortem.save'>,
  operator: Operator,
): Fact[] {
  allow(operator, context.policies.incidents.permissions.postMortem, 'write a post-mortem');
  ended(context, params.incident);
  return [{ type: 'postmortem.saved', data: params }];
}

/** @throws {Refusal} */
export function publishPostMortem(
  context: IncidentsContext,
  { incident }: CommandParams<'postmortem.publish'>,
  operator: Operator,
): Fact[] {
  const { permissions } = context.policies.incidents;
  allow(operator, permissions.publishPostMortem, 'publish a post-mortem');
  if (ended(context, incident).postMortem === null) {
    throw new Refusal('wrong_stage', 'no post-mortem was saved');
  }
  return [{ type: 'postmortem.published', data: { incident } }];
}

/** @throws {Refusal} */
export function setActionItem(
  context: IncidentsContext,
  params: CommandParams<'action_item.set'>,
  operator: Operator,
): Fact[] {
  allow(operator, context.policies.incidents.permissions.actionItems, 'set an action item');
  if (params.incident !== null) incidentOf(context, params.incident);
  return [{ type: 'action_item.set', data: params }];
}

function handling(context: IncidentsContext, id: string, operator: Operator): Incident {
  allow(operator, context.policies.incidents.permissions.handle, 'handle an incident');
  const known = incidentOf(context, id);
  if (known.closed !== null) throw new Refusal('wrong_stage', 'it is closed');
  return known;
}

function activeIncident(context: IncidentsContext, id: string): Incident {
  const known = incidentOf(context, id);
  if (known.resolved !== null) throw new Refusal('wrong_stage', 'it is resolved');
  return known;
}

function ended(context: IncidentsContext, id: string): Incident {
  const known = incidentOf(context, id);
  if (known.resolved === null) throw new Refusal('wrong_stage', 'it is not resolved');
  return known;
}

function reaching(context: IncidentsContext, id: string, stage: IncidentStage): Incident {
  const known = incidentOf(context, id);
  if (nextStage(known.stage) !== stage) {
    throw new Refusal('wrong_stage', 'it is {stage}; {next} does not follow that', {
      stage: word(`incident.${known.stage}`),
      next: word(`incident.${stage}`),
    });
  }
  return known;
}

function incidentOf({ state }: IncidentsContext, id: string): Incident {
  const known = state.incidents.incidents.find((one) => one.id === id);
  if (!known) throw new Refusal('unknown_incident', 'no incident of that id is kept');
  return known;
}
