import { z } from 'zod';
import { LatchFile } from '../../node/latchFile';
import { commandSchema } from '../../shared/protocol/commands';
import type { KillLatch } from './killDesk';
import type { KillCommand } from './localKills';

const fileSchema = z.object({ kills: z.array(commandSchema) });

/** Kills that nothing has acknowledged yet, on disk before the first network call. */
export function openKillLatch(path: string): KillLatch {
  const file = new LatchFile<readonly KillCommand[]>(path, (value) => {
    const parsed = fileSchema.safeParse(value);
    if (!parsed.success) return null;
    return parsed.data.kills.filter((command): command is KillCommand => command.name === 'kill');
  });
  return {
    get: () => file.get(),
    set(kills) {
      if (kills.length === 0) file.clear();
      else file.set({ kills } as unknown as readonly KillCommand[]);
    },
  };
}
