import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSendable } from '../../../src/shared/notify/channels';
import { mailBody } from '../../../src/shared/notify/email';
import { kindSchema } from '../../../src/shared/notify/message';
import { retryAfter } from '../../../src/shared/notify/outcome';
import { pagerDutyBody } from '../../../src/shared/notify/pagerduty';
import { type Context, render, renderGroup } from '../../../src/shared/notify/render';
import { slackBody } from '../../../src/shared/notify/slack';
import { escapeHtml, escapeTo, plain } from '../../../src/shared/notify/text';
import { notificationsPolicy } from '../../support/desk';
import { HOSTILE, message, rendered } from '../../support/notify';
import { ROOT } from '../../support/root';
import { pagerDutyContract, ROUTING_KEY, slackContract } from '../../support/thirdParties';

const context: Context = {
  ...{ deskName: 'USD/COP', environment: 'paper', language: 'es' },
  runbook: notificationsPolicy.runbook,
};
/** A heading's anchor, as GitHub and most renderers of Markdown make it. */
const slug = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
const LONG = '&<>"\u{1F600}'.repeat(3_000);
const many = Array.from({ length: 90 }, () => ({ label: LONG, value: LONG }));

describe('a message in words', () => {
  it('says level, what, desk and environment, in COT and with its runbook', () => {
    expect(render(message(), context)).toMatchObject({
      title: '[P0] PARADA DE EMERGENCIA · USD/COP · PAPEL',
      time: '2026-01-05 09:00:01 COT',
      runbook: 'https://docs/runbook#kill-switch',
    });
    const english = render(message(), { ...context, language: 'en', environment: 'live' });
    expect(english.title).toBe('[P0] EMERGENCY STOP · USD/COP · LIVE');
    expect(english.fields[0]?.label).toBe('Reason');
  });

  it('links to the desk’s runbook, to its own where it has one, and nowhere where there is none', () => {
    const { anchors } = context.runbook;
    const at = (base: string | null) => ({ ...context, runbook: { base, anchors } });
    const pause = message({ kind: 'pause' });
    expect(render(pause, at('https://wiki.mesa.co/vigia')).runbook).toBe(
      'https://wiki.mesa.co/vigia#pause',
    );
    expect(render(pause, at(null)).runbook).toBeNull();
    const own = message({ kind: 'alert', runbook: 'https://wiki.example.com/x' });
    expect(render(own, at(null)).runbook).toBe('https://wiki.example.com/x');
  });

  it('every kind’s anchor stands in docs/runbook.md', () => {
    const page = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8');
    const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) => slug(title ?? ''));
    for (const kind of kindSchema.options) {
      expect(anchors, kind).toContain(notificationsPolicy.runbook.anchors[kind]);
    }
  });

  it('keeps COT across midnight and the end of a month in UTC', () => {
    const at = Date.UTC(2026, 1, 1, 3, 30);
    expect(render(message({ at }), context).time).toBe('2026-01-31 22:30:00 COT');
  });

  it('is one for many, with a count, as urgent as the worst', () => {
    const alerts = [1, 2, 3].map((n) =>
      message({ kind: 'alert', key: `a${n}`, level: n === 2 ? 'critical' : 'info', page: null }),
    );
    const group = renderGroup([...alerts, message({ kind: 'pause', level: 'info' })], context);
    expect(group.title).toBe('[CRÍTICO] 4 avisos juntos · USD/COP · PAPEL');
    expect(group.fields[0]).toEqual({ label: '3 ×', value: 'ALERTA' });
  });
});

describe('Slack', () => {
  it('takes hostile text as text', () => {
    const text = JSON.stringify(slackBody(rendered()));
    expect(text).not.toContain('<!channel>');
    expect(text).not.toContain('<@U123>');
    expect(text).not.toContain('<http://mal');
    expect(text).toContain('&lt;!channel&gt;');
    expect(text).toContain('<https://docs/runbook#kill-switch|Qué hacer>');
    expect(text).not.toMatch(/\\u0000|\u202e/);
  });

  it('keeps within the limits whatever it is given', () => {
    const body = slackBody(rendered({ title: LONG, lead: LONG, fields: many, key: LONG }));
    expect(slackContract(body as never)).toEqual([200, 'ok']);
    const sections = body.blocks.flatMap((block) => ('fields' in block ? block.fields : []));
    for (const { text } of sections as { text: string }[]) {
      expect(text.length).toBeLessThanOrEqual(2_000);
      // No escape was cut in two.
      expect(text.replaceAll(/&(amp|lt|gt);/g, '')).not.toContain('&');
    }
  });

  it('never lets a runbook leave its link', () => {
    const body = JSON.stringify(slackBody(rendered({ runbook: 'https://a/|<!here>&x' })));
    expect(body).toContain('<https://a/%7C%3C!here%3E&amp;x|Qué hacer>');
  });
});

describe('mail', () => {
  it('escapes everything in HTML and puts no line of its own into a header', () => {
    const { html, subject, text, messageId } = mailBody(rendered({ title: HOSTILE }));
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<!channel');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(subject).not.toMatch(/[\r\n]/);
    expect(text).toContain('Motivo: <!channel>');
    expect(messageId).toBe('<kill.1.es@vigia.invalid>');
  });
});

describe('PagerDuty', () => {
  it('triggers with all that is asked for, within the limits', () => {
    const order = { action: 'trigger', key: 'k'.repeat(400) } as const;
    const body = pagerDutyBody(ROUTING_KEY, order, rendered({ title: LONG, fields: many }));
    expect(pagerDutyContract(body)[0]).toBe(202);
    expect(JSON.stringify(body).length).toBeLessThan(512_000);
    expect(body).toMatchObject({ payload: { severity: 'critical', class: 'kill' } });
  });

  it.each(['acknowledge', 'resolve'] as const)('%s carries the key alone', (action) => {
    expect(pagerDutyBody(ROUTING_KEY, { action, key: 'kill:1' }, rendered())).toEqual({
      ...{ routing_key: ROUTING_KEY, event_action: action, dedup_key: 'kill:1' },
    });
  });
});

describe('text from outside', () => {
  it('is cut between characters and escapes, with a mark', () => {
    expect(plain('a\u{1F600}b', 2)).toBe('a…');
    expect(escapeTo('a<b', escapeHtml, 4)).toBe('a…');
    expect(escapeTo('a<b', escapeHtml, 6)).toBe('a&lt;b');
    expect(plain('\ud800x', 5).isWellFormed()).toBe(true);
  });

  it.each([
    ['https://hooks.slack.com/services/T/B/x', true],
    ['http://hooks.slack.com/services/T/B/x', false],
    ['http://127.0.0.1:8080/x', true],
    ['http://127.0.0.1.mal.example/x', false],
    ['https://ana@mal.example/', false],
    ['https://mal.example\\@hooks.slack.com/', false],
    ['file:///etc/passwd', false],
    ['ftp://127.0.0.1/', false],
    ['no es', false],
  ])('%s may be posted to: %s', (url, may) => expect(isSendable(url)).toBe(may));

  it('Retry-After is seconds or a date', () => {
    expect(retryAfter('30', 0)).toBe(30_000);
    expect(retryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 10_000)).toBe(50_000);
    expect(retryAfter('pronto', 0)).toBeNull();
    expect(retryAfter(undefined, 0)).toBeNull();
  });
});
