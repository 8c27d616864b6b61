import type { Severity } from '../alerts/events';
import { isBusinessDay, nextBusinessDayAt, weekdayOf } from '../calendar/business';
import type { HolidayCalendar } from '../policy/calendar';
import type { Hours, IncidentsPolicy, When } from '../policy/incidents';
import { timeOfDay, tradingDay } from '../time';
import type { Contact, DueStep } from './events';
import type { EscalationStep, Incident } from './state';

/** The instant that policy names, counted from `from`; both Unix ms. */
export function instantAfter(from: number, when: When, calendar: HolidayCalendar): number {
  return 'afterMs' in when
    ? from + when.afterMs
    : nextBusinessDayAt(from, when.nextBusinessDayAt, calendar);
}

/** When an incident of a severity must be acknowledged, and who is called when: absolute times. */
export function planEscalation(
  severity: Severity,
  from: number,
  policy: IncidentsPolicy,
  calendar: HolidayCalendar,
): { readonly responseDueAt: number; readonly escalation: DueStep[] } {
  const { response, escalation } = policy.severities[severity];
  return {
    responseDueAt: instantAfter(from, response, calendar),
    escalation: escalation.map(({ step, role, when, until }) => ({
      ...{ step, role, until },
      dueAt: instantAfter(from, when, calendar),
    })),
  };
}

/** Steps that nobody was called for yet and that nothing has made needless, by when they are due. */
export function waitingSteps(incident: Incident): readonly EscalationStep[] {
  if (incident.resolved !== null || incident.closed !== null) return [];
  return incident.escalation
    .filter(({ firedAt, until }) => {
      if (firedAt !== null) return false;
      return until === 'resolved' || incident.acknowledged === null;
    })
    .sort((a, b) => a.dueAt - b.dueAt);
}

/** Steps due by `now`, the earliest first. One that is late is due all the same. */
export function dueSteps(incident: Incident, now: number): readonly EscalationStep[] {
  return waitingSteps(incident).filter(({ dueAt }) => dueAt <= now);
}

/** Who is called for a role, and whether policy has him on duty at that instant. */
export function contactFor(
  role: string,
  policy: IncidentsPolicy,
  calendar: HolidayCalendar,
  now: number,
): { readonly contact: Contact | null; readonly onDuty: boolean } {
  const found = policy.contacts.find((one) => one.role === role);
  if (!found) return { contact: null, onDuty: false };
  const { hours, ...contact } = found;
  return { contact, onDuty: isOnDuty(hours, calendar, now) };
}

/** Whether hours cover an instant, by Bogota's clocks and calendar. */
export function isOnDuty(hours: Hours, calendar: HolidayCalendar, now: number): boolean {
  if (hours.kind !== 'office') return true;
  const day = tradingDay(now);
  const time = timeOfDay(now).slice(0, 5);
  const working = weekdayOf(day) > 5 || isBusinessDay(day, calendar);
  return working && hours.days.includes(weekdayOf(day)) && time >= hours.from && time < hours.to;
}
