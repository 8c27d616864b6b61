import type { Severity } from '@shared/alerts/events';
import type { Alert } from '@shared/alerts/state';
import { isFlapping } from '@shared/alerts/state';
import { type AnnulmentClock, annulment } from '@shared/incidents/annulment';
import { contactFor, waitingSteps } from '@shared/incidents/escalation';
import type { Book, Contact, EventRef, IncidentStage } from '@shared/incidents/events';
import {
  type ActionItem,
  activeIncidents,
  type EscalationStep,
  type Incident,
  type IncidentEntry,
  type PastIncident,
} from '@shared/incidents/state';
import type { Role } from '@shared/protocol/terminal';
import { tradingDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { mayDo } from './may';

export type AnyIncident = Incident | PastIncident;

/** Why a button does nothing now; null where it may be pressed. */
export type WhyNot = 'why.link' | 'why.role';

/** The gateway decides again; this only says beforehand what it would say. */
export function whyNot(view: DeskView, roles: readonly Role[]): WhyNot | null {
  if (view.link.state !== 'live') return 'why.link';
  return mayDo(view, roles) ? null : 'why.role';
}

/** Those that go on, the worst first; of the same severity what nobody has taken, then the oldest. */
export function activeOnes(view: DeskView): readonly Incident[] {
  return [...activeIncidents(view.ops.incidents)].sort(
    (a, b) =>
      a.severity.localeCompare(b.severity) ||
      Number(a.acknowledged !== null) - Number(b.acknowledged !== null) ||
      a.opened.at - b.opened.at,
  );
}

export interface IncidentClock {
  /** Since its opening, ms. */
  readonly openMs: number;
  /** What is left until somebody must have answered; below zero once that is late. Null once answered. */
  readonly responseLeftMs: number | null;
  /** Who is called next unless something stops it, and in how long. */
  readonly next: {
    readonly step: EscalationStep;
    readonly contact: Contact | null;
    readonly onDuty: boolean;
    readonly leftMs: number;
  } | null;
}

/** @param now Unix ms by this terminal's clock; how far the gateway's is from it is shown elsewhere. */
export function clockOf(view: DeskView, incident: Incident, now: number): IncidentClock {
  const [step] = waitingSteps(incident);
  const { acknowledged, resolved, closed, responseDueAt, opened } = incident;
  const end = resolved?.at ?? closed?.at ?? now;
  const waits = acknowledged === null && responseDueAt !== null && resolved === null;
  return {
    openMs: Math.max(0, end - opened.at),
    responseLeftMs: waits ? responseDueAt - now : null,
    next: step
      ? {
          step,
          ...contactFor(step.role, view.incidentsPolicy, view.calendar, now),
          leftMs: step.dueAt - now,
        }
      : null,
  };
}

/**
 * The incident that sounds until somebody acknowledges it: P0, and not of this operator's own kill,
 * who need not be told of it. One that was silenced here is silent here.
 */
export function soundingIncident(view: DeskView, silenced: ReadonlySet<string>): Incident | null {
  const own = new Set(
    view.ops.kills
      .filter(({ by }) => view.operator !== null && by.id === view.operator.id)
      .map(({ commandId }) => commandId),
  );
  return (
    activeOnes(view).find(
      ({ id, severity, stage, cause, correlations: [first] }) =>
        severity === 'P0' &&
        stage === 'open' &&
        !silenced.has(id) &&
        !(cause === 'kill' && first !== undefined && own.has(first)),
    ) ?? null
  );
}

export interface HistoryFilter {
  readonly severity: Severity | '';
  readonly stage: IncidentStage | '';
  readonly cause: AnyIncident['cause'] | '';
  readonly text: string;
  /** Days back from now; null for all. */
  readonly days: number | null;
}

export const NO_FILTER: HistoryFilter = {
  severity: '',
  stage: '',
  cause: '',
  text: '',
  days: null,
};

const DAY_MS = 86_400_000;

/** Every incident that is known and fits, newest first. */
export function historyOf(
  view: DeskView,
  filter: HistoryFilter,
  now: number,
): readonly AnyIncident[] {
  const { incidents, past } = view.ops.incidents;
  const text = filter.text.trim().toLocaleLowerCase();
  return [...incidents, ...past].filter((one) => {
    if (filter.severity !== '' && one.severity !== filter.severity) return false;
    if (filter.stage !== '' && one.stage !== filter.stage) return false;
    if (filter.cause !== '' && one.cause !== filter.cause) return false;
    if (filter.days !== null && one.opened.at < now - filter.days * DAY_MS) return false;
    return text === '' || wordsOf(one).toLocaleLowerCase().includes(text);
  });
}

function wordsOf(one: AnyIncident): string {
  const more = 'rootCause' in one ? [one.reason, one.rootCause, one.resolution] : [];
  return [`#${one.number}`, one.title, one.commander, ...more].filter(Boolean).join(' ');
}

export interface TimelineRow extends EventRef {
  readonly entry: IncidentEntry | null;
  /** The playbook's step that was ticked, by its id. */
  readonly step: string | null;
  /** The message that was sent, or what came of a step. */
  readonly said: string | null;
  readonly by: string | null;
}

/** An incident's timeline, oldest first: the log's own events and what people wrote. */
export function timelineOf(incident: Incident): readonly TimelineRow[] {
  const entries = new Map(incident.entries.map((one) => [one.seq, one]));
  const messages = new Map(incident.messages.map((one) => [one.seq, one]));
  const steps = new Map(
    Object.entries(incident.steps).map(([step, tick]) => [tick.seq, { step, ...tick }]),
  );
  return incident.timeline.map((event) => {
    const entry = entries.get(event.seq) ?? null;
    const message = messages.get(event.seq);
    const tick = steps.get(event.seq);
    const said = tick ? tick.outcome : (message?.text ?? null);
    const by = entry?.by.id ?? message?.by.id ?? tick?.by.id ?? null;
    return { ...event, entry, step: tick?.step ?? null, said, by };
  });
}

/** What engines have now, by this terminal's telemetry; nothing is known now where that is not live. */
export function booksOf(view: DeskView): readonly Book[] {
  if (view.telemetryLink !== 'live') return [];
  return Object.values(view.figures).map(({ engine, currency, equity, equityAt, positions }) => ({
    ...{ engine, currency, equity, equityAt },
    positions: positions?.length ?? null,
    notional: positions === null ? null : notionalOf(positions),
  }));
}

function notionalOf(
  positions: NonNullable<DeskView['figures'][string]['positions']>,
): Record<string, number> | null {
  const sum: Record<string, number> = {};
  for (const { notional, currency } of positions) {
    if (notional === null) return null;
    sum[currency] = (sum[currency] ?? 0) + notional;
  }
  return sum;
}

/** Executions caught in an incident, with the time left in which they may be annulled. */
export function annulmentOf(
  view: DeskView,
  incident: Pick<Incident, 'opened' | 'resolved'>,
  now: number,
): readonly AnnulmentClock[] {
  const recent = view.executions?.recent ?? [];
  return annulment(recent, incident, now, view.incidentsPolicy.annulmentMs);
}

/** Of all incidents that go on, the executions whose time still runs, each once, the least left first. */
export function runningAnnulments(view: DeskView, now: number): readonly AnnulmentClock[] {
  const running = new Map<string, AnnulmentClock>();
  for (const incident of activeOnes(view)) {
    for (const one of annulmentOf(view, incident, now)) {
      if (one.leftMs > 0) running.set(JSON.stringify([one.engine, one.id]), one);
    }
  }
  return [...running.values()].sort((a, b) => a.until - b.until);
}

/** Whether an action item's last day is over and it is not done. */
export function isOverdue({ status, due }: ActionItem, now: number): boolean {
  return (status === 'open' || status === 'in_progress') && due < tradingDay(now);
}

/** By the day they are due, those that are over last. */
export function actionItemsOf(
  items: readonly ActionItem[],
  incident: string | null,
): readonly ActionItem[] {
  const over = ({ status }: ActionItem) => Number(status === 'done' || status === 'dropped');
  return items
    .filter((one) => incident === null || one.incident === incident)
    .sort((a, b) => over(a) - over(b) || a.due.localeCompare(b.due));
}

/** When a post-mortem is due; null where policy asks for none or there is one. */
export function postMortemDueAt(view: DeskView, incident: Incident): number | null {
  const { severities, withinMs } = view.incidentsPolicy.postMortem;
  const { severity, resolved, postMortem } = incident;
  if (!severities.includes(severity) || resolved === null) return null;
  return postMortem?.published ? null : resolved.at + withinMs;
}

/** Alerts that are not over: the worst first, then those nobody has taken, then the newest. */
export function activeAlerts(view: DeskView): readonly Alert[] {
  return Object.values(view.ops.alerts.active).sort(
    (a, b) =>
      a.severity.localeCompare(b.severity) ||
      Number(a.acknowledged !== null) - Number(b.acknowledged !== null) ||
      b.raisedAt - a.raisedAt,
  );
}

export function flaps(view: DeskView, alert: Alert, now: number): boolean {
  return isFlapping(alert, view.incidentsPolicy.alerts.flapping, now);
}

/** Of some channels, those that the desk has not set up: what goes to them reaches nobody. */
export function unreached<Name extends string>(
  { ops }: Pick<DeskView, 'ops'>,
  channels: readonly Name[],
): readonly Name[] {
  return channels.filter((one) => !Object.hasOwn(ops.notify.channels, one));
}

/** Whether any channel that policy has for an escalation's calls of that severity is set up. */
export function callsReach(
  view: Pick<DeskView, 'ops' | 'notificationsPolicy'>,
  severity: Severity,
): boolean {
  const { channels, severities } = view.notificationsPolicy;
  const named = channels[severities[severity]];
  return unreached(view, named).length < named.length;
}
