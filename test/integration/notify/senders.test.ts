import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Send, send } from '../../../src/node/notify/send';
import type { ChannelSettings } from '../../../src/shared/notify/channels';
import { rendered } from '../../support/notify';
import {
  answer,
  CERT,
  cut,
  drip,
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

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
async function keep<One extends { close(): Promise<unknown> }>(
  opening: Promise<One>,
): Promise<One> {
  const one = await opening;
  open.push(one);
  return one;
}

const by = (settings: ChannelSettings, secret: string | null, change: Partial<Send> = {}) =>
  send(
    {
      ...{ settings, secret, message: rendered(), page: null, timeoutMs: 300, language: 'es' },
      ...change,
    },
    Date.now,
  );
const slack = (url: string | null, ca: string | null = null) =>
  by({ channel: 'slack', label: '', ca }, url);
const page = (
  server: WebhookServer,
  key: string | null,
  action: 'trigger' | 'resolve' = 'trigger',
) =>
  by({ channel: 'pagerduty', url: server.url, ca: null }, key, { page: { action, key: 'kill:1' } });

describe('Slack', () => {
  it('takes a message that keeps to its contract', async () => {
    const server = await keep(openWebhook(slackContract));
    expect(await slack(server.url)).toMatchObject({ kind: 'delivered', status: 200, answer: 'ok' });
    expect(server.posted[0]?.body.text).toContain('PARADA');
  });

  it.each([
    [400, 'invalid_payload', 'refused', 'bad_message'],
    [403, 'action_prohibited', 'refused', 'unauthorized'],
    [403, 'invalid_token', 'refused', 'unauthorized'],
    [404, 'channel_not_found', 'refused', 'not_found'],
    [410, 'channel_is_archived', 'refused', 'archived'],
    [500, 'rollup_error', 'retry', 'server_error'],
    [503, 'unavailable', 'retry', 'server_error'],
    [302, 'elsewhere', 'refused', 'redirected'],
    [200, '<html>portal', 'retry', 'bad_answer'],
  ] as const)('%s %s is %s: %s', async (status, text, kind, code) => {
    const server = await keep(openWebhook(slackContract));
    server.always = answer(status, text, status === 302 ? { location: 'https://mal.example' } : {});
    expect(await slack(server.url)).toMatchObject({ kind, code, status, answer: text });
    expect(server.posted).toHaveLength(1);
  });

  it('says how long it wants us to wait', async () => {
    const server = await keep(openWebhook(slackContract));
    server.always = answer(429, 'rate_limited', { 'retry-after': '30' });
    expect(await slack(server.url)).toMatchObject({
      ...{ kind: 'retry', code: 'rate_limited', retryAfterMs: 30_000 },
    });
  });

  it.each([
    ['never answers', hang, 'timeout'],
    ['drips a body that never ends', drip, 'timeout'],
    ['cuts the connection', cut, 'unreachable'],
    ['answers too much', answer(200, 'x'.repeat(100_000)), 'answer_too_long'],
  ] as const)('a server that %s', async (_what, behaviour, code) => {
    const server = await keep(openWebhook(slackContract));
    server.always = behaviour;
    expect(await slack(server.url)).toMatchObject({ kind: 'retry', code });
  });

  it('is spoken to only under a certificate that is trusted, own authorities included', async () => {
    const server = await keep(openWebhook(slackContract, true));
    expect(await slack(server.url)).toMatchObject({ kind: 'retry', code: 'bad_certificate' });
    expect(server.posted).toEqual([]);
    expect(await slack(server.url, CERT)).toMatchObject({ kind: 'delivered' });
  });

  it('nobody there, no such host, no plain text off this machine', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    const { port } = await new Promise<AddressInfo>((listening) =>
      free.on('listening', () => listening(free.address() as AddressInfo)),
    );
    await new Promise((closed) => free.close(closed));
    expect(await slack(`http://127.0.0.1:${port}/x`)).toMatchObject({ code: 'unreachable' });
    expect(await slack('https://vigia.invalid/x')).toMatchObject({ code: 'no_such_host' });
    expect(await slack('http://hooks.slack.com/x')).toMatchObject({
      ...{ kind: 'refused', code: 'bad_address' },
    });
    expect(await slack(null)).toMatchObject({ code: 'not_configured' });
  });

  it('what it says back of its secret is not repeated', async () => {
    const server = await keep(openWebhook(slackContract));
    server.always = (response, request) =>
      void response.writeHead(404).end(`no ${request.url} at ${server.url}`);
    const { answer: said } = await slack(server.url);
    expect(said).not.toContain('SECRETO');
    expect(said).toContain('•••');
  });
});

