import { z } from 'zod';
import { LatchFile } from '../node/latchFile';
import { actorSchema } from '../shared/log/event';
import { eventData } from '../shared/ops/events';
import type { GatewayLog } from './log';

const killSchema = z.object({
  seq: z.int().positive(),
  actor: actorSchema,
  commandId: z.string(),
  reason: z.string().nullable(),
  data: eventData['kill.requested'],
});
type LatchedKill = z.infer<typeof killSchema>;

/**
 * Keeps, beside the log, the kills that the log's disk could not take: a gateway that dies then
 * starts killed all the same. With a healthy disk the log itself is the latch and this file is absent.
 *
 * To be called before anything is sent to an engine.
 */
export function keepUnsavedKills(path: string, log: GatewayLog): void {
  const file = new LatchFile<readonly LatchedKill[]>(path, (value) => {
    const parsed = z.array(killSchema).safeParse(value);
    return parsed.success ? parsed.data : null;
  });
  let latched: readonly LatchedKill[] = [];

  for (const { actor, commandId, reason, data } of file.get() ?? []) {
    // A kill of that id in the log was saved after all, and may have been resumed since.
    if (log.state().kills.some((kill) => kill.commandId === commandId)) continue;
    log.append({ type: 'kill.requested', actor, commandId, reason, data });
  }
  settle();

  log.onRecorded((event) => {
    if (event.type !== 'kill.requested' || log.isSaved(event.seq)) return;
    const kill = killSchema.safeParse(event);
    if (!kill.success) return;
    latched = [...latched, kill.data];
    try {
      file.set(latched);
    } catch {
      // Neither file takes it. The kill goes on: it is what matters, and it is in memory.
    }
  });
  log.onSaved(settle);

  function settle(): void {
    latched = latched.filter(({ seq }) => !log.isSaved(seq));
    if (latched.length > 0) return;
    try {
      if (file.get() !== null) file.clear();
    } catch {
      // It is asked about by id at the next start, so one that stays does no harm.
    }
  }
}
