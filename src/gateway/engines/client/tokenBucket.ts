import type { Clock } from '../../../shared/time';

/** What goes first: acts, then looks that tell what became of them, then everything else. */
export const PRIORITIES = ['urgent', 'look', 'normal'] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface TokenBucket {
  /** Resolves when one more request may be sent. */
  take(priority: Priority): Promise<void>;
  /** The service said that it was too much: nothing `normal` for so long. */
  holdBack(ms: number): void;
  stop(): void;
}

export interface TokenBucketOptions {
  readonly perMinute: number;
  readonly burst: number;
  /** Requests that each kind leaves for those before it: room for a kill. */
  readonly keeps: Readonly<Record<Priority, number>>;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
}

/** A token bucket ("leaky bucket as a meter") with room kept for what cannot wait. */
export function createTokenBucket(options: TokenBucketOptions): TokenBucket {
  const { burst, keeps, uptime } = options;
  const perMs = options.perMinute / 60_000;
  const waiting: Record<Priority, (() => void)[]> = { urgent: [], look: [], normal: [] };
  let tokens = burst;
  let at = uptime();
  let heldUntil = 0;
  let timer: NodeJS.Timeout | null = null;

  function serve(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    const now = uptime();
    tokens = Math.min(burst, tokens + (now - at) * perMs);
    at = now;
    for (const priority of PRIORITIES) {
      if (priority === 'normal' && now < heldUntil) continue;
      while (waiting[priority].length > 0 && tokens >= 1 + keeps[priority]) release(priority);
    }
    const first = PRIORITIES.find((priority) => waiting[priority].length > 0);
    if (!first) return;
    const held = first === 'normal' ? heldUntil - now : 0;
    timer = setTimeout(serve, Math.max(1, Math.ceil((1 + keeps[first] - tokens) / perMs), held));
  }

  function release(priority: Priority): void {
    tokens -= 1;
    waiting[priority].shift()?.();
  }

  return {
    take(priority) {
      return new Promise((ready) => {
        waiting[priority].push(ready);
        serve();
      });
    },
    holdBack(ms) {
      heldUntil = Math.max(heldUntil, uptime() + ms);
    },
    stop() {
      if (timer) clearTimeout(timer);
      for (const priority of PRIORITIES) waiting[priority].length = 0;
    },
  };
}
