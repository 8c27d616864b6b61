import { expect, it } from 'vitest';
import {
  type BucketEntry,
  createLeases,
  type LeaseBucket,
} from '../../../src/gateway/cluster/leases';

/** The contract of a bucket, in memory; it may be put back to what it was. */
class MemoryBucket implements LeaseBucket {
  #changes: BucketEntry[] = [];
  /** How often it was begun to be watched. */
  watched = 0;
  readonly #watches = new Set<{ next: number; wake: () => void; stopped: boolean }>();

  async put(key: string, text: string, last: number): Promise<number | null> {
    if (last !== this.#changes.length) return null;
    const revision = last + 1;
    this.#changes.push({ key, revision, text });
    for (const { wake } of this.#watches) wake();
    return revision;
  }

  async state() {
    return { last: this.#changes.length, empty: this.#changes.length === 0 };
  }

  async watch() {
    const changes = () => this.#changes;
    this.watched += 1;
    const watch = { next: 0, wake: () => {}, stopped: false };
    this.#watches.add(watch);
    return {
      stop() {
        watch.stopped = true;
        watch.wake();
      },
      async *[Symbol.asyncIterator]() {
        while (!watch.stopped) {
          const found = changes()[watch.next];
          if (found) {
            watch.next += 1;
            yield found;
          } else {
            await new Promise<void>((wake) => {
              watch.wake = wake;
            });
          }
        }
      },
    };
  }

  /** The servers come back with what they had after so many changes. */
  putBack(to: number): void {
    this.#changes = this.#changes.slice(0, to);
  }
}

it('a bucket that lost its last changes is followed again, and the lease is held and renewed in it', async () => {
  const bucket = new MemoryBucket();
  const times = { renewEveryMs: 5, lostAfterMs: 50 };
  const nodes = ['norte', 'sur'].map((node) =>
    createLeases({ bucket, node, uptime: () => performance.now(), times }),
  );
  const grips = nodes.map((leases) => leases.hold('acting', () => undefined));
  const until = async (holds: () => boolean | Promise<boolean>) => {
    while (!(await holds())) await new Promise((go) => setImmediate(go));
  };
  const holders = () => grips.filter((grip) => grip.token() !== null).length;
  await until(async () => holders() === 1 && (await bucket.state()).last > 12);
  bucket.putBack(2);
  const before = bucket.watched;
  await until(async () => (await bucket.state()).last > 12 && holders() === 1);
  expect(holders()).toBe(1);
  // To watch anew brings nothing more of what is lost: once to see that, and once to begin anew.
  expect(bucket.watched - before).toBeLessThanOrEqual(3 * nodes.length);
  for (const leases of nodes) leases.close();
});
