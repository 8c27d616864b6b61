import type { Channel } from '@shared/notify/message';
import type { DeskView } from '@shared/view/desk';

export type ChannelWord = 'none' | 'ok' | 'proven' | 'failing';

/** The one word for a channel. Green is for what was seen to deliver since it was set up. */
export function channelWord(view: DeskView, channel: Channel): ChannelWord {
  const record = view.ops.notify.channels[channel];
  if (!record) return 'none';
  if (record.state === 'failing') return 'failing';
  const { deliveredAt, lastTest, since } = record;
  const delivered = deliveredAt !== null && deliveredAt >= since;
  const tested = lastTest?.ok === true && lastTest.at >= since;
  return delivered || tested ? 'proven' : 'ok';
}

/** Every channel that is set up, with its word. */
export function channelWords(view: DeskView): readonly { channel: Channel; word: ChannelWord }[] {
  const channels = Object.keys(view.ops.notify.channels) as Channel[];
  return channels.map((channel) => ({ channel, word: channelWord(view, channel) }));
}
