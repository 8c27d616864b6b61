import type { OpsState } from '../ops/state';
import type { IncidentsPolicy } from '../policy/incidents';
import { byCodeUnits } from './group';
import type { DueFigures } from './report';

/** What waits for somebody in a state of the log, the soonest first. */
export function dueFigures(
  { models, incidents }: Pick<OpsState, 'models' | 'incidents'>,
  { severities, withinMs }: IncidentsPolicy['postMortem'],
): DueFigures {
  return {
    approvals: models.requests.map(({ seq, model, target, by, expiresAt, approvals, needs }) => ({
      ...{ seq, model, target, by: by.id, expiresAt },
      given: approvals.length,
      needed: needs.length,
    })),
    reviews: models.reviews
      .filter(({ closedAt }) => closedAt === null)
      .map(({ id, model, kind, dueAt }) => ({ id, model, kind, dueAt }))
      .sort((a, b) => a.dueAt - b.dueAt),
    exceptions: models.exceptions
      .map(({ id, model, until }) => ({ id, model, until }))
      .sort((a, b) => a.until - b.until),
    postMortems: incidents.incidents
      .flatMap(({ severity, resolved, postMortem, number, title }) =>
        resolved && !postMortem?.published && severities.includes(severity)
          ? [{ number, title, dueAt: resolved.at + withinMs }]
          : [],
      )
      .sort((a, b) => a.dueAt - b.dueAt),
    actionItems: incidents.actionItems
      .filter(({ status }) => status === 'open' || status === 'in_progress')
      .map(({ id, text, owner, due, status }) => ({ id, text, owner, due, status }))
      .sort((a, b) => byCodeUnits(a.due, b.due)),
  };
}
