import { type ChannelSettings, PAGERDUTY_URL } from '@shared/notify/channels';
import { type Channel, type Language, type Level, levelSchema } from '@shared/notify/message';
import type { DeskView } from '@shared/view/desk';

/** Whether who sits here may set channels up, and whether he may test them. */
export function channelRights(view: DeskView): { configure: boolean; test: boolean } {
  const { permissions } = view.notificationsPolicy;
  const has = (roles: readonly string[]) =>
    view.operator?.roles.some((role) => roles.includes(role)) ?? false;
  return { configure: has(permissions.configure), test: has(permissions.test) };
}

/** The levels that a channel is given. */
export function levelsOf(view: DeskView, channel: Channel): readonly Level[] {
  return levelSchema.options.filter((level) =>
    view.notificationsPolicy.channels[level].includes(channel),
  );
}

/** What a form begins with. */
export function blank(channel: Channel): ChannelSettings {
  switch (channel) {
    case 'slack':
      return { channel, label: '', ca: null };
    case 'email':
      return {
        ...{ channel, host: '', port: 587, security: 'starttls', user: null },
        ...{ from: '', recipients: [], ca: null },
      };
    case 'pagerduty':
      return { channel, url: PAGERDUTY_URL, ca: null };
  }
}

type Recipients = Extract<ChannelSettings, { channel: 'email' }>['recipients'];

export function writeRecipients(recipients: Recipients): string {
  return recipients
    .map(({ address, language }) => (language === null ? address : `${address}, ${language}`))
    .join('\n');
}

/** Reads a line an address. @returns the line that cannot be read where there is one. */
export function readRecipients(text: string): Recipients | { readonly bad: string } {
  const out: Recipients = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const match = /^(\S+@[^\s,]+)(?:\s*,\s*(es|en))?$/.exec(line);
    if (!match?.[1]) return { bad: line };
    out.push({ address: match[1], language: (match[2] as Language | undefined) ?? null });
  }
  return out;
}
