import type { Mode } from '../../../shared/telemetry/types';

/** An orphan that nobody takes up is gone after this; its service was left stopped long before. */
const LIFE_MS = 60_000;
/** After its service was stopped there is this much for the last answers. */
const GRACE_MS = 3_000;
const LOOK_MS = 500;

export interface Orphan {
  /** Begins to wait for the end of its use. */
  begin(done: () => void): void;
  /** Another gateway has begun: its own bridge drives the service now. */
  replaced(): void;
}

/**
 * A bridge whose gateway died without a word. It lives on until its dead-man switch has stopped the
 * service, or another gateway is there: one that ended at once would leave the service trading with
 * nobody to stop it.
 */
export function createOrphan(mode: () => Mode): Orphan {
  let done: (() => void) | null = null;
  return {
    begin(end) {
      done = end;
      let stoppedFor = 0;
      setInterval(() => {
        const runs = mode() === 'normal' || mode() === 'reducing';
        stoppedFor = runs ? 0 : stoppedFor + LOOK_MS;
        if (stoppedFor >= GRACE_MS) end();
      }, LOOK_MS);
      setTimeout(end, LIFE_MS);
    },
    replaced: () => done?.(),
  };
}
