import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/gateway/facts';
import type { Gateway, GatewayOptions } from '../../../src/gateway/gateway';
import type { Send } from '../../../src/node/notify/send';
import { outcome } from '../../../src/shared/notify/outcome';
import { newDataDir, openGateway, quietPolicies } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { TestTerminal } from '../../support/testTerminal';
import {
  answer,
  hang,
  MAIL_LOGIN,
  mailSettings,
  openMail,
  openWebhook,
  pagerDutyContract,
  ROUTING_KEY,
  slackContract,
  type WebhookServer,
} from '../../support/thirdParties';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let slack: WebhookServer;
let pagerDuty: WebhookServer;
let mail: Awaited<ReturnType<typeof openMail>>;
let ana: TestTerminal;

async function open(change: Partial<GatewayOptions> = {}): Promise<void> {
  gateway = await openGateway(dir.path, 'paper', 0, { policies: quietPolicies, ...change });
  ana = await TestTerminal.open(gateway.port, 'ana');
}

beforeEach(async () => {
  dir = newDataDir();
  slack = await openWebhook(slackContract);
  pagerDuty = await openWebhook(pagerDutyContract, false, '/v2/enqueue');
  mail = await openMail();
  await open();
});
afterEach(async () => {
  await gateway.stop();
  dir.remove();
  for (const one of [slack, pagerDuty, mail]) await one.close();
});

const slackOn = (secret: string | null = slack.url) => ({
  ...{ settings: { channel: 'slack', label: '#alertas', ca: null }, secret, reason: 'alta' },
});
const pagerDutyOn = () => ({
  settings: { channel: 'pagerduty', url: pagerDuty.url, ca: null },
  ...{ secret: ROUTING_KEY, reason: 'alta' },
});
const mailOn = (change: object = {}) => ({
  settings: mailSettings(mail.port, change),
  ...{ secret: MAIL_LOGIN.password, reason: 'alta' },
});
async function configure(...all: object[]): Promise<void> {
  for (const one of all) {
    expect(await ana.give('channel.configure', one)).toMatchObject({ stage: 'done' });
  }
}
const ofType = (type: string) => ana.events.filter((event) => event.type === type);
const channels = () => ana.ops.notify.channels;
const texts = (server: WebhookServer) => server.posted.map(({ body }) => String(body.text));
const alert = (alertId: string, severity: 'P0' | 'P2' = 'P2'): Fact => ({
  type: 'alert.raised',
  data: { alert: alertId, severity, kind: 'drift', model: null, engine: null, detail: 'x' },
});
const PAUSE = { scope: { kind: 'all' }, reason: 'prueba', origin: 'panel' };

describe('a kill', () => {
  it('is told by Slack, mail and PagerDuty, under one key, and its resume closes the page', async () => {
    await configure(slackOn(), mailOn(), pagerDutyOn());
    const id = ana.kill();
    const delivered = () =>
      ofType('notification.delivered').filter(({ data }) => data.key === `kill:${id}`);
    await ana.until(() => delivered().length === 3);
    expect(texts(slack)[0]).toContain('[P0] PARADA DE EMERGENCIA');
    expect(mail.mails[0]?.raw).toContain('X-Vigia-Key: kill:');
    expect(pagerDuty.posted[0]?.body).toMatchObject({
      ...{ event_action: 'trigger', dedup_key: `kill:${id}` },
    });
    for (const { data } of delivered()) {
      expect(data).toMatchObject({ attempts: 1, grouped: 1 });
      expect(data.tookMs).toBeLessThan(5_000);
    }
    const checklist = { causeUnderstood: true, positionsReviewed: true, teamNotified: true };
    ana.command('resume', { ...PAUSE, confirmation: 'CONFIRM_RESUME', checklist });
    await pagerDuty.until(() => pagerDuty.posted.length === 2);
    expect(pagerDuty.posted[1]?.body).toMatchObject({
      ...{ event_action: 'resolve', dedup_key: `kill:${id}` },
    });
  });

  it('does not wait for a channel that hangs', async () => {
    await configure(slackOn(), pagerDutyOn());
    slack.always = hang;
    pagerDuty.always = hang;
    const engine = new FakeEngine('e1', 0);
    await engine.connect(gateway.port);
    await ana.until(() => ana.ops.engines.e1?.connected === true);
    const id = ana.kill();
    await ana.until(() => ana.answers.some((one) => one.id === id && one.stage === 'done'));
    expect(ofType('notification.delivered')).toEqual([]);
    expect(ofType('notification.failed')).toEqual([]);
    engine.disconnect();
  });

  it('is told while an earlier message of less weight hangs', async () => {
    await configure(slackOn());
    slack.next.push(hang);
    ana.command('pause', PAUSE);
    await slack.until(() => slack.posted.length === 1);
    ana.kill();
    await ana.until(() => ofType('notification.delivered').length === 1);
    expect(texts(slack)[1]).toContain('PARADA');
  });
});

