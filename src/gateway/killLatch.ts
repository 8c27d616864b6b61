import { existsSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { LatchFile, writeFileDurably } from '../node/latchFile';
import { actorSchema, type LogEvent } from '../shared/log/event';
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

/** Room for some dozens of kills, on a disk that has none left. */
const RESERVE_BYTES = 65_536;

/**
 * Keeps, beside the log, the kills that the log's disk could not take: a gateway that dies then
 * starts killed all the same. With a healthy disk the log itself is the latch and this file is absent;
 * a reserve beside it keeps room for it.
 *
 * To be called before anything is sent to an engine.
 *
 * @returns the kills it put into the log: their ids are taken, as those of the log's history are.
 */
export function keepUnsavedKills(path: string, log: GatewayLog): readonly LogEvent[] {
  const reserve = `${path}.reserve`;
  const file = new LatchFile<readonly LatchedKill[]>(path, (value) => {
    const parsed = z.array(killSchema).safeParse(value);
    return parsed.success ? parsed.data : null;
  });
  const isLogged = (id: string) => log.state().kills.some((kill) => kill.commandId === id);
  const taken: LogEvent[] = [];
  // A kill of that id in the log was saved after all, and may have been resumed since.
  let latched: readonly LatchedKill[] = (file.get() ?? [])
    .filter(({ commandId }) => !isLogged(commandId))
    .map((kill) => {
      const { actor, commandId, reason, data } = kill;
      const events = log.append({ type: 'kill.requested', actor, commandId, reason, data });
      taken.push(...events);
      return { ...kill, seq: events[0]?.seq ?? kill.seq };
    });
  settle();

  log.onRecorded((event) => {
    if (event.type !== 'kill.requested' || log.isSaved(event.seq)) return;
    const kill = killSchema.safeParse(event);
    if (!kill.success) return;
    latched = [...latched, kill.data];
    try {
      file.set(latched);
    } catch {
      setFromReserve();
    }
  });
  log.onSaved(settle);
  return taken;

  /** The log's disk is full, and most often the latch's with it: what was set aside makes room. */
  function setFromReserve(): void {
    try {
      rmSync(reserve, { force: true });
      file.set(latched);
    } catch {
      // Neither file takes it. The kill goes on: it is what matters, and it is in memory.
    }
  }

  function settle(): void {
    latched = latched.filter(({ seq }) => !log.isSaved(seq));
    if (latched.length > 0) return;
    try {
      if (file.get() !== null) file.clear();
      if (!existsSync(reserve)) writeFileDurably(reserve, '.'.repeat(RESERVE_BYTES));
    } catch {
      // It is asked about by id at the next start, so one that stays does no harm; and a reserve
      // that finds no room now is made at the next event that is saved.
    }
  }
}
