import { describe, expect, it } from 'vitest';
import { drawChart, niceTicks } from '../../../src/shared/documents/chart';
import { documentHtml } from '../../../src/shared/documents/html';
import { recipientsOf, reportMail } from '../../../src/shared/reports/delivery';
import { reportLayout, reportTitle } from '../../../src/shared/reports/layout';
import {
  closed,
  collected,
  DAY,
  HOUR,
  incidentsPolicy,
  killData,
  logOf,
  MONDAY,
  opened,
  reportsPolicy,
  started,
  type Told,
} from '../../support/reports';

const HOSTILE = '</td><script>alert(1)</script>\u202e"onload=x <img src=http://e/x>';
const period = { from: MONDAY, to: MONDAY + 5 * DAY };
const name = { id: '00000000-0000-4000-8000-00000000abcd', sha256: 'f'.repeat(64) };

async function full(text: string) {
  const at = (ms: number, type: string, data: object, more: Partial<Told> = {}): Told => ({
    ...{ ts: MONDAY + ms, type, data },
    ...more,
  });
  const facts = [
    at(0, 'log.opened', opened),
    at(0, 'gateway.started', started),
    at(1, 'engine.connected', { engine: text, cause: '' }),
    at(2, 'session.opened', { terminal: text, name: text, version: '1' }),
    at(HOUR, 'kill.requested', killData(), { by: text, reason: text, commandId: 'c1' }),
    at(HOUR + 1, 'kill.halted', { engines: [text] }, { commandId: 'c1' }),
    at(2 * HOUR, 'engine.lost', { engine: text, cause: text }),
    at(3 * HOUR, 'notification.delivered', { channel: text, tookMs: 5 }),
    at(
      DAY,
      'monitor.day_closed',
      closed('2026-02-02', { model: text, currency: text.slice(0, 8) }),
    ),
    at(
      2 * DAY,
      'monitor.day_closed',
      closed('2026-02-03', { model: text, currency: text.slice(0, 8), pnl: -4 }),
    ),
  ];
  return (await collected(logOf(facts), { kind: 'weekly', period, fromSeq: null, toSeq: null }))
    .report;
}

const tags = (html: string): string[] =>
  // Where a label begins in a chart does not hang on what it says.
  (html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/aria-label="[^"]*"/, ''));

describe('a report on paper', () => {
  it.each(['es', 'en'] as const)(
    'in %s has the same tags whatever the log’s texts say',
    async (language) => {
      const html = documentHtml(reportLayout(await full(HOSTILE), name, language));
      const plain = documentHtml(reportLayout(await full('e1'), name, language));
      expect(tags(html)).toEqual(tags(plain));
      expect(html).not.toMatch(/<script|<img|\u202e/);
      expect(html).toContain('&lt;script&gt;');
    },
  );

  it('says each section’s figures with the events they stand on, and why one is missing', async () => {
    const html = documentHtml(reportLayout(await full('e1'), name, 'es'));
    expect(html).toContain('6,00 e1');
    expect(html).toContain('[9–10]');
    expect(html).toContain('n/d (muy pocos días cerrados)');
    expect(html).toContain('lo dice una auditoría, no una máquina');
    expect(html).toContain(`log 1–10 · sha256 ${name.sha256}`);
    expect(html).toMatch(/<svg [^>]*role="img"/);
  });

  it('has a title that names its days', async () => {
    expect(reportTitle({ kind: 'weekly', period }, 'es')).toBe(
      'Informe semanal 2026-02-02 – 2026-02-06',
    );
    expect(reportTitle({ kind: 'daily', period: { from: MONDAY, to: MONDAY + DAY } }, 'en')).toBe(
      'Daily report 2026-02-02',
    );
  });
});

describe('a chart', () => {
  it('leaves a gap where a value is missing', () => {
    const points = [1, 2, null, 4, null, 6, 7].map((value, index) => ({
      label: String(index),
      value,
    }));
    const { shapes } = drawChart({ kind: 'line', points, ticks: [] });
    expect(shapes.filter(({ shape }) => shape === 'path')).toHaveLength(2);
    expect(shapes.filter(({ shape }) => shape === 'rect')).toHaveLength(1);
  });

  it('has round ticks around its values', () => {
    expect(niceTicks(-3, 17)).toEqual([-10, 0, 10, 20]);
    expect(niceTicks(0.1, 0.32)).toEqual([0.1, 0.2, 0.3, 0.4]);
    expect(niceTicks(5, 5).length).toBeGreaterThan(1);
    expect(niceTicks(0, 0).every(Number.isFinite)).toBe(true);
  });

  it('draws numbers and nothing else, also of one flat value', () => {
    const chart = { kind: 'bars', points: [{ label: 'a', value: 0 }], ticks: [] } as const;
    expect(JSON.stringify(drawChart(chart))).not.toMatch(/null|NaN/);
  });
});

describe('a report by e-mail', () => {
  it('has its PDF where there is one, its page where not, and the same key again', async () => {
    const report = await full('e1');
    const pdf = new Uint8Array([1]);
    const mail = reportMail(report, name, 'es', pdf, ['a@b.co']);
    expect(mail.attachments).toMatchObject([{ type: 'application/pdf', content: pdf }]);
    expect(mail.attachments[0]?.name).toBe('informe-weekly-2026-02-06-0000abcd-ffffffff-es.pdf');
    const without = reportMail(report, name, 'es', null, ['a@b.co']);
    expect(without.attachments[0]?.type).toBe('text/html');
    expect(String(without.attachments[0]?.content)).toContain('<svg');
    expect(without.html).not.toContain('<svg');
    expect(without.key).toBe(mail.key);
  });

  it('goes to contacts by role and to addresses, each once, by language', () => {
    const contacts = incidentsPolicy.contacts.map((one) =>
      one.role === 'cto' ? { ...one, email: 'cto@b.co' } : one,
    );
    const recipients = [
      { role: 'cto', email: null, language: 'es' as const },
      { role: 'trading-lead', email: null, language: 'es' as const },
      { role: null, email: 'cto@b.co', language: 'es' as const },
      { role: null, email: 'x@b.co', language: 'en' as const },
    ];
    const found = recipientsOf({ recipients }, { contacts });
    expect([...found]).toEqual([
      ['es', ['cto@b.co']],
      ['en', ['x@b.co']],
    ]);
    expect(recipientsOf(reportsPolicy, incidentsPolicy).size).toBe(0);
  });
});
