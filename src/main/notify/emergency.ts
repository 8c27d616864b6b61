import { createLanes, type Timers } from '../../node/notify/lanes';
import type { Send } from '../../node/notify/send';
import type { ChannelSettings } from '../../shared/notify/channels';
import {
  attempted,
  type Configured,
  type Delivery,
  deliveriesOf,
} from '../../shared/notify/delivery';
import { CHANNELS, type Channel, type Language } from '../../shared/notify/message';
import { type Outcome, outcome } from '../../shared/notify/outcome';
import { type Context, render, renderTest } from '../../shared/notify/render';
import { killKey, messageForKill } from '../../shared/notify/told';
import type { OwnChannelsView, OwnNotice, OwnTest } from '../../shared/notify/view';
import type { NotificationsPolicy } from '../../shared/policy/notifications';
import type { Environment } from '../../shared/protocol/engine';
import type { Clock } from '../../shared/time';
import type { LocalKill } from '../../shared/view/desk';
import type { OwnChannels } from './ownChannels';

export interface EmergencyDeps {
  readonly channels: OwnChannels;
  readonly policy: () => NotificationsPolicy;
  readonly desk: () => { readonly name: string; readonly environment: Environment };
  /** Who sits here, by the name the gateway last gave him, or the system's. */
  readonly operator: () => string;
  readonly send: (what: Send) => Promise<Outcome>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly jitter: () => number;
  readonly timers: Timers;
  readonly changed: () => void;
}

export interface Emergency {
  /** The kills of this terminal as they stand now. */
  kills(kills: readonly LocalKill[]): void;
  test(channel: Channel): Promise<OwnTest>;
  set(settings: ChannelSettings, secret: string | null): string | null;
  remove(channel: Channel): void;
  view(): OwnChannelsView;
  /** Of its channels, for what must not be written. */
  secrets(): readonly (string | null)[];
  stop(): void;
}

/**
 * Tells people of a kill that no gateway acknowledges, from the terminal itself. It uses the key the
 * gateway will use, so that one page is opened and not two, and stops trying once the gateway has it.
 */
export function createEmergency(deps: EmergencyDeps): Emergency {
  const { channels, policy, clock } = deps;
  const told = new Set<string>();
  let notices: readonly OwnNotice[] = [];

  const lanes = createLanes({
    ...{ policy, configured, clock, timers: deps.timers },
    page: () => 'none',
    send: carry,
    settled,
    dropped: () => undefined,
  });

  function configured(): Configured {
    const all = Object.entries(channels.all());
    return Object.fromEntries(all.map(([name, { settings }]) => [name, settings]));
  }

  function context(language: Language): Context {
    const { name: deskName, environment } = deps.desk();
    return { deskName, environment, language, runbook: policy().runbook };
  }

  async function carry(channel: Channel, [first]: readonly Delivery[]): Promise<Outcome> {
    const kept = channels.get(channel);
    if (!kept || !first) return outcome('refused', 'not_configured', null, '');
    const message = render(first.message, context(first.language));
    return deps.send({
      ...{ ...kept, message, page: first.page, timeoutMs: policy().sendTimeoutMs },
      language: policy().languages[channel],
    });
  }

  function settled(together: readonly Delivery[], said: Outcome): readonly Delivery[] {
    const after = together.map((one) =>
      attempted(one, said, policy().retry, clock(), deps.jitter()),
    );
    for (const one of after) note(one, said);
    deps.changed();
    return after.filter(({ state }) => state === 'waiting');
  }

  function note({ key, channel, state, attempts }: Delivery, said: Outcome | null): void {
    const kill = key.slice(killKey('').length);
    const notice: OwnNotice = {
      ...{ kill, channel, attempts, code: said?.code ?? null },
      state: state === 'delivered' ? 'delivered' : state === 'waiting' ? 'sending' : 'failed',
    };
    const others = notices.filter((one) => one.kill !== kill || one.channel !== channel);
    notices = [...others, notice];
  }

  function begin(kill: LocalKill): void {
    told.add(kill.id);
    const { id, reason, scope, origin, issuedAt } = kill;
    const about = { by: deps.operator(), reason, scope, origin };
    const message = messageForKill(id, about, issuedAt, policy());
    const deliveries = deliveriesOf(message, configured(), policy(), clock());
    for (const one of deliveries) note(one, null);
    lanes.add(deliveries);
    lanes.look();
  }

  return {
    kills(kills) {
      const open = new Set<string>();
      for (const kill of kills) {
        const acknowledged = kill.stage === 'accepted' || kill.stage === 'done';
        if (!acknowledged) open.add(kill.id);
        // The siren may be silenced; that somebody must be told does not end with it.
        if (kill.alarm && !acknowledged && !told.has(kill.id)) begin(kill);
      }
      // Acknowledged or given up: from here on the gateway tells, or nobody needs to.
      lanes.remove(({ key }) => !open.has(key.slice(killKey('').length)));
      const known = new Set(kills.map(({ id }) => id));
      notices = notices.filter(({ kill }) => known.has(kill));
    },
    async test(channel) {
      const kept = channels.get(channel);
      const from = clock();
      const key = `test:${from}`;
      const language = policy().languages[channel];
      const what = kept && {
        ...{ ...kept, language, timeoutMs: policy().sendTimeoutMs },
        message: renderTest(key, from, deps.operator(), context(language)),
      };
      const page = channel === 'pagerduty' ? ({ action: 'trigger', key } as const) : null;
      const said = what
        ? await deps.send({ ...what, page })
        : outcome('refused', 'not_configured', null, '');
      if (what && page && said.kind === 'delivered') {
        // Nobody is kept awake by a test.
        await deps.send({ ...what, page: { ...page, action: 'resolve' } });
      }
      const { code, status, answer, kind } = said;
      return { ok: kind === 'delivered', code, status, answer, tookMs: clock() - from };
    },
    set(settings, secret) {
      const fault = channels.set(settings, secret);
      deps.changed();
      return fault;
    },
    remove(channel) {
      channels.remove(channel);
      lanes.remove((one) => one.channel === channel);
      deps.changed();
    },
    secrets: () => CHANNELS.map((channel) => channels.get(channel)?.secret ?? null),
    view: () => ({ kept: channels.kept(), channels: channels.all(), notices }),
    stop: lanes.stop,
  };
}
