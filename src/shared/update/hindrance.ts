import { isProvenFlat } from '../kill/chain';
import { effectiveMode } from '../ops/effectiveMode';
import type { DeskView } from '../view/desk';

/**
 * Why the program may not be exchanged now. `unknown`: this terminal does not see how the desk stands,
 * which counts as the worst.
 */
export type UpdateHindrance = 'kill' | 'incident' | 'unknown' | 'live' | 'positions';

type Seen = Pick<
  DeskView,
  'link' | 'telemetryLink' | 'mirror' | 'environment' | 'ops' | 'figures' | 'kills' | 'pendingKill'
>;

/**
 * What stands against installing another version now; null when nothing does. While it is installed
 * this terminal shows nothing and its key stops nothing: never while an engine trades live or holds
 * something live, a kill is under way, an incident is open, or any of this is not known.
 */
export function updateHindrance(view: Seen): UpdateHindrance | null {
  const { ops, mirror } = view;
  const chains = Object.values(ops.chains);
  const running = chains.some((chain) => !isProvenFlat(chain) && chain.phase !== 'kept');
  const unfinished = view.kills.some(({ stage }) => stage !== 'done');
  if (running || unfinished || view.pendingKill !== null) return 'kill';
  if (ops.incidents.incidents.some(({ closed }) => closed === null)) return 'incident';
  const behind = mirror.headSeq === null || ops.seq < mirror.headSeq || mirror.state === 'broken';
  if (view.link.state !== 'live' || behind || view.environment === null) return 'unknown';
  const live = Object.values(ops.engines).filter(({ environment }) => environment === 'live');
  const trades = live.some(({ id, connected, confirmedMode }) => {
    const modes = [effectiveMode(ops, id), connected ? confirmedMode : null];
    return modes.some((mode) => mode !== 'paused' && mode !== 'killed');
  });
  if (trades) return 'live';
  const holds = live.some(({ id }) => {
    const { positions = null, workingOrders = null } = view.figures[id] ?? {};
    // What nobody has told is not nothing.
    return positions?.length !== 0 || workingOrders?.length !== 0;
  });
  return live.length > 0 && (holds || view.telemetryLink !== 'live') ? 'positions' : null;
}