describe('a channel that fails', () => {
  it('is tried again, 429 after what it asked for, and a refusal never', async () => {
    await configure(slackOn());
    slack.next.push(answer(503, 'no'), answer(429, 'rate_limited', { 'retry-after': '1' }));
    ana.command('pause', PAUSE);
    await ana.until(() => ofType('notification.delivered').length === 1);
    expect(ofType('notification.delivered')[0]?.data).toMatchObject({ attempts: 3 });
    const [, second, third] = slack.posted;
    expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThanOrEqual(990);
    slack.next.push(answer(400, 'invalid_payload'));
    ana.command('pause', PAUSE);
    await ana.until(() => ofType('notification.failed').length === 1);
    expect(ofType('notification.failed')[0]?.data).toMatchObject({
      ...{ code: 'bad_message', answer: 'invalid_payload', attempts: 1, handedTo: null },
    });
    expect(slack.posted).toHaveLength(4);
  });

  it('turns red on every screen, hands on what waits, and is well again after a yes', async () => {
    await configure(slackOn(), mailOn());
    slack.always = answer(503, 'no');
    ana.command('pause', PAUSE);
    await ana.until(() => channels().slack?.state === 'failing');
    expect(channels().slack?.fault).toMatchObject({ code: 'server_error', answer: 'no' });
    await mail.until(() => mail.mails.length === 1);
    // While it is red, the other channel is told beside it at once.
    ana.command('pause', PAUSE);
    await mail.until(() => mail.mails.length === 2);
    slack.always = null;
    await ana.until(() => channels().slack?.state === 'ok');
  });

  it('is well again once a test got through', async () => {
    await configure(slackOn());
    slack.next.push(answer(403, 'invalid_token'));
    ana.command('pause', PAUSE);
    await ana.until(() => channels().slack?.state === 'failing');
    expect(await ana.give('channel.test', { channel: 'slack' })).toMatchObject({
      summary: 'delivered 200 ok',
    });
    await ana.until(() => channels().slack?.state === 'ok');
  });

  it('an expired token is red at once, and the message goes the other way', async () => {
    await configure(slackOn(), mailOn());
    slack.always = answer(403, 'invalid_token');
    ana.command('pause', PAUSE);
    await ana.until(() => ofType('notification.failed').length === 1);
    expect(ofType('notification.failed')[0]?.data).toMatchObject({ handedTo: 'email' });
    expect(channels().slack).toMatchObject({ state: 'failing', fault: { code: 'unauthorized' } });
    await mail.until(() => mail.mails.length === 1);
  });

  it('a page is not resolved before its trigger was taken', async () => {
    await configure(pagerDutyOn());
    pagerDuty.next.push(answer(500), answer(500));
    gateway.log.append(alert('a1', 'P0'), {
      ...{ type: 'alert.cleared', data: { alert: 'a1', cause: 'pasó' } },
    });
    await ana.until(() => ofType('notification.delivered').length === 2);
    expect(pagerDuty.posted.map(({ body }) => body.event_action)).toEqual([
      ...['trigger', 'trigger', 'trigger', 'resolve'],
    ]);
  });

  it('a page that never was is not resolved', async () => {
    await configure(pagerDutyOn());
    gateway.log.append(alert('a1'), {
      ...{ type: 'alert.cleared', data: { alert: 'a1', cause: 'pasó' } },
    });
    gateway.log.append(alert('a2', 'P0'));
    await pagerDuty.until(() => pagerDuty.posted.length === 1);
    expect(pagerDuty.posted[0]?.body.dedup_key).toBe('alert:a2');
  });
});

