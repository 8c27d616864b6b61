import type { LogEvent, LogPosition } from '../../shared/log/event';

/** Hashes of the events followed last: what another gateway says of its head is held against them. */
export interface RecentHashes {
  add(events: readonly LogEvent[]): void;
  at(seq: number): string | undefined;
  clear(): void;
}

/** Events followed last whose hashes are at hand. */
const KEPT = 4_096;

export function createRecentHashes(): RecentHashes {
  const hashes = new Map<number, string>();
  return {
    add(events) {
      for (const { seq, hash } of events) hashes.set(seq, hash);
      for (const seq of hashes.keys()) {
        if (hashes.size <= KEPT) break;
        hashes.delete(seq);
      }
    },
    at: (seq) => hashes.get(seq),
    clear: () => hashes.clear(),
  };
}

/**
 * What a gateway's head, as it said it at its welcome, tells of its history; what cannot be compared
 * tells nothing.
 *
 * @param hashAt the hash of an event of ours, where that is at hand
 */
export function kinship(
  welcome: { readonly epoch: string; readonly head: LogPosition },
  ours: { readonly epoch: string | null; readonly head: LogPosition },
  hashAt: (seq: number) => string | undefined,
): 'same' | 'other' | 'unknown' {
  if (ours.head.seq === 0) return 'unknown';
  if (ours.epoch !== null && ours.epoch !== welcome.epoch) return 'other';
  const { seq, hash } = welcome.head;
  const known = seq === ours.head.seq ? ours.head.hash : hashAt(seq);
  if (known === undefined) return 'unknown';
  return known === hash ? 'same' : 'other';
}
