import type { IpcArgs, IpcCall, IpcResult } from '@shared/ipc/contract';
import { say } from '@shared/words/phrase';
import { toast } from 'sonner';
import { clip } from './format';
import { useApp } from './store';

/** Somebody has the incident now. */
export function acknowledge(incident: string, via: 'console' | 'panel'): void {
  void call('incident.command', { name: 'incident.acknowledge', params: { incident, via } });
}

/**
 * Calls the main process; a refusal is shown, in the reader's language where we wrote it, and gives null.
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
    const language = useApp.getState().settings?.language ?? 'es';
    toast.error(clip(say({ code: result.error.message }, language), 300));
  } catch (cause) {
    toast.error(clip(String(cause), 300));
  }
  refused?.();
  return null;
}
