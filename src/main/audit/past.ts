import type { Failure } from '../../shared/result';

/** Calls that a window in the past may still make: they read, or they are about windows and settings. */
const READS =
  /^(desk\.view|audit\.|card\.|postmortem\.(text|export)|report\.(list|open|export|success|cancel)|lineage\.(part|trades|find|events|save)|equity\.series|monitor\.series|settings\.|lock\.|window\.|app\.quit)/;
/** A kill is never refused, not even by the past: the window that gives one is back in the present. */
const KILLS = /^kill\./;

/** Which windows show the past. What they show is not what is, so nothing is commanded from it. */
export interface PastGuard {
  /** A window asks for the past. @returns what {@link PastGuard.enter} wants back with the answer */
  ask(window: number): number;
  /**
   * The answer is there.
   *
   * @returns false for a question that the window has left, or asked anew, in the meantime: its answer
   *   must not take a window back that is in the present, with a kill's dialog open perhaps
   */
  enter(window: number, question: number): boolean;
  leave(window: number): void;
  /** Why a window may not make a call now; null when it may. */
  refuses(channel: string, window: number): Failure | null;
}

export function createPastGuard(): PastGuard {
  const inPast = new Set<number>();
  const questions = new Map<number, number>();
  const ask = (window: number): number => {
    const question = (questions.get(window) ?? 0) + 1;
    questions.set(window, question);
    return question;
  };
  const leave = (window: number): void => {
    ask(window);
    inPast.delete(window);
  };
  return {
    ...{ ask, leave },
    enter(window, question) {
      if (questions.get(window) !== question) return false;
      inPast.add(window);
      return true;
    },
    refuses(channel, window) {
      if (KILLS.test(channel)) {
        leave(window);
        return null;
      }
      if (!inPast.has(window) || READS.test(channel)) return null;
      return {
        code: 'in_the_past',
        message: 'this window shows the past; nothing is commanded from it',
      };
    },
  };
}