describe('PagerDuty', () => {
  it('takes trigger and resolve under the same key', async () => {
    const server = await keep(openWebhook(pagerDutyContract));
    expect(await page(server, ROUTING_KEY)).toMatchObject({ kind: 'delivered', status: 202 });
    expect(await page(server, ROUTING_KEY, 'resolve')).toMatchObject({ kind: 'delivered' });
    expect(server.posted.map(({ body }) => [body.event_action, body.dedup_key])).toEqual([
      ['trigger', 'kill:1'],
      ['resolve', 'kill:1'],
    ]);
  });

  it('says which key is wrong, once', async () => {
    const server = await keep(openWebhook(pagerDutyContract));
    const said = await page(server, 'corta');
    expect(said).toMatchObject({ kind: 'refused', code: 'bad_message', status: 400 });
    expect(said.answer).toContain('routing_key');
  });
});

describe('mail', () => {
  it('goes by STARTTLS, with a login, in HTML and plain text, to those who read the language', async () => {
    const server = await keep(openMail());
    const recipients = [
      { address: 'ana@mesa.co', language: null },
      { address: 'bob@desk.us', language: 'en' as const },
    ];
    const said = await by(mailSettings(server.port, { recipients }), MAIL_LOGIN.password);
    expect(said).toMatchObject({ kind: 'delivered', status: 250 });
    const [mail] = server.mails;
    expect(mail).toMatchObject({ secure: true, user: 'vigia', to: ['ana@mesa.co'] });
    expect(mail?.raw).toContain('Message-ID: <kill.1.es@vigia.invalid>');
    expect(mail?.raw).toContain('Auto-Submitted: auto-generated');
    expect(mail?.raw).toContain('text/plain');
    expect(mail?.raw).toContain('text/html');
    expect(mail?.raw.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/m);
  });

  it('goes to a person whom it names, in one language, and to nobody else where it says so', async () => {
    const server = await keep(openMail());
    const recipients = [
      { address: 'ana@mesa.co', language: null },
      { address: 'bob@desk.us', language: 'en' as const },
    ];
    const settings = mailSettings(server.port, { recipients });
    const mail = async (language: 'es' | 'en', toAlone: boolean) => {
      const message = rendered({ language, to: ['luis@mesa.co'], toAlone });
      await by(settings, MAIL_LOGIN.password, { message });
      return server.mails.at(-1)?.to;
    };
    expect(await mail('es', false)).toEqual(['ana@mesa.co', 'luis@mesa.co']);
    expect(await mail('en', false)).toEqual(['bob@desk.us']);
    expect(await mail('es', true)).toEqual(['luis@mesa.co']);
  });

  it('goes by TLS from the first byte', async () => {
    const server = await keep(openMail({ secure: true }));
    const settings = mailSettings(server.port, { security: 'tls' });
    expect(await by(settings, MAIL_LOGIN.password)).toMatchObject({ kind: 'delivered' });
    expect(server.mails[0]?.secure).toBe(true);
  });

  it('says nothing to a server that offers no TLS', async () => {
    const server = await keep(openMail({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }));
    const said = await by(mailSettings(server.port), MAIL_LOGIN.password);
    expect(said.kind).not.toBe('delivered');
    expect(said.code).toBe('no_tls');
    expect(server.mails).toEqual([]);
  });

  it('is not sent under a certificate that is not trusted', async () => {
    const server = await keep(openMail());
    const said = await by(mailSettings(server.port, { ca: null }), MAIL_LOGIN.password);
    expect(said).toMatchObject({ kind: 'retry', code: 'bad_certificate' });
  });

  it('a wrong password is said and not tried again', async () => {
    const server = await keep(openMail());
    const said = await by(mailSettings(server.port), 'otra clave cualquiera');
    expect(said).toMatchObject({ kind: 'refused', code: 'unauthorized', status: 535 });
    expect(said.answer).not.toContain('otra clave');
  });

  it.each([
    [421, 'retry', 'server_error'],
    [452, 'retry', 'server_error'],
    [550, 'refused', 'not_found'],
    [554, 'refused', 'refused'],
  ] as const)('%s at a recipient is %s', async (responseCode, kind, code) => {
    const server = await keep(
      openMail({
        onRcptTo: (_address, _session, done) =>
          done(Object.assign(new Error('no'), { responseCode })),
      }),
    );
    const said = await by(mailSettings(server.port), MAIL_LOGIN.password);
    expect(said).toMatchObject({ kind, code });
  });

  it('a server that says nothing is a timeout', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((listening) => silent.on('listening', listening));
    open.push({ close: () => new Promise((closed) => silent.close(closed)) });
    const { port } = silent.address() as AddressInfo;
    expect(await by(mailSettings(port), 'x')).toMatchObject({ kind: 'retry', code: 'timeout' });
  });
});
