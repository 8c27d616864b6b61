import { randomFillSync } from 'node:crypto';
import type { RandomBytes } from '../shared/ids';

const POOL_BYTES = 4_096;

/** The system's random bytes, fetched many at a time: a call for the ten of an id takes longer than hashing its event. */
export function pooledRandom(): RandomBytes {
  let pool = new Uint8Array(0);
  let used = 0;
  return (length) => {
    if (used + length > pool.length) {
      pool = randomFillSync(new Uint8Array(Math.max(POOL_BYTES, length)));
      used = 0;
    }
    used += length;
    return pool.subarray(used - length, used);
  };
}
