import { secretFault } from '../../shared/notify/channels';
import type { NotifyState } from '../../shared/notify/state';
import type { NotificationsPolicy } from '../../shared/policy/notifications';
import type { Command } from '../../shared/protocol/commands';
import type { ChannelSecretsDesk, Operator } from '../commands';
import type { Fact } from '../facts';
import { allow, Refusal } from './refusal';

export interface ChannelsContext {
  readonly configured: NotifyState['channels'];
  readonly secrets: ChannelSecretsDesk;
}

type ChannelCommand = Extract<
  Command,
  { name: 'channel.configure' | 'channel.remove' | 'channel.test' }
>;

/**
 * What a command about a channel leads to. A secret is put away before anything is recorded, and no
 * part of it is in what is returned or thrown.
 *
 * @throws {Refusal}
 */
export function decide(
  command: ChannelCommand,
  operator: Operator,
  { permissions }: NotificationsPolicy,
  { configured, secrets }: ChannelsContext,
): Fact[] {
  switch (command.name) {
    case 'channel.configure': {
      allow(operator, permissions.configure, 'set up a channel');
      const { settings, secret } = command.params;
      const { channel } = settings;
      // Stays only where it goes to the same place: who may point a channel elsewhere need not know
      // its secret, and must not be able to have it sent there.
      const kept = secret === null && secrets.hasSecret(channel) && samePlace(command, configured);
      const fault = kept ? null : secretFault(settings, secret);
      if (fault !== null) throw new Refusal('bad_channel', fault);
      if (secret !== null) store(() => secrets.keepSecret(channel, secret));
      else if (!kept) store(() => secrets.forgetSecret(channel));
      const secretSet = secret !== null || kept;
      return [{ type: 'channel.configured', data: { settings, secretSet } }];
    }
    case 'channel.remove': {
      allow(operator, permissions.configure, 'set up a channel');
      const { channel } = command.params;
      known(configured, channel);
      store(() => secrets.forgetSecret(channel));
      return [{ type: 'channel.removed', data: { channel } }];
    }
    case 'channel.test': {
      allow(operator, permissions.test, 'test a channel');
      const { channel } = command.params;
      known(configured, channel);
      return [{ type: 'channel.test_asked', data: { channel } }];
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

function store(work: () => void): void {
  try {
    work();
  } catch {
    throw new Refusal('unavailable', 'the gateway’s disk did not take the secret; nothing changed');
  }
}
