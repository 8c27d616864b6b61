import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { JetStreamApiCodes, JetStreamApiError, jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { assertNever } from '../../shared/assert';
import type { LeaseTimes } from '../../shared/lease/lease';
import type { Clock } from '../../shared/time';
import { makeBucket } from './bucket';
import { createCounting, stepDown, watchRefusals } from './leader';
import {
  actingToken,
  actsForMs,
  decideLease,
  failed,
  freeAt,
  goneBack,
  type LeaseRecord,
  type LeaseState,
  lapsesAt,
  seen,
  sent,
  standing,
  taken,
  UNKNOWN,
  UNWRITTEN,
  type Written,
  wants,
} from './leaseDecision';

const UNANSWERED_MAX = 3;
const BUCKET = 'vigia-leases';

/** What stands under a key of the bucket; `text` is null where somebody deleted it. */
export interface BucketEntry {
  readonly key: string;
  readonly revision: number;
  readonly text: string | null;
}

/** All changes of a bucket are in one order, numbered 1, 2, 3 … */
export interface LeaseBucket {
  /**
   * Changes a key if nothing in the whole bucket has changed since `last`.
   *
   * @returns the change's number, or null when something has
   * @throws when no answer comes: the change may have been made, or be made yet
   */
  put(key: string, text: string, last: number): Promise<number | null>;
  /** The last value of each key, then each change, in order. */
  watch(): Promise<AsyncIterable<BucketEntry> & { stop(): void }>;
  /** The number of the last change, and whether all keys are gone. */
  state(): Promise<{ readonly last: number; readonly empty: boolean }>;
}

/**
 * The bucket of the leases, made where it is not there yet.
 *
 * @throws when no server answers in time
 */
export async function openLeaseBucket(
  connection: NatsConnection,
  replicas: number,
  { renewEveryMs }: LeaseTimes,
): Promise<LeaseBucket> {
  await makeBucket(connection, BUCKET, replicas);
  // An answer comes early enough for a second attempt before the lease lapses, or counts as lost.
  const client = jetstream(connection, { timeout: renewEveryMs / 2 });
  const kv = await new Kvm(client).open(BUCKET);
  const state = async () => (await kv.status()).streamInfo.state;
  const refused = watchRefusals({
    othersWereFirst: async (after) => (await state()).last_seq !== after,
    stepDown: () => stepDown(connection, `KV_${BUCKET}`, renewEveryMs / 2),
  });
  const counting = createCounting(connection, {
    ...{ stream: `KV_${BUCKET}`, subject: `$KV.${BUCKET}.none` },
  });
  let unanswered = 0;
  return {
    async put(key, text, lastSequence) {
      try {
        // Not by the key's own revision: replicated servers before 2.9.21 take two changes that name the same one.
        const change = { expect: { lastSequence } };
        const { seq } = await client.publish(`$KV.${BUCKET}.${key}`, text, change);
        unanswered = 0;
        return seq;
      } catch (error) {
        if (!isConflict(error)) {
          unanswered += 1;
          // A slow disk is late too.
          if (unanswered >= UNANSWERED_MAX) counting.begin();
          throw error;
        }
        unanswered = 0;
        void refused(lastSequence).catch(() => undefined);
        return null;
      }
    },
    async watch() {
      const entries = await kv.watch();
      return {
        stop: () => entries.stop(),
        async *[Symbol.asyncIterator]() {
          for await (const { key, revision, operation, value } of entries) {
            const text = operation === 'PUT' ? new TextDecoder().decode(value) : null;
            yield { key, revision, text };
          }
        },
      };
    },
    async state() {
      const { last_seq: last, messages } = await state();
      return { last, empty: messages === 0 };
    },
  };
}

function isConflict(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence
  );
}

/** Who has a lease, as this node saw it last; `token` is the last one granted to anyone. */
export interface LeaseView {
  readonly holder: string | null;
  readonly token: number;
}

export interface LeaseChange extends LeaseView {
  /** Whether this node may act, under `token`. */
  readonly held: boolean;
}

/** A lease that this node asked for. */
export interface Grip {
  /** Asked at the instant of acting: null from when this node may not act, also if nothing has told it yet. */
  token(): number | null;
  /** Acts no more, and is told no more, from this call on. Resolves when the bucket has it, or on `close`. */
  release(): Promise<void>;
}

