import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway, GatewayOptions } from '../../../src/gateway/gateway';
import { collectReport } from '../../../src/node/reports/collect';
import { sha256 } from '../../../src/node/sha256';
import type { LogEvent } from '../../../src/shared/log/event';
import type { DeliveryOutcome, ReportMail } from '../../../src/shared/reports/delivery';
import { newDataDir, openGateway, quickPolicies } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { dailyAt as policies, reportsPolicy } from '../../support/reports';
import { TestTerminal } from '../../support/testTerminal';

const HOUR = 3_600_000;
let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway | null;
let mails: ReportMail[];
let outcome: DeliveryOutcome;

beforeEach(() => {
  dir = newDataDir();
  gateway = null;
  mails = [];
  outcome = { outcome: 'sent', detail: '' };
});
afterEach(async () => {
  await gateway?.stop();
  dir.remove();
});

async function start(change: Partial<GatewayOptions>): Promise<Gateway> {
  gateway = await openGateway(dir.path, 'paper', 0, {
    async deliverReport(mail) {
      mails.push(mail);
      return outcome;
    },
    ...change,
  });
  return gateway;
}

async function stop(): Promise<void> {
  await gateway?.stop();
  gateway = null;
}

/** The first event of a type, from the log or once it comes. */
async function once(of: Gateway, type: string, atLeast = 1): Promise<LogEvent> {
  const all: LogEvent[] = [];
  const take = (event: LogEvent): boolean => {
    if (event.type === type) all.push(event);
    return all.length >= atLeast;
  };
  return new Promise((found) => {
    const last = (): void => found(all[atLeast - 1] as LogEvent);
    let done = false;
    const leave = of.log.onRecorded((event) => {
      if (done || !take(event)) return;
      done = true;
      leave();
      last();
    });
    void of.log.read(1, 10_000).then((events) => {
      if (done || !events.some(take)) return;
      done = true;
      leave();
      last();
    });
  });
}

const headers = (operator: string) => ({ authorization: `Bearer ${operator}.x` });
const place = (of: Gateway, path: string) => `http://127.0.0.1:${of.port}/reports${path}`;

describe('the schedule', () => {
  it('makes the report when it is due, with the day as the engines told it, and sends its page', async () => {
    const one = await start({ policies: policies(Date.now() + 2_000) });
    const engine = new FakeEngine('e1', 0);
    await engine.connect(one.port);
    engine.reportEquity(1_010_000);
    const made = await once(one, 'report.made');
    const noted = await once(one, 'day.noted');
    expect(noted.data).toMatchObject({
      engine: 'e1',
      startEquity: 1_000_000,
      endEquity: 1_010_000,
    });
    expect(made.data).toMatchObject({ by: 'schedule', schedule: 'daily', toSeq: made.seq - 1 });
    const delivered = await once(one, 'report.delivered');
    expect(delivered.data).toMatchObject({ outcome: 'sent', recipients: 1, pdf: false });
    expect(mails).toMatchObject([
      { recipients: ['mesa@example.co'], attachments: [{ type: 'text/html' }] },
    ]);
    expect(String(mails[0]?.attachments[0]?.content)).toContain('10.000,00 USD');
    await once(one, 'report.ready');

    // Anybody with the log works out the same bytes.
    const { kind, period, fromSeq, toSeq, report } = made.data as unknown as Parameters<
      typeof collectReport
    >[1] & { report: string };
    const again = await collectReport(
      {
        ...{ read: one.log.read, head: one.log.savedHead, sha256, pause: async () => undefined },
        policies: { reports: reportsPolicy, incidents: quickPolicies.incidents.document },
      },
      { kind, period, fromSeq, toSeq },
    );
    expect(again.sha256).toBe(made.data.sha256);
    const kept = await fetch(place(one, `/${report}/report.json`), { headers: headers('eva') });
    expect(await kept.text()).toBe(again.json);
    const page = await fetch(place(one, `/${report}/es.html`), { headers: headers('eva') });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    engine.disconnect();
  });

  it('catches up once for a machine that was off, and never again', async () => {
    const dueAt = Date.now() + HOUR;
    const first = await start({ policies: policies(dueAt) });
    expect(first.log.state().reports.made).toEqual([]);
    await stop();

    const late = { policies: policies(dueAt), clock: () => Date.now() + 50 * HOUR };
    const second = await start(late);
    const made = await once(second, 'report.made');
    // The latest of the three that were missed stands for all of them.
    expect(Number(made.data.dueAt) - dueAt).toBeGreaterThan(47 * HOUR);
    await once(second, 'report.delivered');
    await stop();

    const third = await start(late);
    // The look at the start has read the log by the time that this has.
    await third.log.read(1, 10_000);
    await stop();
    expect(third.log.state().reports.made).toHaveLength(1);
    const next = await start({ ...late, clock: () => Date.now() + 74 * HOUR });
    const after = await once(next, 'report.made', 2);
    expect(after.data.fromSeq).toBe(Number(made.data.toSeq) + 1);
    expect(after.data.dueAt).toBeGreaterThan(Number(made.data.dueAt));
    expect(next.log.state().reports.made).toHaveLength(2);
  });

  it('sends what a gateway made and died before it could send', async () => {
    const dueAt = Date.now() + HOUR;
    await start({ policies: policies(dueAt) });
    await stop();
    const late = { clock: () => Date.now() + 2 * HOUR };
    const second = await start({ ...late, policies: policies(dueAt, { pdfWithinMs: HOUR }) });
    await once(second, 'report.made');
    await stop();
    expect(mails).toEqual([]);
    const third = await start({ ...late, policies: policies(dueAt) });
    await once(third, 'report.delivered');
    expect(mails).toHaveLength(1);
    expect(third.log.state().reports.made).toHaveLength(1);
  });

  it('says on the record that nothing sends mail, that nobody is to get it, or that it failed', async () => {
    outcome = { outcome: 'failed', detail: 'the server said 550' };
    const one = await start({ policies: policies(Date.now() + 2_000) });
    expect((await once(one, 'report.delivered')).data).toMatchObject({
      ...{ outcome: 'failed', detail: 'the server said 550', recipients: 0 },
    });
    await stop();
    dir.remove();
    dir = newDataDir();
    const two = await start({ policies: policies(Date.now() + 2_000, { recipients: [] }) });
    expect((await once(two, 'report.delivered')).data.outcome).toBe('no_recipients');
  });

  it('raises an alert for a cron expression that is none', async () => {
    const bad = {
      name: 'x',
      kind: 'daily',
      cron: 'each day',
      businessDaysOnly: false,
      languages: ['es'],
    };
    const one = await start({ policies: policies(0, { schedule: [bad] }) });
    const alert = await once(one, 'alert.raised');
    expect(alert.data).toMatchObject({ kind: 'report_failed', severity: 'P3' });
    expect(alert.data.detail).toContain('each day');
  });
});

