import type { Failure } from '../../shared/result';

/** Calls that a window in the past may still make: they read, or they are about windows and settings. */
const READS =
  /^(desk\.view|audit\.|card\.|postmortem\.(text|export)|report\.(list|open|export|success|cancel)|lineage\.(part|trades|find|events|save)|equity\.series|monitor\.series|settings\.|lock\.|window\.|app\.quit)/;
/** A kill is never refused, not even by the past: the window that gives one is back in the present. */
const KILLS = /^kill\./;

/** Which windows show the past. What they show is not what is, so nothing is commanded from it. */
export interface PastGuard {
  enter(window: number): void;
  leave(window: number): void;
  /** Why a window may not make a call now; null when it may. */
  refuses(channel: string, window: number): Failure | null;
}

export function createPastGuard(): PastGuard {
  const inPast = new Set<number>();
  return {
    enter: (window) => void inPast.add(window),
    leave: (window) => void inPast.delete(window),
    refuses(channel, window) {
      if (!inPast.has(window) || READS.test(channel)) return null;
      if (KILLS.test(channel)) {
        inPast.delete(window);
        return null;
      }
      return {
        code: 'in_the_past',
        message: 'this window shows the past; nothing is commanded from it',
      };
    },
  };
}
