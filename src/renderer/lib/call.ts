import type { IpcArgs, IpcCall, IpcResult } from '@shared/ipc/contract';
import { toast } from 'sonner';
import { clip } from './format';

/** Somebody has the incident now. */
export function acknowledge(incident: string, via: 'console' | 'panel'): void {
  void call('incident.command', { name: 'incident.acknowledge', params: { incident, via } });
}

/**
 * Calls the main process; a refusal is shown in its own words and gives null.
 *
 * @param refused told of a refusal, where null is an answer too.
 */
export async function call<Call extends IpcCall>(
  channel: Call,
  args: IpcArgs<Call>,
  refused?: () => void,
): Promise<IpcResult<Call> | null> {
  try {
    const result = await window.vigia.call(channel, args);
    if (result.ok) return result.value;
    toast.error(clip(`${result.error.code}: ${result.error.message}`, 300));
  } catch (cause) {
    toast.error(clip(String(cause), 300));
  }
  refused?.();
  return null;
}
