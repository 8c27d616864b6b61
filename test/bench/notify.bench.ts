import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import type { Fact } from '../../src/gateway/facts';
import { MONITOR_ID } from '../../src/shared/monitor/monitor';
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
const INCIDENTS = 10;
/** Messages to Slack of one incident; see {@link incidents}. */
const TOLD_OF_ONE = 9;
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

const slack = await openWebhook(slackContract);
const pagerDuty = await openWebhook(pagerDutyContract, false, '/v2/enqueue');
const mail = await openMail();
const reason = 'bench';

/** A gateway with all three channels set up, and a terminal at it. */
async function openDesk(under: typeof policies) {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
  const gateway = await openGateway(folder, 'paper', 0, { policies: under });
  const ana = await TestTerminal.open(gateway.port, 'ana');
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
  const delivered = () => ana.events.filter(({ type }) => type === 'notification.delivered');
  const close = async () => {
    ana.socket.terminate();
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { gateway, ana, delivered, close };
}

const { gateway, ana, delivered, close } = await openDesk(policies);

/** What a P0 takes from its event to each third party's yes, as the log has it. */
const ours: Record<Channel, number[]> = { slack: [], email: [], pagerduty: [] };
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
await close();
await incidents();
for (const one of [slack, pagerDuty, mail]) await one.close();

/**
 * What people are told of an automatic rollback, under the shipped policy, pace and all: warnings, the
 * order, its alert with the call that its incident makes, a pause, its end, who took it and how it ended.
 */
async function incidents(): Promise<void> {
  const document = notificationsPolicy;
  const desk = await openDesk({ ...policies, notifications: { document, hash: 'shipped' } });
  const alert = (id: string, severity: 'P1' | 'P2', kind: string): Fact => ({
    type: 'alert.raised',
    data: { alert: id, severity, kind, model: 'm1', engine: null, detail: 'bench' },
  });
  const monitor = { id: MONITOR_ID, role: 'monitor', terminal: null };
  for (let run = 0; run < INCIDENTS; run += 1) {
    const before = desk.delivered().length;
    const { log } = desk.gateway;
    log.append(alert(`errors-${run}`, 'P2', 'trigger_warning'));
    await setTimeout(300);
    const deployment = { deployment: `d${run}`, model: 'm0', engines: ['e1'] };
    const order = { version: '1', hash: 'a'.repeat(64), previous: 'm1', kind: 'rollback' } as const;
    log.append(
      {
        ...{ type: 'deployment.started', actor: monitor, reason, commandId: deployment.deployment },
        data: { ...deployment, ...order },
      },
      alert(`rollback-${run}`, 'P1', 'auto_rollback'),
      alert(`fall-${run}`, 'P2', 'drawdown_step'),
    );
    await desk.ana.give('pause', { scope: { kind: 'all' }, reason, origin: 'panel' });
    await setTimeout(700);
    log.append({
      ...{ type: 'deployment.completed', commandId: deployment.deployment },
      data: { ...deployment, tookMs: 700 },
    });
    const open = () => desk.ana.ops.incidents.incidents.find(({ stage }) => stage === 'open');
    await desk.ana.until(() => open() !== undefined);
    const incident = open()?.id ?? '';
    await desk.ana.give('incident.acknowledge', { incident, via: 'console' });
    await desk.ana.give('incident.mitigate', { incident });
    const ended = { incident, rootCause: reason, resolution: reason };
    await desk.ana.give('incident.resolve', ended);
    const told = () =>
      desk
        .delivered()
        .slice(before)
        .filter(({ data }) => data.channel === 'slack')
        .reduce((sum, { data }) => sum + Number(data.grouped), 0);
    await desk.ana.until(() => told() >= TOLD_OF_ONE);
    // The next one finds a channel at rest.
    await setTimeout(document.group.windowMs);
  }
  for (const channel of ['slack', 'email'] as const) {
    const took = desk
      .delivered()
      .filter(({ data }) => data.channel === channel)
      .map(({ data }) => Number(data.tookMs));
    const value = Math.max(...took);
    print({
      ...{ figure: `notify.incident_to_${channel}_max`, value: round(value), unit: 'ms' },
      ...{ floor: null, ratio: null, target: `< ${TARGET_MS} ms`, met: value < TARGET_MS },
      runs: took.length,
    });
  }
  await desk.close();
}
