import { secretFault } from '../../shared/notify/channels';
import type { Channel } from '../../shared/notify/message';
import type { NotifyState } from '../../shared/notify/state';
import type { NotificationsPolicy } from '../../shared/policy/notifications';
import type { Command } from '../../shared/protocol/commands';
import type { Operator } from '../commands';
import { type Decided, plain } from './decided';
import { allow, Refusal } from './refusal';

export interface ChannelsContext {
  readonly configured: NotifyState['channels'];
  /** A channel's own, null where it has none. */
  readonly secretOf: (channel: Channel) => string | null;
  /** By which a secret is put away. */
  readonly version: string;
}

type ChannelCommand = Extract<
  Command,
  { name: 'channel.configure' | 'channel.remove' | 'channel.test' }
>;

/**
 * What a command about a channel leads to, and the secret that is put away before it. No part of that
 * is in the facts, nor in what is thrown.
 *
 * @throws {Refusal}
 */
export function decide(
  command: ChannelCommand,
  operator: Operator,
  { permissions }: NotificationsPolicy,
  { configured, secretOf, version }: ChannelsContext,
): Decided {
  switch (command.name) {
    case 'channel.configure': {
      allow(operator, permissions.configure, 'set up a channel');
      const { settings, secret } = command.params;
      const { channel } = settings;
      // Stays only where it goes to the same place: who may point a channel elsewhere need not know
      // its secret, and must not be able to have it sent there.
      const kept = secret === null && samePlace(command, configured) ? secretOf(channel) : null;
      const fault = kept === null ? secretFault(settings, secret) : null;
      if (fault !== null) throw new Refusal('bad_channel', fault);
      const text = secret ?? kept;
      if (text === null) {
        return plain({ type: 'channel.configured', data: { settings, secretSet: false } });
      }
      const data = { settings, secretSet: true, secretVersion: version };
      const name = { of: 'channel', id: channel, version } as const;
      return { facts: [{ type: 'channel.configured', data }], secret: { name, text } };
    }
    case 'channel.remove': {
      allow(operator, permissions.configure, 'set up a channel');
      const { channel } = command.params;
      known(configured, channel);
      return plain({ type: 'channel.removed', data: { channel } });
    }
    case 'channel.test': {
      allow(operator, permissions.test, 'test a channel');
      const { channel } = command.params;
      known(configured, channel);
      return plain({ type: 'channel.test_asked', data: { channel } });
    }
  }
}

function samePlace(
  { params }: Extract<ChannelCommand, { name: 'channel.configure' }>,
  configured: NotifyState['channels'],
): boolean {
  const { settings } = params;
  const before = configured[settings.channel]?.settings;
  if (!before) return false;
  if (settings.channel === 'pagerduty' && before.channel === 'pagerduty') {
    return settings.url === before.url && settings.ca === before.ca;
  }
  if (settings.channel === 'email' && before.channel === 'email') {
    const place = ({ host, port, security, user, ca }: typeof settings) =>
      JSON.stringify([host, port, security, user, ca]);
    return place(settings) === place(before);
  }
  // A webhook's place is its secret.
  return settings.ca === before.ca;
}

function known(configured: NotifyState['channels'], channel: keyof NotifyState['channels']): void {
  if (!configured[channel]) throw new Refusal('unknown_channel', 'that channel is not set up');
}
