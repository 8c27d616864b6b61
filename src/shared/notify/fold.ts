import type { DomainEvent } from '../ops/events';
import type { Channel } from './message';
import type { ChannelRecord, NotifyState } from './state';

/** Folds what an event says of channels. Events about other things change nothing. */
export function foldNotify(state: NotifyState, event: DomainEvent): NotifyState {
  switch (event.type) {
    case 'channel.configured': {
      const { settings, secretSet, secretVersion = null } = event.data;
      const before = state.channels[settings.channel] ?? UNUSED;
      // A channel that was set up anew is not red for what was before.
      const record: ChannelRecord = {
        ...before,
        ...{ settings, secretSet, secretVersion, by: event.actor, since: event.ts },
        ...{ state: 'ok', stateSince: event.ts, fault: null },
      };
      return { channels: { ...state.channels, [settings.channel]: record } };
    }
    case 'channel.removed': {
      const { [event.data.channel]: _, ...channels } = state.channels;
      return { channels };
    }
    case 'channel.test_asked':
      return change(state, event.data.channel, { testAskedAt: event.ts });
    case 'channel.tested': {
      const { channel, ...lastTest } = event.data;
      return change(state, channel, { lastTest: { ...lastTest, at: event.ts }, testAskedAt: null });
    }
    case 'channel.state_changed': {
      const { channel, state: next, code, status, detail } = event.data;
      const fault = { at: event.ts, code, status, answer: detail };
      return change(state, channel, {
        ...{ state: next, stateSince: event.ts },
        fault: next === 'failing' ? fault : null,
      });
    }
    case 'notification.delivered': {
      const { channel, tookMs, grouped } = event.data;
      const delivered = (state.channels[channel]?.delivered ?? 0) + grouped;
      return change(state, channel, { deliveredAt: event.ts, tookMs, delivered });
    }
    case 'notification.failed': {
      const { channel, grouped, code, status, answer } = event.data;
      const failed = (state.channels[channel]?.failed ?? 0) + grouped;
      return change(state, channel, {
        failed,
        lastFailure: { at: event.ts, code, status, answer },
      });
    }
    default:
      return state;
  }
}

const UNUSED = {
  ...{ deliveredAt: null, tookMs: null, delivered: 0, failed: 0 },
  ...{ lastFailure: null, lastTest: null, testAskedAt: null },
} as const;

function change(state: NotifyState, channel: Channel, what: Partial<ChannelRecord>): NotifyState {
  const record = state.channels[channel];
  if (!record) return state;
  return { channels: { ...state.channels, [channel]: { ...record, ...what } } };
}
