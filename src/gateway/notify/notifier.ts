import { createLanes, type Timers } from '../../node/notify/lanes';
import type { Send } from '../../node/notify/send';
import type { LogEvent } from '../../shared/log/event';
import { languagesOf } from '../../shared/notify/channels';
import {
  attempted,
  by,
  type Configured,
  type Delivery,
  deliveriesOf,
  fallbackOf,
  type Health,
  healthAfter,
  WELL,
} from '../../shared/notify/delivery';
import type { Channel, Message } from '../../shared/notify/message';
import { type Outcome, outcome } from '../../shared/notify/outcome';
import { type Context, render, renderGroup, renderTest } from '../../shared/notify/render';
import { failingChannels } from '../../shared/notify/state';
import { messageFor } from '../../shared/notify/told';
import type { OpsState } from '../../shared/ops/state';
import type { NotificationsPolicy } from '../../shared/policy/notifications';
import type { Clock } from '../../shared/time';
import type { Fact } from '../facts';
import type { GatewayLog } from '../log';
import type { DeskSecrets } from '../secrets';
import type { Outbox } from './outbox';

export interface NotifierOptions {
  readonly log: GatewayLog;
  readonly outbox: Outbox;
  readonly secrets: Pick<DeskSecrets, 'channel'>;
  readonly policy: () => NotificationsPolicy;
  readonly deskName: string;
  readonly send: (what: Send) => Promise<Outcome>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly jitter: () => number;
  readonly timers: Timers;
  /** Events that were recorded before it began and that are to be told still, with their states. */
  readonly missed: readonly { readonly event: LogEvent; readonly state: OpsState }[];
}

export interface Notifier {
  /** Sends a test and records what was answered under the command's id. */
  test(channel: Channel, commandId: string, by: string): void;
  stop(): void;
}

const PRUNE_EVERY_MS = 86_400_000;

/**
 * Tells people what the log says. It only listens: an event is looked at in a later turn of the event
 * loop, so that nothing that acts on it waits for this.
 */
