import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { notificationsPolicy, openGateway, quietPolicies } from '../support/desk';
import { TestTerminal } from '../support/testTerminal';
import {
  CERT,
  MAIL_LOGIN,
  mailSettings,
  openMail,
  openWebhook,
  pagerDutyContract,
  ROUTING_KEY,
  slackContract,
} from '../support/thirdParties';
import { percentile, print, round } from './figure';

const RUNS = 200;
const TARGET_MS = 5_000;
const CHANNELS = ['slack', 'email', 'pagerduty'] as const;
type Channel = (typeof CHANNELS)[number];

/** The shipped policy, but for the pace that Slack and PagerDuty ask for: what is measured is ours. */
const policies = {
  ...quietPolicies,
  notifications: {
    document: { ...notificationsPolicy, spacingMs: { slack: 0, email: 0, pagerduty: 0 } },
    hash: 'bench',
  },
};

const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
const slack = await openWebhook(slackContract);
const pagerDuty = await openWebhook(pagerDutyContract, false, '/v2/enqueue');
const mail = await openMail();
const gateway = await openGateway(folder, 'paper', 0, { policies });
const ana = await TestTerminal.open(gateway.port, 'ana');
const reason = 'bench';
for (const one of [
  { settings: { channel: 'slack', label: '', ca: null }, secret: slack.url, reason },
  { settings: mailSettings(mail.port), secret: MAIL_LOGIN.password, reason },
  {
    settings: { channel: 'pagerduty', url: pagerDuty.url, ca: null },
    ...{ secret: ROUTING_KEY, reason },
  },
]) {
  const answer = await ana.give('channel.configure', one);
  if (answer.stage !== 'done') throw new Error(JSON.stringify(answer));
}

/** What a P0 takes from its event to each third party's yes, as the log has it. */
const ours: Record<Channel, number[]> = { slack: [], email: [], pagerduty: [] };
const delivered = () => ana.events.filter(({ type }) => type === 'notification.delivered');
for (let run = 0; run < RUNS; run += 1) {
  gateway.log.append({
    type: 'alert.raised',
    data: {
      ...{ alert: `bench-${run}`, severity: 'P0', kind: 'drift', model: null, engine: null },
      detail: 'bench',
    },
  });
  await ana.until(() => delivered().length === (run + 1) * CHANNELS.length);
}
for (const { data } of delivered()) ours[data.channel as Channel].push(Number(data.tookMs));

/** The floor: the same parties spoken to by nothing but a client. */
function post(url: string, body: string): Promise<void> {
  return new Promise((done, failed) => {
    const sent = request(url, { method: 'POST', agent: false }, (response) => {
      response.resume().on('end', done);
    });
    sent.on('error', failed).end(body);
  });
}
async function mailOnce(): Promise<void> {
  const transport = createTransport({
    ...{ host: '127.0.0.1', port: mail.port, requireTLS: true, tls: { ca: CERT } },
    auth: { user: MAIL_LOGIN.user, pass: MAIL_LOGIN.password },
  });
  await transport.sendMail({ from: 'a@x.co', to: 'b@x.co', subject: 'x', text: 'x' });
  transport.close();
}
const bare: Record<Channel, () => Promise<void>> = {
  slack: () => post(slack.url, JSON.stringify({ text: 'x', blocks: [] })),
  email: mailOnce,
  pagerduty: () => post(pagerDuty.url, JSON.stringify({ routing_key: ROUTING_KEY })),
};
for (const channel of CHANNELS) {
  const floors: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const from = performance.now();
    await bare[channel]();
    floors.push(performance.now() - from);
  }
  for (const fraction of [0.5, 0.99] as const) {
    const value = percentile(ours[channel], fraction);
    const floor = percentile(floors, fraction);
    const tail = fraction === 0.99;
    print({
      figure: `notify.event_to_${channel}_p${fraction * 100}`,
      value: round(value),
      unit: 'ms',
      floor: round(floor),
      ratio: round(value / floor),
      target: tail ? `< ${TARGET_MS} ms` : 'none',
      met: !tail || value < TARGET_MS,
      runs: RUNS,
    });
  }
}
ana.socket.terminate();
await gateway.stop();
for (const one of [slack, pagerDuty, mail]) await one.close();
rmSync(folder, { recursive: true, force: true });
