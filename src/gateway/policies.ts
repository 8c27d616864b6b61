import type { PolicyFiles } from '../node/policyFiles';
import type { OpsState } from '../shared/ops/state';
import { inForceReader, type Policies } from '../shared/policy/inForce';

/**
 * The policies as they hold at each moment: what the log says since, and the files for what it says
 * nothing of. That of operations is the file's, for the whole run.
 */
export function policiesInForce(files: PolicyFiles, state: () => OpsState): () => Policies {
  const models = inForceReader('models', files.models.document);
  const monitor = inForceReader('monitor', files.monitor.document);
  const incidents = inForceReader('incidents', files.incidents.document);
  const reports = inForceReader('reports', files.reports.document);
  const playbooks = inForceReader('playbooks', files.playbooks.document);
  const calendar = inForceReader('calendar', files.calendar.document);
  const notifications = inForceReader('notifications', files.notifications.document);
  return () => {
    const now = state();
    return {
      operations: files.operations.document,
      models: models(now),
      monitor: monitor(now),
      incidents: incidents(now),
      reports: reports(now),
      playbooks: playbooks(now),
      calendar: calendar(now),
      notifications: notifications(now),
    };
  };
}
