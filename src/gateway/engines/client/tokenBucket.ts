import type { Clock } from '../../../shared/time';

/** `urgent` may use what is kept back and goes before everything else that waits. */
export type Priority = 'urgent' | 'normal';

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
  /** Requests that only `urgent` ones may use: room for a kill. */
  readonly reserve: number;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
}

/** A token bucket ("leaky bucket as a meter") with room kept for what cannot wait. */
export function createTokenBucket(options: TokenBucketOptions): TokenBucket {
  const { burst, reserve, uptime } = options;
  const perMs = options.perMinute / 60_000;
  const waiting: Record<Priority, (() => void)[]> = { urgent: [], normal: [] };
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
    while (waiting.urgent.length > 0 && tokens >= 1) release('urgent');
    while (waiting.normal.length > 0 && tokens >= 1 + reserve && now >= heldUntil) {
      release('normal');
    }
    const needed = waiting.urgent.length > 0 ? 1 : 1 + reserve;
    const held = waiting.urgent.length > 0 ? 0 : heldUntil - now;
    if (waiting.urgent.length + waiting.normal.length === 0) return;
    timer = setTimeout(serve, Math.max(1, Math.ceil((needed - tokens) / perMs), held));
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
      waiting.urgent.length = 0;
      waiting.normal.length = 0;
    },
  };
}