describe('a storm', () => {
  it('of a thousand alerts is a handful of messages, each counted; P0 is told one by one', async () => {
    await configure(slackOn(), pagerDutyOn());
    for (let n = 0; n < 1_000; n += 1) gateway.log.append(alert(`a${n}`));
    for (let n = 0; n < 3; n += 1) gateway.log.append(alert(`p${n}`, 'P0'));
    const told = () =>
      ofType('notification.delivered')
        .filter(({ data }) => data.channel === 'slack')
        .reduce((sum, { data }) => sum + Number(data.grouped), 0);
    await ana.until(() => told() === 1_003);
    expect(slack.posted.length).toBeLessThanOrEqual(12);
    expect(texts(slack).filter((text) => text.includes('[P0]'))).toHaveLength(3);
    expect(pagerDuty.posted).toHaveLength(3);
  });

  it('of the same alert is one message', async () => {
    await configure(slackOn());
    for (let n = 0; n < 20; n += 1) gateway.log.append(alert('a1'));
    gateway.log.append(alert('a2'));
    await slack.until(() => slack.posted.length === 2);
    expect(slack.posted).toHaveLength(2);
  });
});

describe('a gateway that dies', () => {
  /** The next gateway of the same folder, beside one that is not heard any more. */
  async function another(change: Partial<GatewayOptions> = {}): Promise<void> {
    const before = gateway;
    await open(change);
    await before.stop();
  }

  it('between send and record tells it once more at most, under the same key', async () => {
    await configure(pagerDutyOn());
    await gateway.stop();
    // Taken by the third party, and the gateway dies before it can write that down.
    let died: () => void = () => undefined;
    const dead = new Promise<void>((done) => {
      died = done;
    });
    const sent: Send[] = [];
    await open({
      send: async (what) => {
        sent.push(what);
        died();
        return new Promise(() => undefined);
      },
    });
    const id = ana.kill();
    await dead;
    await another();
    await ana.until(() => ofType('notification.delivered').length === 1);
    expect(sent).toHaveLength(1);
    expect(pagerDuty.posted).toHaveLength(1);
    expect(sent[0]?.page?.key).toBe(`kill:${id}`);
    expect(pagerDuty.posted[0]?.body.dedup_key).toBe(`kill:${id}`);
  });

  it('before it looked at an event tells of it when it starts again', async () => {
    await configure(slackOn());
    // Recorded, and stopped in the same turn: nothing was put into the outbox.
    gateway.log.append(alert('a1'));
    await gateway.stop();
    expect(slack.posted).toEqual([]);
    await open();
    await slack.until(() => slack.posted.length === 1);
    await ana.until(() => ofType('notification.delivered').length === 1);
    await gateway.stop();
    await open();
    expect(slack.posted).toHaveLength(1);
  });

  it('before it could tell the log what became of a message tells it when it starts again', async () => {
    await configure(slackOn());
    gateway.log.append(alert('a1'));
    await ana.until(() => ofType('notification.delivered').length === 1);
    await gateway.stop();
    const outbox = new Database(join(dir.path, 'outbox.db'));
    outbox.exec('UPDATE deliveries SET told = 0');
    outbox.close();
    await open();
    await ana.until(() => ofType('notification.delivered').length === 2);
    expect(slack.posted).toHaveLength(1);
  });

  it('goes on with what was to be tried again', async () => {
    await configure(slackOn());
    slack.always = answer(503);
    gateway.log.append(alert('a1'));
    await slack.until(() => slack.posted.length === 1);
    await gateway.stop();
    slack.always = null;
    await open();
    await ana.until(() => ofType('notification.delivered').length === 1);
  });

  it('tells nothing of a history that was there before its outbox', async () => {
    gateway.log.append(alert('viejo'));
    await configure(slackOn());
    await gateway.stop();
    for (const name of readdirSync(dir.path)) {
      if (name.startsWith('outbox.db')) rmSync(join(dir.path, name));
    }
    await open();
    gateway.log.append(alert('nuevo'));
    await slack.until(() => slack.posted.length === 1);
    expect(slack.posted).toHaveLength(1);
  });
});

