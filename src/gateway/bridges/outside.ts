import { effectiveMode } from '../../shared/ops/effectiveMode';
import { outsideAlert } from '../engineRecords';
import type { GatewayLog } from '../log';

const SETTLES: ReadonlySet<string> = new Set([
  'engine.mode_applied',
  'engine.connected',
  'kill.step_settled',
  'ops.resumed',
]);

/**
 * Ends the alert that an engine's mode was changed elsewhere: a laxer mode once the engine is in its
 * own again, a stricter one once it was resumed here. @returns the call that ends it.
 */
export function clearOutsideAlerts(log: GatewayLog): () => void {
  return log.onRecorded((event) => {
    if (!SETTLES.has(event.type)) return;
    const state = log.state();
    for (const engine of Object.values(state.engines)) {
      const alert = outsideAlert(engine.id);
      const over =
        alert in state.alerts.active &&
        engine.own.by?.role !== 'outside' &&
        engine.confirmedMode === effectiveMode(state, engine.id);
      if (!over) continue;
      const cause = 'the engine is in the mode that holds';
      log.append({ type: 'alert.cleared', data: { alert, cause } });
    }
  });
}