export function startNotifier(options: NotifierOptions): Notifier {
  const { log, outbox, secrets, policy, clock, timers } = options;
  const health = new Map<Channel, Health>();
  let heard: { readonly event: LogEvent; readonly state: OpsState }[] = [...options.missed];
  let looking = false;
  let stopped = false;

  for (const channel of failingChannels(log.state().notify)) {
    health.set(channel, { failures: policy().failingAfter, failing: true });
  }
  const lanes = createLanes({
    ...{ policy, configured, clock, timers },
    page: (delivery) => safely(() => outbox.page(delivery), 'none'),
    send: (channel, together) => carry(channel, together),
    settled,
    dropped: (deliveries) =>
      write(
        deliveries.map((one) => ({ ...one, state: 'dropped' })),
        '',
      ),
  });

  function configured(): Configured {
    const { channels } = log.state().notify;
    return Object.fromEntries(
      Object.entries(channels).map(([name, { settings }]) => [name, settings]),
    );
  }

  /** The outbox's disk may be full: what is to be told is then told from memory. */
  function safely<T>(work: () => T, otherwise: T): T {
    try {
      return work();
    } catch {
      return otherwise;
    }
  }

  function write(deliveries: readonly Delivery[], answer: string): void {
    safely(() => outbox.put(deliveries, answer), undefined);
  }

  function take(): void {
    looking = false;
    if (stopped) return;
    const batch = heard;
    heard = [];
    const inForce = policy();
    const now = clock();
    const messages = batch.flatMap(({ event, state }) => messageFor(event, state, inForce) ?? []);
    const queued = messages.flatMap((message) => queue(message, inForce, now));
    const last = batch.reduce((seq, { event }) => Math.max(seq, event.seq), 0);
    // An event that the disk did not take may be lost, and its number given to another.
    const handled = Math.min(last, log.savedHead().seq);
    const added = safely(() => outbox.add(queued, handled), queued);
    lanes.add(added);
    lanes.look();
  }

  /** A message by its channels; one that is red has another beside it. */
  function queue(message: Message, inForce: NotificationsPolicy, now: number): Delivery[] {
    const deliveries = deliveriesOf(message, configured(), inForce, now);
    const tried = new Set(deliveries.map(({ channel }) => channel));
    const more = [...tried].filter(isFailing).flatMap(() => standIn(message, tried, now));
    const marked = deliveries.map((one) => ({ ...one, handedOn: isFailing(one.channel) }));
    return [...marked, ...more];
  }

  const isFailing = (channel: Channel): boolean => health.get(channel)?.failing ?? false;

  function failing(): ReadonlySet<Channel> {
    return new Set([...health.keys()].filter(isFailing));
  }

  function standIn(message: Message, tried: Set<Channel>, now: number): readonly Delivery[] {
    const other = fallbackOf(message, tried, configured(), failing(), policy());
    if (other === null) return [];
    tried.add(other);
    return by(other, message, configured(), policy(), now);
  }

  function contextOf(language: Delivery['language']): Context {
    const { environment } = log.state();
    const { deskName } = options;
    return { deskName, language, environment: environment ?? 'live', runbook: policy().runbook };
  }

  async function carry(channel: Channel, together: readonly Delivery[]): Promise<Outcome> {
    const [first] = together;
    const record = log.state().notify.channels[channel];
    if (!first || !record) return outcome('refused', 'not_configured', null, '');
    const { settings, secretSet } = record;
    const secret = secrets.channel(channel);
    if (secretSet && secret === null) {
      // Of several gateways this one may be about to have it.
      return outcome('retry', 'not_configured', null, 'its secret is not at this gateway');
    }
    const context = contextOf(first.language);
    const message =
      together.length === 1
        ? render(first.message, context)
        : renderGroup(
            together.map((one) => one.message),
            context,
          );
    return options.send({
      ...{ settings, message, page: first.page, secret },
      ...{ timeoutMs: policy().sendTimeoutMs, language: policy().languages[channel] },
    });
  }

  function settled(together: readonly Delivery[], said: Outcome): readonly Delivery[] {
    const [first] = together;
    if (!first) return [];
    const now = clock();
    // One draw for a group, so that it stays one.
    const random = options.jitter();
    const after = together.map((one) => attempted(one, said, policy().retry, now, random));
    const turnedRed = judge(first.channel, said);
    const over = after.filter(({ state }) => state !== 'waiting');
    const waits = after.filter(({ state }) => state === 'waiting');
    // A channel that turned red hands on what waits for it, and goes on trying.
    const late = turnedRed ? lanes.waiting(first.channel) : [];
    const given = handOn(over.filter(({ state }) => state === 'failed'));
    handOn([...waits, ...late]);
    const red = isFailing(first.channel);
    const marked = waits.map((one) => ({ ...one, handedOn: one.handedOn || red }));
    write([...over, ...marked], said.answer);
    record(over, said, given);
    return marked;
  }

  /** Gives messages to the next channel, each at most once. @returns that channel */
  function handOn(deliveries: readonly Delivery[]): Channel | null {
    const now = clock();
    const more = deliveries
      .filter((one) => !one.handedOn && (one.state === 'failed' || isFailing(one.channel)))
      .flatMap(({ message, channel }) => {
        const tried = new Set(safely(() => outbox.triedBy(message.key), new Set<Channel>()));
        return standIn(message, tried.add(channel), now);
      });
    const added = safely(() => outbox.add(more, null), more);
    lanes.add(added);
    return more[0]?.channel ?? null;
  }

  /** Counts an attempt for or against its channel. @returns whether it turned red. */
  function judge(channel: Channel, said: Outcome): boolean {
    const before = health.get(channel) ?? WELL;
    const after = healthAfter(before, said, policy().failingAfter);
    health.set(channel, after);
    if (before.failing === after.failing) return false;
    const state = after.failing ? 'failing' : 'ok';
    const { code, status, answer: detail } = said;
    tell({ type: 'channel.state_changed', data: { channel, state, code, status, detail } });
    return after.failing;
  }

  function record(over: readonly Delivery[], said: Outcome, handedTo: Channel | null): void {
    const [first] = over;
    if (!first) return;
    tell(factOf(over, said, handedTo, clock()));
    safely(() => outbox.told(over), undefined);
  }

  function tell(fact: Fact): void {
    log.append(fact);
  }

  /** What was settled just before this gateway's predecessor died, and never told. */
  function catchUp(): void {
    for (const { delivery, answer } of safely(() => outbox.untold(), [])) {
      const kind = delivery.state === 'delivered' ? 'delivered' : 'refused';
      const code = delivery.state === 'delivered' ? 'delivered' : 'refused';
      record([delivery], outcome(kind, code, null, answer), null);
    }
    lanes.add(safely(() => outbox.waiting(), []));
  }

  function prune(): void {
    safely(() => outbox.prune(clock() - policy().keepMs), undefined);
  }

  function hear(event: LogEvent, state: OpsState): void {
    if (event.type === 'channel.removed' || event.type === 'channel.configured') {
      const { channel, settings } = event.data as {
        channel?: Channel;
        settings?: { channel: Channel };
      };
      afresh(channel ?? settings?.channel ?? null, event.type === 'channel.removed');
    }
    heard.push({ event, state });
    if (looking) return;
    looking = true;
    setImmediate(take);
  }

  /** A channel that was set up anew starts well; what waits for one that is gone goes nowhere. */
  function afresh(channel: Channel | null, gone: boolean): void {
    if (channel === null) return;
    health.delete(channel);
    if (!gone) return;
    const left = lanes.remove((one) => one.channel === channel);
    write(
      left.map((one) => ({ ...one, state: 'dropped' })),
      'the channel was removed',
    );
  }

  const leave = log.onRecorded((event) => hear(event, log.state()));
  // A new outbox begins here: what was recorded before it, and is not named as missed, is no news.
  if (outbox.handled() === null) safely(() => outbox.add([], log.savedHead().seq), []);
  catchUp();
  prune();
  const pruning = setInterval(prune, PRUNE_EVERY_MS);
  take();

  return {
    test(channel, commandId, who) {
      void sendTest(channel, commandId, who);
    },
    stop() {
      stopped = true;
      leave();
      clearInterval(pruning);
      lanes.stop();
      outbox.close();
    },
  };

  async function sendTest(channel: Channel, commandId: string, who: string): Promise<void> {
    const settings = configured()[channel];
    if (!settings) return;
    const from = clock();
    const { languages, sendTimeoutMs: timeoutMs } = policy();
    const key = `test:${commandId}`;
    const page = { action: 'trigger', key } as const;
    const secret = secrets.channel(channel);
    const said = await sendAll(settings, (language) => ({
      ...{ settings, secret, timeoutMs, language: languages[channel] },
      message: renderTest(key, from, who, contextOf(language)),
      page: channel === 'pagerduty' ? page : null,
    }));
    if (channel === 'pagerduty' && said.kind === 'delivered') {
      // Nobody is kept awake by a test.
      await options.send({
        ...{ settings, secret, timeoutMs, language: languages[channel] },
        message: renderTest(key, from, who, contextOf(languages[channel])),
        page: { ...page, action: 'resolve' },
      });
    }
    if (stopped) return;
    // It was seen to work: a channel is not red any more. One that is not tested is not made red.
    if (said.kind === 'delivered' && isFailing(channel)) judge(channel, said);
    const { code, status, answer } = said;
    const data = { ...{ channel, code, status, answer }, ok: said.kind === 'delivered' };
    log.append({
      ...{ type: 'channel.tested', commandId },
      data: { ...data, tookMs: clock() - from },
    });
  }

  /** Sends in each language of a channel; the worst answer counts. */
  async function sendAll(
    settings: Send['settings'],
    make: (language: Delivery['language']) => Send,
  ): Promise<Outcome> {
    let worst: Outcome | null = null;
    for (const language of languagesIn(settings)) {
      const said = await options.send(make(language));
      if (worst === null || said.kind !== 'delivered') worst = said;
    }
    return worst ?? outcome('refused', 'not_configured', null, '');
  }

  function languagesIn(settings: Send['settings']) {
    return languagesOf(settings, policy().languages[settings.channel]);
  }
}

function factOf(
  over: readonly Delivery[],
  said: Outcome,
  handedTo: Channel | null,
  now: number,
): Fact {
  const [first] = over as readonly [Delivery, ...Delivery[]];
  const { channel, attempts, key } = first;
  const { status, answer, code } = said;
  const data = { ...{ key, channel, attempts, status, answer }, grouped: over.length };
  if (first.state !== 'delivered') {
    return { type: 'notification.failed', data: { ...data, code, handedTo } };
  }
  const since = Math.min(...over.map(({ message }) => message.at));
  return { type: 'notification.delivered', data: { ...data, tookMs: Math.max(0, now - since) } };
}