describe('a terminal’s printing', () => {
  const PDF = Buffer.from('%PDF-1.7 a page');
  const put = (of: Gateway, report: unknown, operator: string, body: Buffer, file = 'es.pdf') =>
    fetch(place(of, `/${report}/${file}`), {
      method: 'PUT',
      headers: headers(operator),
      body: new Uint8Array(body),
    });

  it('goes with the mail when it comes in time, from who may make reports', async () => {
    const waits = { pdfWithinMs: 600_000 };
    const one = await start({ policies: policies(Date.now() + 2_000, waits) });
    const { report } = (await once(one, 'report.made')).data;
    expect((await put(one, report, 'eva', PDF)).status).toBe(403);
    expect((await put(one, report, 'ana', Buffer.from('<html>'))).status).toBe(400);
    expect((await put(one, report, 'ana', PDF, 'es.html')).status).toBe(400);
    expect((await put(one, '../../x', 'ana', PDF)).status).toBe(404);
    expect((await put(one, '00000000-0000-4000-8000-000000000000', 'ana', PDF)).status).toBe(404);
    expect(mails).toEqual([]);
    expect(await (await put(one, report, 'ana', PDF)).json()).toEqual({ taken: true });
    expect((await once(one, 'report.delivered')).data).toMatchObject({
      outcome: 'sent',
      pdf: true,
    });
    const [attached] = mails[0]?.attachments ?? [];
    expect(attached?.type).toBe('application/pdf');
    expect(Buffer.from(attached?.content as Uint8Array)).toEqual(PDF);
    // Once is enough.
    expect(await (await put(one, report, 'ana', PDF)).json()).toEqual({ taken: false });
  });
});

describe('readers of another language than the schedule’s', () => {
  it('get the report printed in theirs, and its notice has both titles', async () => {
    const recipients = [
      { role: null, email: 'mesa@example.co', language: 'es' as const },
      { role: null, email: 'desk@example.us', language: 'en' as const },
    ];
    const change = { pdfWithinMs: 600_000, recipients };
    const one = await start({ policies: policies(Date.now() + 2_000, change) });
    const { report, languages } = (await once(one, 'report.made')).data;
    expect(languages).toEqual(['es', 'en']);
    const print = (language: string) =>
      fetch(place(one, `/${report}/${language}.pdf`), {
        ...{ method: 'PUT', headers: headers('ana') },
        body: new Uint8Array(Buffer.from(`%PDF-1.7 ${language}`)),
      });
    await print('es');
    await print('en');
    const delivered = await once(one, 'report.delivered');
    expect(delivered.data).toMatchObject({ outcome: 'sent', recipients: 2, pdf: true });
    const english = mails.find(({ recipients: to }) => to.includes('desk@example.us'));
    expect(Buffer.from(english?.attachments[0]?.content as Uint8Array).toString()).toBe(
      '%PDF-1.7 en',
    );
    const { titles } = (await once(one, 'report.ready')).data;
    expect(titles).toMatchObject({
      es: expect.stringMatching(/^Informe diario/),
      en: expect.stringMatching(/^Daily report/),
    });
  });
});

describe('a report made by hand', () => {
  it('goes on the record once, with what it stands on, and only of a log that is there', async () => {
    const one = await start({ policies: policies(Date.now() + HOUR) });
    const terminal = await TestTerminal.open(one.port);
    const params = {
      ...{ report: '00000000-0000-4000-8000-000000000007', kind: 'period', fromSeq: 1, toSeq: 3 },
      ...{ period: { from: 1, to: 2 }, sha256: 'a'.repeat(64), language: 'en' },
    };
    expect(await terminal.give('report.record', { ...params, toSeq: 99_999 })).toMatchObject({
      ...{ stage: 'rejected', code: 'bad_params' },
    });
    const backwards = { ...params, period: { from: 2, to: 2 } };
    expect(await terminal.give('report.record', backwards)).toMatchObject({ code: 'bad_params' });
    expect(await terminal.give('report.record', params)).toMatchObject({ stage: 'done' });
    expect(await terminal.give('report.record', params)).toMatchObject({ code: 'superseded' });
    expect(one.log.state().reports.made).toMatchObject([
      { id: params.report, by: 'person', actor: { id: 'ana' }, languages: ['en'], delivered: null },
    ]);
    expect(mails).toEqual([]);
    terminal.socket.terminate();
  });
});
