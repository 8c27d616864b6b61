import {
  AT_REST,
  type Configured,
  configuredChannels,
  type Delivery,
  nextSend,
  type Pace,
  type PageState,
  paced,
} from '../../shared/notify/delivery';
import { CHANNELS, type Channel } from '../../shared/notify/message';
import type { Outcome } from '../../shared/notify/outcome';
import type { NotificationsPolicy } from '../../shared/policy/notifications';
import type { Clock } from '../../shared/time';

/** A timer that a test may turn by hand. */
export interface Timers {
  set(run: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

export const NODE_TIMERS: Timers = {
  set: (run, ms) => setTimeout(run, ms),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

export interface LanesDeps {
  readonly policy: () => NotificationsPolicy;
  readonly configured: () => Configured;
  readonly page: (delivery: Delivery) => PageState;
  /** Sends one, or several as one; never rejects. */
  readonly send: (channel: Channel, together: readonly Delivery[]) => Promise<Outcome>;
  /** Takes what became of them; returns what waits on. */
  readonly settled: (together: readonly Delivery[], outcome: Outcome) => readonly Delivery[];
  readonly dropped: (deliveries: readonly Delivery[]) => void;
  readonly clock: Clock;
  readonly timers: Timers;
}

export interface Lanes {
  /** Takes deliveries to send; those it has already change nothing. */
  add(deliveries: readonly Delivery[]): void;
  waiting(channel: Channel): readonly Delivery[];
  /** Takes out what is not to be sent any more; what is being sent is not tried again. */
  remove(gone: (delivery: Delivery) => boolean): readonly Delivery[];
  look(): void;
  stop(): void;
}

/** Node's longest timer. */
const MAX_WAIT_MS = 2 ** 31 - 1;

interface Lane {
  readonly channel: Channel;
  readonly urgent: boolean;
  sending: boolean;
}

/**
 * Two lanes a channel, each with one send at a time: what is urgent never waits behind a send that
 * hangs. Both keep the channel's common pace.
 */
export function createLanes(deps: LanesDeps): Lanes {
  const waiting = new Map<string, Delivery>();
  const sending = new Set<string>();
  const paces = new Map<Channel, Pace>();
  const lanes: readonly Lane[] = CHANNELS.flatMap((channel) =>
    [true, false].map((urgent) => ({ channel, urgent, sending: false })),
  );
  let timer: unknown = null;
  let timerAt = Number.POSITIVE_INFINITY;
  let stopped = false;

  const of = (channel: Channel): Delivery[] =>
    [...waiting.values()].filter((one) => one.channel === channel && !sending.has(one.id));

  function look(): void {
    if (stopped) return;
    const channels = configuredChannels(deps.configured());
    for (const lane of lanes) if (channels.includes(lane.channel)) lookAt(lane);
  }

  function lookAt(lane: Lane): void {
    if (lane.sending || stopped) return;
    const { channel, urgent } = lane;
    const mine = of(channel);
    if (mine.length === 0) return;
    const policy = deps.policy();
    const now = deps.clock();
    const pace = paces.get(channel) ?? AT_REST;
    const next = nextSend(mine, urgent, pace, deps.page, policy, now);
    if (next.drop.length > 0) {
      for (const { id } of next.drop) waiting.delete(id);
      deps.dropped(next.drop);
    }
    if (next.send.length === 0) {
      if (next.at !== null) wakeAt(next.at);
      return;
    }
    paces.set(channel, paced(pace, next.send, policy.group.windowMs, now));
    void carry(lane, next.send);
  }

  async function carry(lane: Lane, together: readonly Delivery[]): Promise<void> {
    lane.sending = true;
    for (const { id } of together) sending.add(id);
    const said = await deps.send(lane.channel, together);
    lane.sending = false;
    for (const { id } of together) sending.delete(id);
    if (stopped) return;
    if (said.retryAfterMs !== null && said.code === 'rate_limited') hold(lane.channel, said);
    // One that was taken out meanwhile stays out, whatever became of it.
    const left = together.filter(({ id }) => waiting.has(id));
    for (const { id } of left) waiting.delete(id);
    for (const one of deps.settled(left, said)) waiting.set(one.id, one);
    look();
  }

  /** Whoever is told to be quiet is quiet with everything, not with one message. */
  function hold(channel: Channel, { retryAfterMs }: Outcome): void {
    const { retryAfterMaxMs } = deps.policy().retry;
    const pace = paces.get(channel) ?? AT_REST;
    const holdUntil = deps.clock() + Math.min(retryAfterMs ?? 0, retryAfterMaxMs);
    paces.set(channel, { ...pace, holdUntil });
  }

  function wakeAt(at: number): void {
    if (at >= timerAt) return;
    if (timer !== null) deps.timers.clear(timer);
    timerAt = at;
    const ms = Math.min(MAX_WAIT_MS, Math.max(1, Math.ceil(at - deps.clock())));
    timer = deps.timers.set(() => {
      timer = null;
      timerAt = Number.POSITIVE_INFINITY;
      look();
    }, ms);
  }

  return {
    add(deliveries) {
      for (const one of deliveries) if (!waiting.has(one.id)) waiting.set(one.id, one);
    },
    waiting: (channel) => [...waiting.values()].filter((one) => one.channel === channel),
    remove(gone) {
      const out = [...waiting.values()].filter(gone);
      for (const { id } of out) waiting.delete(id);
      return out;
    },
    look,
    stop() {
      stopped = true;
      if (timer !== null) deps.timers.clear(timer);
    },
  };
}