describe('a gateway whose disk', () => {
  it('holds no usable outbox starts all the same, and tells', async () => {
    await configure(slackOn());
    await gateway.stop();
    for (const name of readdirSync(dir.path)) {
      if (name.startsWith('outbox.db')) writeFileSync(join(dir.path, name), 'no es una base');
    }
    await open();
    gateway.log.append(alert('a1'));
    await slack.until(() => slack.posted.length === 1);
    expect(readdirSync(dir.path).some((name) => /^outbox\.db\.\d+$/.test(name))).toBe(true);
  });

  it('lost the key of its secrets starts all the same, and its channels are red', async () => {
    await configure(slackOn());
    await gateway.stop();
    rmSync(join(dir.path, 'secrets.key'));
    await open();
    gateway.log.append(alert('a1'));
    await ana.until(() => channels().slack?.state === 'failing');
    expect(channels().slack?.fault?.code).toBe('not_configured');
  });
});

describe('time', () => {
  it('alone brings the next try, by the full jitter of the policy', async () => {
    await gateway.stop();
    let now = Date.now();
    const due: { run: () => void; at: number }[] = [];
    let tried: () => void = () => undefined;
    const times: number[] = [];
    await open({
      clock: () => now,
      random: (length) => new Uint8Array(length).fill(128),
      timers: {
        set: (run, ms) => {
          const timer = { run, at: now + ms };
          due.push(timer);
          return timer;
        },
        clear: (timer) => void due.splice(due.indexOf(timer as never), 1),
      },
      send: async () => {
        times.push(now);
        setImmediate(tried);
        return outcome('retry', 'server_error', 503, '');
      },
    });
    const attempt = () =>
      new Promise<void>((done) => {
        tried = done;
      });
    await configure(slackOn());
    const first = attempt();
    gateway.log.append(alert('a1', 'P0'));
    await first;
    for (let n = 1; n < 8; n += 1) {
      const next = attempt();
      const timer = due.shift();
      now = timer?.at ?? now;
      timer?.run();
      await next;
    }
    // Half of 20, 40, 80, 100, 100 … ms.
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(waits).toEqual([10, 20, 40, 50, 50, 50, 50]);
    await ana.until(() => ofType('notification.failed').length === 1);
    expect(due).toEqual([]);
  });
});

