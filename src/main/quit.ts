import type { IpcPayload } from '../shared/ipc/contract';
import type { DeskView } from '../shared/view/desk';

export type QuitReason = IpcPayload<'quit.asked'>['reason'];

/** Why quitting wants a yes; null when it does not. What is not known counts as no reason. */
export function whyAskToQuit(
  view: Pick<DeskView, 'kills' | 'environment' | 'figures'>,
): QuitReason | null {
  if (view.kills.some((kill) => kill.stage !== 'done')) return 'kill_running';
  if (view.environment === 'live' || view.environment === 'mixed') return 'live';
  const open = Object.values(view.figures).some((one) => (one.positions?.length ?? 0) > 0);
  return open ? 'positions' : null;
}
