import { existsSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { LatchFile, writeFileDurably } from '../node/latchFile';
import { actorSchema, type LogEvent } from '../shared/log/event';
import { eventData } from '../shared/ops/events';
import type { OpsState } from '../shared/ops/state';
import type { Fact } from './facts';
import type { GatewayLog } from './log';

/** A kill as it was given, wherever it is kept or told of. */
export const givenKillSchema = z.object({
  actor: actorSchema,
  commandId: z.string(),
  reason: z.string().nullable(),
  data: eventData['kill.requested'],
});

const killSchema = givenKillSchema.extend({ seq: z.int().positive() });
type LatchedKill = z.infer<typeof killSchema>;

/** Room for some dozens of kills, on a disk that has none left. */
const RESERVE_BYTES = 65_536;

/**
 * Puts a kill that was given elsewhere or before into the log.
 *
 * @param noted as what another gateway has it
 * @returns nothing where it is there
 */
export function appendKill(
  log: GatewayLog,
  { actor, commandId, reason, data }: z.infer<typeof givenKillSchema>,
  noted?: Fact['noted'],
): readonly LogEvent[] {
  // A kill of that id in the log may have been resumed since.
  const holds = ({ kills }: OpsState) => kills.every((known) => known.commandId !== commandId);
  if (!holds(log.state())) return [];
  // A log that does not answer yet may have it, and its resume, in what is not here.
  const fact = { type: 'kill.requested', actor, commandId, reason, data, holds } as const;
  return log.append({ ...fact, ...(noted && { noted }) });
}

/**
 * Keeps, beside the log, the kills that stand and those that the log's disk could not take: a gateway
 * that dies starts killed all the same, on a full disk and on a log that lost its end to a damaged WAL.
 * A reserve keeps room for it on a disk that has none left.
 *
 * What is not saved is written before anything is sent to an engine, so this is to be called before
 * who sends. What is saved is in the log: its copy here is written once the engines have been told.
 *
 * @returns the kills it put into the log: their ids are taken, as those of the log's history are.
 */
export function keepKills(path: string, log: GatewayLog): readonly LogEvent[] {
  const reserve = `${path}.reserve`;
  const file = new LatchFile<readonly LatchedKill[]>(path, (value) => {
    const parsed = z.array(killSchema).safeParse(value);
    return parsed.success ? parsed.data : null;
  });
  const taken: LogEvent[] = [];
  let latched = (file.get() ?? []).map((kill) => {
    const events = appendKill(log, kill);
    taken.push(...events);
    return { ...kill, seq: events[0]?.seq ?? kill.seq };
  });
  let isDue = false;
  let reserved = false;
  settle();

  log.onRecorded((event) => {
    if (event.type === 'ops.resumed') settle();
    if (event.type !== 'kill.requested') return;
    const kill = killSchema.safeParse(event);
    if (!kill.success) return;
    latched = [...latched, kill.data];
    if (log.isSaved(event)) soon();
    else write();
  });
  log.onSaved(settle);
  return taken;

  /** Drops what is in the log and was resumed. */
  function settle(): void {
    if (latched.length > 0) {
      const { kills } = log.state();
      const stands = (id: string) =>
        kills.some(({ commandId, resumedAt }) => commandId === id && resumedAt === null);
      const needed = latched.filter((kill) => !log.isSaved(kill) || stands(kill.commandId));
      if (needed.length < latched.length) soon();
      latched = needed;
    }
    if (!reserved) soon();
  }

  function soon(): void {
    if (!isDue) setImmediate(tidy);
    isDue = true;
  }

  function tidy(): void {
    isDue = false;
    write();
    if (reserved) return;
    try {
      if (!existsSync(reserve)) writeFileDurably(reserve, '.'.repeat(RESERVE_BYTES));
      reserved = true;
    } catch {
      // No room for it now: it is tried again at the next event that is saved.
      rmSync(`${reserve}.new`, { force: true });
    }
  }

  function write(): void {
    try {
      if (latched.length > 0) file.set(latched);
      else if (existsSync(path)) file.clear();
    } catch {
      setFromReserve();
    }
  }

  /** The log's disk is full, and most often the latch's with it: what was set aside makes room. */
  function setFromReserve(): void {
    try {
      rmSync(reserve, { force: true });
      reserved = false;
      if (latched.length > 0) file.set(latched);
    } catch {
      // Neither file takes it. The kill goes on: it is what matters, and it is in memory.
    }
  }
}