describe('setting a channel up', () => {
  it('is for those who may, and says what is wrong', async () => {
    const eva = await TestTerminal.open(gateway.port, 'eva');
    const refused = await eva.give('channel.configure', slackOn());
    expect(refused).toMatchObject({ code: 'forbidden' });
    for (const secret of ['http://hooks.slack.com/x', null]) {
      const said = await ana.give('channel.configure', slackOn(secret));
      expect(said).toMatchObject({ code: 'bad_channel' });
    }
    const test = await ana.give('channel.test', { channel: 'slack' });
    expect(test).toMatchObject({ code: 'unknown_channel' });
    eva.socket.terminate();
  });

  it('keeps its secret out of the log, the answers and every file but as cipher text', async () => {
    await configure(slackOn(), mailOn(), pagerDutyOn());
    await ana.give('channel.configure', slackOn('http://mal.example/SECRETOSECRETO'));
    slack.always = (response, request) => void response.writeHead(404).end(`no ${request.url}`);
    const said = await ana.give('channel.test', { channel: 'slack' });
    const secrets = ['SECRETOSECRETO', MAIL_LOGIN.password, ROUTING_KEY];
    const seen = JSON.stringify([ana.events, ana.answers, said]);
    for (const secret of secrets) expect(seen).not.toContain(secret);
    await gateway.stop();
    for (const name of readdirSync(dir.path, { recursive: true, encoding: 'utf8' })) {
      const path = join(dir.path, name);
      if (!statSync(path).isFile()) continue;
      const bytes = readFileSync(path).toString('latin1');
      for (const secret of secrets) expect(bytes, name).not.toContain(secret);
    }
    expect(statSync(join(dir.path, 'secrets.key')).mode & 0o777).toBe(0o600);
    await open();
    slack.always = null;
    expect(await ana.give('channel.test', { channel: 'slack' })).toMatchObject({
      summary: 'delivered 200 ok',
    });
  });

  it('a test shows the third party’s own answer, and a page of a test is closed', async () => {
    await configure(slackOn(), pagerDutyOn(), mailOn());
    slack.next.push(answer(404, 'channel_not_found'));
    await ana.give('channel.test', { channel: 'slack' });
    expect(channels().slack?.lastTest).toMatchObject({
      ...{ ok: false, code: 'not_found', status: 404, answer: 'channel_not_found' },
    });
    await ana.give('channel.test', { channel: 'pagerduty' });
    expect(channels().pagerduty?.lastTest).toMatchObject({ ok: true, status: 202 });
    expect(pagerDuty.posted.map(({ body }) => body.event_action)).toEqual(['trigger', 'resolve']);
    await ana.give('channel.test', { channel: 'email' });
    expect(channels().email?.lastTest).toMatchObject({ ok: true, status: 250 });
    // A test makes no channel red.
    expect(channels().slack?.state).toBe('ok');
  });

  it('a secret stays only where it goes to the same place', async () => {
    await configure(mailOn());
    const kept = { ...mailOn({ from: 'otro@mesa.co' }), secret: null };
    await configure(kept);
    const moved = { ...mailOn({ host: 'localhost' }), secret: null };
    expect(await ana.give('channel.configure', moved)).toMatchObject({ code: 'bad_channel' });
    expect(await ana.give('channel.test', { channel: 'email' })).toMatchObject({ stage: 'done' });
    expect(channels().email?.lastTest?.ok).toBe(true);
  });

  it('one that is removed is told nothing more, and its secret is gone', async () => {
    await configure(slackOn());
    slack.always = answer(503);
    gateway.log.append(alert('a1'));
    await slack.until(() => slack.posted.length === 1);
    await ana.give('channel.remove', { channel: 'slack', reason: 'baja' });
    expect(channels().slack).toBeUndefined();
    expect(readFileSync(join(dir.path, 'channels.json'), 'utf8')).not.toContain('slack');
    const before = slack.posted.length;
    await configure(pagerDutyOn());
    gateway.log.append(alert('p', 'P0'));
    await pagerDuty.until(() => pagerDuty.posted.length === 1);
    expect(slack.posted.length).toBeLessThanOrEqual(before + 1);
  });

  it('mail in plain text is for this machine only', async () => {
    const settings = mailSettings(25, { host: 'mail.example', security: 'none' });
    ana.command('channel.configure', { settings, secret: 'x', reason: 'alta' });
    await ana.until(() => ana.errors.length === 1);
    expect(channels().email).toBeUndefined();
  });
});
