import { contactFor, dueSteps, waitingSteps } from '../../shared/incidents/escalation';
import type { ActionItem, Incident } from '../../shared/incidents/state';
import type { OpsState } from '../../shared/ops/state';
import type { Policies } from '../../shared/policy/inForce';
import { instantOf } from '../../shared/time';
import { detailOf, type Phrase, phrase, type Sentence } from '../../shared/words/phrase';
import type { Fact } from '../facts';

type Rules = Pick<Policies, 'incidents' | 'calendar'>;

const DAY_MS = 86_400_000;

/** What time alone brings about: people are called, post-mortems and action items become late. */
export function factsDue(state: OpsState, rules: Rules, now: number): Fact[] {
  const { incidents, actionItems } = state.incidents;
  return [
    ...incidents.flatMap((incident) => escalations(incident, rules, now)),
    ...incidents.flatMap((incident) => lateReport(state, incident, rules, now)),
    ...actionItems.flatMap((item) => lateItem(state, item, now)),
    ...actionItems.flatMap((item) => reminder(item, rules, now)),
  ];
}

/** When time next brings something about, Unix ms; null while nothing waits. */
export function nextDue(state: OpsState, rules: Rules): number | null {
  const { incidents, actionItems } = state.incidents;
  const times = [
    ...incidents.flatMap((one) => waitingSteps(one).map(({ dueAt }) => dueAt)),
    ...incidents
      .filter((one) => awaitsReport(one, rules) && !(reportAlert(one) in state.alerts.active))
      .map((one) => reportDueAt(one, rules)),
    ...actionItems
      .filter((one) => isWaiting(one) && !(itemAlert(one) in state.alerts.active))
      .map(itemDueAt),
    ...actionItems.filter(isWaiting).map((one) => remindAt(one, rules)),
  ];
  return times.length === 0 ? null : Math.min(...times);
}

function escalations(incident: Incident, { incidents, calendar }: Rules, now: number): Fact[] {
  return dueSteps(incident, now).map(({ step, role, dueAt }) => ({
    type: 'incident.escalated',
    data: {
      ...{ incident: incident.id, step, role, dueAt, lateMs: now - dueAt },
      ...contactFor(role, incidents, calendar, now),
    },
  }));
}

function lateReport(state: OpsState, incident: Incident, rules: Rules, now: number): Fact[] {
  const alert = reportAlert(incident);
  const raised = alert in state.alerts.active;
  const late = awaitsReport(incident, rules) && reportDueAt(incident, rules) <= now;
  if (raised && !late) return [cleared(alert, 'the post-mortem was published')];
  if (raised || !late) return [];
  const said = phrase('the post-mortem of incident {number} was due at {due}', {
    ...{ number: String(incident.number), due: { at: reportDueAt(incident, rules) } },
  });
  return [told(alert, 'P2', 'postmortem_overdue', said)];
}

function lateItem(state: OpsState, item: ActionItem, now: number): Fact[] {
  const alert = itemAlert(item);
  const raised = alert in state.alerts.active;
  const late = isWaiting(item) && itemDueAt(item) <= now;
  if (raised && !late) return [cleared(alert, 'it was done, dropped or given another date')];
  if (raised || !late) return [];
  const { due, owner, text } = item;
  const said = phrase('due {due}, owner {owner}: {text}', { due, owner, text });
  return [told(alert, 'P3', 'action_item_overdue', said)];
}

function reminder(item: ActionItem, rules: Rules, now: number): Fact[] {
  if (!isWaiting(item) || remindAt(item, rules) > now) return [];
  const { id, owner, due } = item;
  const data = { item: id, owner, due, late: itemDueAt(item) <= now };
  return [{ type: 'action_item.reminded', data }];
}

/** When people are next reminded: who set it in its last hours knows of it. */
function remindAt(item: ActionItem, { incidents }: Rules): number {
  const { remindBeforeMs, remindEveryMs } = incidents.actionItems;
  const first = itemDueAt(item) - remindBeforeMs;
  const last = item.remindedAt ?? item.set.at;
  return last < first ? first : last + remindEveryMs;
}

function told(alert: string, severity: 'P2' | 'P3', kind: string, said: Phrase): Fact {
  const about = { alert, severity, kind, model: null, engine: null } as const;
  return { type: 'alert.raised', data: { ...about, ...detailOf([said]), source: 'policy' } };
}

function cleared(alert: string, cause: Sentence): Fact {
  return { type: 'alert.cleared', data: { alert, cause } };
}

function awaitsReport(incident: Incident, { incidents }: Rules): boolean {
  return (
    incident.resolved !== null &&
    !incident.postMortem?.published &&
    incidents.postMortem.severities.includes(incident.severity)
  );
}

function reportDueAt(incident: Incident, { incidents }: Rules): number {
  return (incident.resolved?.at ?? 0) + incidents.postMortem.withinMs;
}

function isWaiting({ status }: ActionItem): boolean {
  return status === 'open' || status === 'in_progress';
}

/** The end of its last day in Bogota. */
function itemDueAt({ due }: ActionItem): number {
  return instantOf(due, '00:00') + DAY_MS;
}

const reportAlert = ({ id }: Incident): string => `postmortem:${id}`;
const itemAlert = ({ id }: ActionItem): string => `action_item:${id}`;
