import { isHeld } from '../models/deployment';
import type { Mode } from '../telemetry/types';
import { strictest } from './mode';
import type { OpsState } from './state';

/** The mode that people ordered for an engine: the stricter of the desk's and its own. */
export function orderedMode(state: OpsState, engine: string): Mode {
  return strictest(state.desk.mode, state.engines[engine]?.own.mode ?? 'normal');
}

/**
 * The mode an engine must obey: what was ordered, and closing only while it does not run the model
 * that is live. Unknown engines obey the desk's.
 */
export function effectiveMode(state: OpsState, engine: string): Mode {
  const ordered = orderedMode(state, engine);
  return isHeld(state.models, engine) ? strictest(ordered, 'reducing') : ordered;
}