/** Leases with fencing tokens among the gateways of a desk. */
export interface Leases {
  /** Takes the lease whenever nobody has it or its holder has shown no life, and renews it. */
  hold(name: string, onChange: (change: LeaseChange) => void): Grip;
  view(name: string): LeaseView;
  /** Whether nobody has it, or its holder has shown no life here for as long as a lease lasts. */
  lapsed(name: string): boolean;
  /** Acts under none of them any more; releases none. */
  close(): void;
}

/** Somebody here asked for a lease; who asks later for the same one takes its place. */
interface Asking {
  readonly onChange: (change: LeaseChange) => void;
  told: LeaseChange | null;
}

interface Entry {
  state: LeaseState;
  asking: Asking | null;
  /** Wakes who waits for a release, to look again. */
  changed: (() => void)[];
  timer: NodeJS.Timeout | undefined;
}

const writtenSchema = z.strictObject({
  holder: z.string().min(1).nullable(),
  token: z.int().nonnegative().nullable(),
  beat: z.int().nonnegative(),
  above: z.int().nonnegative().optional(),
});

/**
 * @param options.node this gateway; no two that run may have one name
 * @param options.uptime milliseconds that never jump
 * @throws {RangeError} when a lease would lapse before it is renewed
 */
export function createLeases(options: {
  readonly bucket: LeaseBucket;
  readonly node: string;
  readonly uptime: Clock;
  readonly times: LeaseTimes;
}): Leases {
  const { bucket, node, uptime, times } = options;
  if (times.renewEveryMs >= actsForMs(times)) {
    throw new RangeError(`a lease renewed every ${times.renewEveryMs} ms lapses in between`);
  }
  const entries = new Map<string, Entry>();
  let watching: { stop(): void } | null = null;
  /** Up to where this node has seen everything in the bucket. */
  let position = 0;
  const progressed: (() => void)[] = [];
  /** Since when the bucket has less than this node has seen of it. */
  let shortSince: number | null = null;
  let writing = false;
  const closing = new AbortController();

  const pause = () =>
    delay(times.renewEveryMs / 4, undefined, { signal: closing.signal }).catch(() => undefined);

  function entryOf(name: string): Entry {
    const known = entries.get(name);
    if (known) return known;
    const entry: Entry = {
      ...{ state: UNKNOWN, asking: null, changed: [], timer: undefined },
    };
    entries.set(name, entry);
    return entry;
  }

  /** Does what is to be done now about a lease, and sees to it that it is looked at again in time. */
  function step(name: string, entry: Entry): void {
    clearTimeout(entry.timer);
    if (closing.signal.aborted) return;
    tell(entry);
    const now = uptime();
    const decision = decideLease(entry.state, node, now, times);
    let wakeAt = Number.POSITIVE_INFINITY;
    switch (decision.do) {
      case 'write':
        // One at a time: each would make the next one's number wrong.
        if (!writing) void write(name, entry, decision.record);
        break;
      case 'look':
        entry.state = wants(entry.state, 'look');
        break;
      case 'wait':
        wakeAt = decision.until ?? wakeAt;
        break;
      default:
        assertNever(decision);
    }
    const lapses = lapsesAt(entry.state, node, times);
    if (lapses !== null && now < lapses) wakeAt = Math.min(wakeAt, lapses);
    if (Number.isFinite(wakeAt)) entry.timer = setTimeout(step, wakeAt - now, name, entry);
    for (const look of entry.changed.splice(0)) look();
  }

  async function write(name: string, entry: Entry, record: Written): Promise<void> {
    writing = true;
    entry.state = sent(entry.state, record, uptime());
    const last = position;
    try {
      const revision = await bucket.put(keyOf(name), JSON.stringify(record), last);
      if (revision === null) {
        entry.state = failed(entry.state);
        await progress(last);
      } else {
        position = Math.max(position, revision);
        entry.state = taken(entry.state, revision, uptime());
      }
    } catch {
      entry.state = failed(entry.state);
      await pause();
    }
    writing = false;
    for (const [one, its] of entries) step(one, its);
  }

  /** Waits until more than `last` has been seen. A watch that does not bring in time what there is, is opened anew. */
  async function progress(last: number): Promise<void> {
    if (position > last) return;
    await Promise.race([pause(), new Promise<void>((look) => progressed.push(look))]);
    // A bucket that has less than was seen of it tells nothing more to one that is opened anew.
    if (position === last && shortSince === null) watching?.stop();
  }

  function tell({ state, asking }: Entry): void {
    const { holder, token } = state.record;
    if (state.revision === 0 || !asking) return;
    const held = actingToken(state, node, uptime(), times) !== null;
    if (isDeepStrictEqual(asking.told, { held, holder, token })) return;
    asking.told = { held, holder, token };
    asking.onChange(asking.told);
  }

  function hold(name: string, onChange: Asking['onChange']): Grip {
    const entry = entryOf(name);
    const asking: Asking = { onChange, told: null };
    const former = entry.asking;
    entry.asking = asking;
    entry.state = wants(entry.state, 'hold');
    if (former?.told?.held) former.onChange({ ...former.told, held: false });
    step(name, entry);
    const changed = () => new Promise<void>((look) => entry.changed.push(look));
    const current = () => entry.asking === asking && !closing.signal.aborted;
    return {
      token: () => (current() ? actingToken(entry.state, node, uptime(), times) : null),
      async release() {
        if (!current()) return;
        entry.asking = null;
        entry.state = wants(entry.state, 'release');
        step(name, entry);
        while (entry.state.want === 'release' && !closing.signal.aborted) await changed();
      },
    };
  }

  /** Follows the bucket for as long as this lives; a watch that ends or falls behind is opened anew. */
  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      let checking: NodeJS.Timeout | undefined;
      try {
        const { last, empty } = await bucket.state();
        measure(last);
        if (empty) position = Math.max(position, last);
        const watch = await bucket.watch();
        watching = watch;
        if (closing.signal.aborted) watch.stop();
        let owed = position;
        // A watch whose server died just stays silent: only the bucket can tell that from nothing new.
        checking = setInterval(() => {
          if (owed > position) watch.stop();
          bucket.state().then(
            (state) => {
              owed = state.last;
              measure(owed);
            },
            () => undefined,
          );
        }, times.renewEveryMs);
        for await (const found of watch) take(found);
      } catch {
        await pause();
      } finally {
        clearInterval(checking);
      }
    }
  }

  /**
   * Looks whether the bucket has all that was seen of it. A server that was cut off may be behind for a
   * moment; a bucket that stays short for as long as a lease lasts has lost it, and is begun anew with.
   */
  function measure(last: number): void {
    const now = uptime();
    shortSince = last < position ? (shortSince ?? now) : null;
    if (shortSince === null || now - shortSince < times.lostAfterMs) return;
    shortSince = null;
    position = last;
    watching?.stop();
    for (const [name, entry] of entries) {
      entry.state = goneBack(entry.state, uptime());
      step(name, entry);
    }
  }

  function take(found: BucketEntry): void {
    position = Math.max(position, found.revision);
    const name = nameOf(found.key);
    if (name !== null) {
      const entry = entryOf(name);
      entry.state = seen(entry.state, found.revision, recordOf(found), uptime());
      step(name, entry);
    }
    for (const look of progressed.splice(0)) look();
  }
  void follow();

  return {
    hold,
    view(name) {
      const { holder, token } = entries.get(name)?.state.record ?? UNWRITTEN;
      return { holder, token };
    },
    lapsed: (name) => uptime() >= freeAt(entries.get(name)?.state ?? UNKNOWN, times),
    close() {
      closing.abort();
      watching?.stop();
      for (const { timer, changed } of entries.values()) {
        clearTimeout(timer);
        for (const look of changed.splice(0)) look();
      }
    },
  };
}

/** Keys take few characters, and a dot parts them. */
function keyOf(name: string): string {
  return encodeURIComponent(name)
    .replace(/[.!~*'()]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%', '=');
}

/** Null for a key that nothing here has written. */
function nameOf(key: string): string | null {
  try {
    return decodeURIComponent(key.replaceAll('=', '%'));
  } catch {
    return null;
  }
}

/**
 * Where a key was deleted or overwritten by hand, the lease is free and its revision is the last token: no
 * token can be greater, since each took a change.
 */
function recordOf({ revision, text }: BucketEntry): LeaseRecord {
  try {
    return standing(writtenSchema.parse(JSON.parse(text ?? '')), revision);
  } catch {
    return { ...UNWRITTEN, token: revision };
  }
}
