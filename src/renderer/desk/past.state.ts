import type { Past } from '@shared/audit/view';
import { inForceReader } from '@shared/policy/inForce';
import type { DeskView } from '@shared/view/desk';

/**
 * The view as it would have been then: what the log says of the desk, and nothing of what is live.
 * Figures are not in the log, so there are none; the positions recorded are {@link Past.positions}.
 *
 * @param foreign the name of a record from elsewhere that it is of; null for this terminal's own
 */
export function pastView(view: DeskView, past: Past, foreign: string | null): DeskView {
  const { ops, ts } = past;
  return {
    ...view,
    at: ts,
    deskName: foreign ?? view.deskName,
    ops,
    environment: ops.environment,
    // Whoever was there then had a link: what it was is not in the log.
    link: { ...view.link, state: 'live', since: ts, lastHeardAt: ts },
    gateway: { ...view.gateway, unsavedEvents: 0, storeError: null },
    figures: {},
    executions: null,
    kills: [],
    pendingKill: null,
    commands: [],
    modelsPolicy: inForceReader('models', view.modelsPolicy)(ops),
    monitorPolicy: inForceReader('monitor', view.monitorPolicy)(ops),
    incidentsPolicy: inForceReader('incidents', view.incidentsPolicy)(ops),
    playbooks: inForceReader('playbooks', view.playbooks)(ops),
    calendar: inForceReader('calendar', view.calendar)(ops),
    notificationsPolicy: inForceReader('notifications', view.notificationsPolicy)(ops),
    monitor: { evaluation: null, acts: false, stopped: false },
  };
}
