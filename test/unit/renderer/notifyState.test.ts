import { describe, expect, it } from 'vitest';
import { blank, readRecipients, writeRecipients } from '../../../src/renderer/desk/notify.state';
import { notifyEs } from '../../../src/renderer/i18n/notify';
import { CHANNELS } from '../../../src/shared/notify/message';
import { sendCodeSchema } from '../../../src/shared/notify/outcome';

describe('recipients in a form', () => {
  it('are read as they are written', () => {
    const recipients = [
      { address: 'ana@mesa.co', language: null },
      { address: 'bob@desk.us', language: 'en' as const },
    ];
    expect(readRecipients(writeRecipients(recipients))).toEqual(recipients);
    expect(readRecipients('\n ana@mesa.co \n')).toEqual([recipients[0]]);
  });

  it.each(['ana', 'ana@mesa.co, fr', 'ana@mesa.co luis@mesa.co', '@'])('%s is not one', (line) => {
    expect(readRecipients(`x@y.co\n${line}`)).toEqual({ bad: line });
  });
});

it('every channel has a form, and every outcome a sentence', () => {
  for (const channel of CHANNELS) expect(blank(channel).channel).toBe(channel);
  for (const code of sendCodeSchema.options) expect(notifyEs).toHaveProperty([`send.${code}`]);
});
