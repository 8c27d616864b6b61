import { createHmac, randomUUID } from 'node:crypto';
import { cpSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { sha256 } from '../../../src/node/sha256';
import type { Incident } from '../../../src/shared/incidents/state';
import type { IncidentsPolicy } from '../../../src/shared/policy/incidents';
import { alertmanagerPayload, firing } from '../../support/alertmanager';
import { newDataDir, openGateway, quickPolicies } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { engineFacts, incidentsPolicy, killFact } from '../../support/incidents';
import { card } from '../../support/models';
import { TestTerminal } from '../../support/testTerminal';
import { openWebhook, pagerDutyContract, ROUTING_KEY } from '../../support/thirdParties';

const SECRET = 'pagerduty-secret';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
/** What the gateway's clock is ahead of the machine's. */
let ahead = 0;
const engines: FakeEngine[] = [];

function withIncidents(document: IncidentsPolicy) {
  const { monitor } = quickPolicies;
  return {
    ...quickPolicies,
    // A monitor that looks for figures these engines do not send would raise alerts of its own.
    monitor: { ...monitor, document: { ...monitor.document, checkEveryMs: 3_600_000 } },
    incidents: { document, hash: sha256(JSON.stringify(document)) },
  };
}

const quick: IncidentsPolicy = {
  ...incidentsPolicy,
  checkEveryMs: 20,
  opening: { ...incidentsPolicy.opening, engineLostGraceMs: 50 },
};

const open = (document = quick) =>
  openGateway(dir.path, 'paper', 0, {
    clock: () => Date.now() + ahead,
    policies: withIncidents(document),
    pagerdutySecret: SECRET,
  });

beforeEach(async () => {
  ahead = 0;
  dir = newDataDir();
  gateway = await open();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) engine.disconnect();
  await gateway.stop();
  dir.remove();
});

async function engine(id: string, quantity = 0): Promise<FakeEngine> {
  const one = new FakeEngine(id, quantity);
  await one.connect(gateway.port);
  engines.push(one);
  return one;
}

const incidents = (terminal: TestTerminal) => terminal.ops.incidents.incidents;

async function opened(terminal: TestTerminal): Promise<Incident> {
  await terminal.until(() => incidents(terminal).length > 0);
  return incidents(terminal)[0] as Incident;
}

async function call(path: string, body: object | string | null = null, token = 'ana') {
  const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method: body === null ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === null ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const escalated = (terminal: TestTerminal) =>
  terminal.events.filter(({ type }) => type === 'incident.escalated').map(({ data }) => data.step);

describe('an incident of a kill', () => {
  it('is opened after the kill’s own steps, walks its stages, and takes the kill’s events in', async () => {
    const terminal = await TestTerminal.open(gateway.port);
    const one = await engine('e1', 100);
    one.lateFill(0);
    one.reportEquity(1_000_000);
    await terminal.until(() => terminal.ops.engines.e1?.connected === true);
    const kill = terminal.kill();
    await terminal.until(() => one.quantity === 0);
    one.lateFill(0);
    const { id: incident, ...incidentOpened } = await opened(terminal);
    expect(incidentOpened).toMatchObject({ severity: 'P0', cause: 'kill', number: 1 });
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    const types = terminal.types();
    expect(types.indexOf('incident.opened')).toBeGreaterThan(types.indexOf('kill.step_settled'));
    expect(await terminal.give('incident.acknowledge', { incident, via: 'console' })).toMatchObject(
      {
        stage: 'done',
      },
    );
    const skip = { incident, rootCause: 'a', resolution: 'b' };
    expect(await terminal.give('incident.resolve', skip)).toMatchObject({ code: 'wrong_stage' });
    await terminal.give('incident.mitigate', { incident, reason: 'en ello' });
    await terminal.give('incident.step', { incident, step: 'health', done: true, outcome: 'ok' });
    const unknown = { incident, step: 'nothing', done: true, outcome: null };
    expect(await terminal.give('incident.step', unknown)).toMatchObject({ code: 'unknown_step' });
    await terminal.give('incident.note', { incident, kind: 'decision', text: 'no reanudar' });
    await terminal.give('incident.set_commander', { incident, commander: 'ana' });
    one.reportEquity(999_000);
    await terminal.give('incident.send_message', {
      ...{ incident, template: 'start', language: 'es', text: 'INCIDENTE', channels: ['slack'] },
    });
    await terminal.give('incident.resolve', skip);
    await terminal.give('postmortem.save', { incident, language: 'es', markdown: '# x' });
    await terminal.give('postmortem.publish', { incident });
    await terminal.give('incident.close', { incident, reason: 'hecho' });
    const [done] = incidents(terminal);
    expect(done).toMatchObject({
      ...{ stage: 'closed', commander: 'ana', steps: { health: { done: true, outcome: 'ok' } } },
      // The engine was flat before the incident was opened: what counts is what it held at the kill.
      booksAtOpen: [{ engine: 'e1', equity: 1_000_000, currency: 'USD', positions: 1 }],
      booksAtResolve: [{ engine: 'e1', equity: 999_000 }],
      postMortem: { markdown: '# x', published: { by: { id: 'ana' } } },
    });
    expect(done?.correlations).toEqual([kill]);
    const inTimeline = new Set(done?.timeline.map(({ type }) => type));
    for (const type of ['kill.requested', 'kill.step_settled', 'kill.flat', 'incident.noted']) {
      expect(inTimeline).toContain(type);
    }
  });

  it('is nobody’s to touch who may not', async () => {
    const terminal = await TestTerminal.open(gateway.port);
    terminal.kill();
    const { id: incident } = await opened(terminal);
    const eva = await TestTerminal.open(gateway.port, 'eva');
    for (const [name, params] of [
      ['incident.acknowledge', { incident, via: 'console' }],
      ['incident.note', { incident, kind: 'note', text: 'x' }],
      ['incident.set_severity', { incident, severity: 'P3', reason: 'x' }],
      ['incident.open', { severity: 'P0', title: 'x', reason: 'x' }],
      ['drill.kill', { engines: null, reason: 'x' }],
    ] as const) {
      expect(await eva.give(name, params)).toMatchObject({ code: 'forbidden' });
    }
    expect(
      await terminal.give('incident.note', { incident: 'x', kind: 'note', text: 'x' }),
    ).toMatchObject({ code: 'unknown_incident' });
  });
});

describe('an engine that is lost', () => {
  it('holding positions opens one with its alert; that clears when it is back', async () => {
    const terminal = await TestTerminal.open(gateway.port);
    const one = await engine('e1');
    await terminal.until(() => terminal.ops.engines.e1?.connected === true);
    one.lateFill(50);
    const reported = await call('/alerts');
    expect(reported.body.total).toBe(0);
    await terminal.give('incident.open', { severity: 'P3', title: 'otro', reason: 'x' });
    one.disconnect();
    await terminal.until(() => incidents(terminal).length === 2);
    expect(incidents(terminal)[0]).toMatchObject({
      ...{ severity: 'P1', cause: 'engine_lost', alerts: ['engine_lost:e1'] },
    });
    await one.connect(gateway.port);
    await terminal.until(() => !('engine_lost:e1' in terminal.ops.alerts.active));
  });

  it('and is back within the grace opens none', async () => {
    const slow = { ...quick, opening: { ...quick.opening, engineLostGraceMs: 1_000 } };
    await gateway.stop();
    gateway = await open(slow);
    const terminal = await TestTerminal.open(gateway.port);
    const one = await engine('e1');
    await terminal.until(() => terminal.ops.engines.e1?.connected === true);
    one.lateFill(50);
    await call('/alerts');
    one.disconnect();
    await terminal.until(() => terminal.types().includes('engine.lost'));
    await one.connect(gateway.port);
    // The grace of a later loss is over after this one's: had this one counted, it would be there.
    const other = await engine('e2');
    other.lateFill(10);
    await call('/alerts');
    other.disconnect();
    await terminal.until(() => incidents(terminal).length > 0);
    expect(incidents(terminal).map(({ alerts }) => alerts)).toEqual([['engine_lost:e2']]);
  });
});

describe('escalation', () => {
  it('goes on where a gateway that was killed left it, late and not twice', async () => {
    const terminal = await TestTerminal.open(gateway.port);
    terminal.kill();
    await terminal.until(() => escalated(terminal).includes('on_call'));
    ahead += 6 * 60_000;
    await terminal.until(() => escalated(terminal).includes('on_call_backup'));
    // What is on the disk while it runs is what a killed process leaves.
    const died = dir;
    dir = newDataDir();
    cpSync(died.path, dir.path, { recursive: true });
    await gateway.stop();
    died.remove();
    ahead += 60 * 60_000;
    gateway = await open();
    expect((await gateway.log.read(1, 1_000)).map(({ type }) => type)).not.toContain(
      'gateway.stopped',
    );
    const again = await TestTerminal.open(gateway.port);
    await again.until(() => escalated(again).includes('cto'));
    expect(escalated(again)).toEqual([
      ...['on_call', 'on_call_backup', 'engineering_lead', 'cto_unanswered', 'cto'],
    ]);
    const late = again.events.filter(({ type }) => type === 'incident.escalated').at(-1);
    expect(Number(late?.data.lateMs)).toBeGreaterThan(30 * 60_000);
    expect(late?.data.contact).toMatchObject({ role: 'cto', slack: '@cto' });
  });

  it('in real time, shortened by policy; an acknowledgement stops it', async () => {
    await gateway.stop();
    const step = (name: string, afterMs: number, until: 'acknowledged' | 'resolved') => ({
      ...{ step: name, role: 'cto', when: { afterMs }, until },
    });
    const escalation = [
      step('first', 0, 'acknowledged'),
      step('second', 200, 'acknowledged'),
      step('third', 600, 'resolved'),
      step('never', 2_000, 'acknowledged'),
    ];
    const P0 = { ...quick.severities.P0, escalation };
    gateway = await open({ ...quick, severities: { ...quick.severities, P0 } });
    const terminal = await TestTerminal.open(gateway.port);
    terminal.kill();
    const { id: incident, opened: start } = await opened(terminal);
    await terminal.until(() => escalated(terminal).includes('second'));
    await terminal.give('incident.acknowledge', { incident, via: 'console' });
    await terminal.until(() => escalated(terminal).includes('third'));
    expect(escalated(terminal)).toEqual(['first', 'second', 'third']);
    const third = terminal.events.find(({ data }) => data.step === 'third');
    expect(Number(third?.data.dueAt) - start.at).toBeCloseTo(600, -2);
    expect(third?.ts).toBeGreaterThanOrEqual(Number(third?.data.dueAt));
    expect(Number(third?.data.lateMs)).toBeLessThan(1_000);
  });

  it('a kill that no incident was opened for before the gateway died has one afterwards', async () => {
    const kill = randomUUID();
    // Stopped in the same turn, within the time that an incident stands back.
    gateway.log.append({ ...killFact(), commandId: kill });
    await gateway.stop();
    gateway = await open();
    const again = await TestTerminal.open(gateway.port);
    expect((await opened(again)).correlations).toEqual([kill]);
    const types = again.types();
    expect(types.indexOf('incident.opened')).toBeGreaterThan(types.lastIndexOf('gateway.started'));
  });

  it('an engine lost just before the gateway died has one afterwards, and no second', async () => {
    const lost = (id: string) =>
      ({
        type: 'engine.lost',
        data: { engine: id, cause: 'silent', lastHeardAt: Date.now(), positions: 2 },
      }) as const;
    gateway.log.append(...engineFacts('e1'), lost('e1'));
    await gateway.stop();
    gateway = await open();
    const second = await TestTerminal.open(gateway.port);
    const { id: incident } = await opened(second);
    await second.give('incident.acknowledge', { incident, via: 'console' });
    await second.give('incident.mitigate', { incident, reason: 'x' });
    await second.give('incident.resolve', { incident, rootCause: 'x', resolution: 'x' });
    await gateway.stop();
    gateway = await open();
    // Judged after the old one was judged anew: only it is new.
    gateway.log.append(...engineFacts('e2'), lost('e2'));
    const third = await TestTerminal.open(gateway.port);
    await third.until(() => incidents(third).some(({ title }) => title === 'e2: 2'));
    expect(incidents(third).map(({ title }) => title)).toEqual(['e2: 2', 'e1: 2']);
  });
});

describe('Alertmanager', () => {
  it('opens, counts and clears by fingerprint, severity by policy, text as text', async () => {
    const terminal = await TestTerminal.open(gateway.port, 'luis');
    const hostile = '<script>alert(1)</script> \u202e{{severity}} \ud800';
    const alert = firing('9a4b', { severity: 'PAGE', engine: 'e1', __proto__x: hostile });
    const body = alertmanagerPayload([
      { ...alert, annotations: { summary: hostile, runbook_url: 'javascript:1' } },
    ]);
    expect(await call('/alerts/alertmanager', body, 'luis')).toMatchObject({
      status: 200,
      body: { taken: 1, total: 1 },
    });
    const incident = await opened(terminal);
    expect(incident).toMatchObject({ severity: 'P0', cause: 'alert' });
    expect(incident.title).toContain('<script>alert(1)</script>');
    const known = terminal.ops.alerts.active['alertmanager:9a4b'];
    expect(known).toMatchObject({
      ...{ severity: 'P0', source: 'outside', engine: 'e1', count: 1 },
      outside: { runbook: null, generator: 'http://prometheus:9090/graph?g0.expr=up' },
    });
    const resolved = { ...alert, status: 'resolved', endsAt: '2026-02-02T14:10:00Z' };
    await call('/api/v1/alerts/alertmanager', alertmanagerPayload([resolved]), 'luis');
    await terminal.until(() => !('alertmanager:9a4b' in terminal.ops.alerts.active));
  });

  it('is refused without a token, a role or a payload that fits, and nothing is recorded', async () => {
    const body = alertmanagerPayload([firing('a')]);
    expect((await call('/alerts/alertmanager', body, 'nobody')).status).toBe(401);
    expect((await call('/alerts/alertmanager', body, 'eva')).status).toBe(403);
    expect(await call('/alerts/alertmanager', '{"version":"4"', 'luis')).toMatchObject({
      status: 400,
    });
    expect(await call('/alerts/alertmanager', { ...body, version: '5' }, 'luis')).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('version') },
    });
    expect(gateway.log.state().alerts.active).toEqual({});
  });

  it('sends 1,000 alerts in less than 10 s: one alert with its count, and a kill is not kept waiting', async () => {
    const terminal = await TestTerminal.open(gateway.port, 'luis');
    await engine('e1', 10);
    await terminal.until(() => terminal.ops.engines.e1?.connected === true);
    const startedAt = Date.now();
    const body = alertmanagerPayload([firing('9a4b')]);
    for (let sent = 0; sent < 1_000; sent += 50) {
      await Promise.all(
        Array.from({ length: 50 }, () => call('/alerts/alertmanager', body, 'luis')),
      );
      if (sent === 500) {
        const id = terminal.kill();
        await terminal.until(() => terminal.answers.some((a) => a.id === id && a.stage === 'done'));
        const kill = terminal.ops.kills.find(({ commandId }) => commandId === id);
        expect((kill?.flatAt ?? Infinity) - (kill?.at ?? 0)).toBeLessThan(2_000);
      }
    }
    const tookMs = Date.now() - startedAt;
    expect(tookMs).toBeLessThan(10_000);
    await terminal.until(() => terminal.ops.alerts.active['alertmanager:9a4b']?.count === 1_000);
    const raised = terminal.types().filter((type) => type === 'alert.raised').length;
    expect(raised).toBeLessThanOrEqual(2 + (Date.now() - startedAt) / 1_000);
    expect(incidents(terminal).filter(({ cause }) => cause === 'alert')).toHaveLength(1);
  });

  it('sends 1,000 different ones at once: so many are kept, the rest is one that counts', async () => {
    const terminal = await TestTerminal.open(gateway.port, 'luis');
    const all = Array.from({ length: 1_000 }, (_, at) => firing(`f${at}`));
    const answer = await call(
      '/alerts/alertmanager',
      alertmanagerPayload(all, { truncatedAlerts: 7 }),
      'luis',
    );
    expect(answer.body).toMatchObject({ taken: 500, total: 1_000 });
    await terminal.until(() => terminal.ops.alerts.active['alertmanager:overflow'] !== undefined);
    const { active } = terminal.ops.alerts;
    expect(active['alertmanager:overflow']).toMatchObject({ count: 507, severity: 'P1' });
    expect(Object.keys(active)).toHaveLength(501);
    await opened(terminal);
    await terminal.until(() => (incidents(terminal).at(-1)?.alerts.length ?? 0) >= 64);
  });
});

describe('over REST', () => {
  it('an incident is opened, listed, shown with its clocks and acknowledged', async () => {
    const made = await call('/incidents', { severity: 'P1', title: 'Datos viejos', reason: 'x' });
    expect(made).toMatchObject({ status: 201, body: { state: 'open', number: 1 } });
    const id = String(made.body.id);
    expect((await call('/incidents', { severity: 'P9', title: 'x' })).status).toBe(400);
    expect((await call('/incidents', { severity: 'P1', title: 'x' }, 'eva')).status).toBe(403);
    expect((await call('/api/v1/incidents?active=true')).body).toMatchObject({ total: 1 });
    expect((await call(`/incidents/${id}`)).body).toMatchObject({
      impact: { tradesMissed: null },
      annulment: [],
    });
    expect((await call('/incidents/none')).status).toBe(404);
    expect(await call(`/incidents/${id}/ack`, {})).toMatchObject({
      status: 200,
      body: { state: 'acknowledged', acknowledged_by: 'ana' },
    });
    expect((await call(`/incidents/${id}/ack`, {})).status).toBe(409);
    expect((await call('/incidents/none/ack', {})).status).toBe(404);
    const kpis = (await call('/incidents/kpis')).body.kpis as { id: string; value: unknown }[];
    expect(kpis.find((one) => one.id === 'change_failure_rate')?.value).toBeNull();
  });
});

describe('PagerDuty', () => {
  const webhook = (type: string, key: string) =>
    JSON.stringify({
      event: {
        id: '01CH754SM17TWPE2V2H4VPBRO7',
        event_type: type,
        resource_type: 'incident',
        occurred_at: '2026-02-02T14:02:11.000Z',
        agent: { id: 'PLH1HKV', type: 'user_reference', summary: 'Luis' },
        client: null,
        data: { id: 'PGR0VU2', type: 'incident', incident_key: key, status: 'acknowledged' },
      },
    });
  const sign = (body: string, secret = SECRET) =>
    `v1=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const post = async (body: string, signature: string | null) => {
    const response = await fetch(`http://127.0.0.1:${gateway.port}/incidents/pagerduty`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(signature === null ? {} : { 'x-pagerduty-signature': signature }),
      },
      body,
    });
    return { status: response.status, body: (await response.json()) as object };
  };

  it('acknowledges what it names when its signature fits, one of several, and nothing else', async () => {
    const terminal = await TestTerminal.open(gateway.port);
    const id = randomUUID();
    await terminal.give('incident.open', { severity: 'P0', title: 'x', reason: 'x' }, id);
    const body = webhook('incident.acknowledged', `incident:${id}`);
    expect((await post(body, null)).status).toBe(401);
    expect((await post(body, sign(body, 'another'))).status).toBe(401);
    expect((await post(`${body} `, sign(body))).status).toBe(401);
    const other = webhook('incident.resolved', `incident:${id}`);
    expect(await post(other, sign(other))).toMatchObject({ status: 202, body: { taken: false } });
    const ping = JSON.stringify({ event: { id: 'x', event_type: 'pagey.ping', data: {} } });
    expect((await post(ping, sign(ping))).status).toBe(202);
    expect(incidents(terminal)[0]?.stage).toBe('open');
    expect(await post(body, `${sign(body, 'old')},${sign(body)}`)).toMatchObject({
      body: { taken: true },
    });
    await terminal.until(() => incidents(terminal)[0]?.stage === 'acknowledged');
    expect(incidents(terminal)[0]?.acknowledged).toMatchObject({
      ...{ via: 'pagerduty', by: { id: 'pagerduty' } },
    });
    expect(await post(body, sign(body))).toMatchObject({ body: { taken: false } });
  });

  describe.each<[what: string, ring: (terminal: TestTerminal) => string]>([
    [
      'an incident opened by hand',
      (terminal) => {
        const id = randomUUID();
        const about = { severity: 'P0', title: 'sin precios', reason: 'x' };
        terminal.command('incident.open', about, id);
        return `incident:${id}`;
      },
    ],
    ['a kill', (terminal) => `kill:${terminal.kill()}`],
    [
      'an alert',
      () => {
        const about = { severity: 'P0', kind: 'drift', model: null, engine: null } as const;
        gateway.log.append({ type: 'alert.raised', data: { alert: 'a', ...about, detail: 'x' } });
        return 'alert:a';
      },
    ],
    [
      'a rollback that an engine did not load',
      () => {
        const deployment = randomUUID();
        const about = { deployment, model: 'm1', engines: ['e1'] };
        const started = { kind: 'rollback', version: '1', previous: 'm2' } as const;
        const hash = 'a'.repeat(64);
        const order = { commandId: deployment, reason: 'x' };
        gateway.log.append(
          { type: 'deployment.started', ...order, data: { ...about, ...started, hash } },
          { type: 'deployment.incomplete', ...order, data: about },
        );
        return `deployment:${deployment}`;
      },
    ],
  ])('that rang for %s', (_what, ring) => {
    it('acknowledges its incident by the key that it was sent', async () => {
      const terminal = await TestTerminal.open(gateway.port);
      const pagerDuty = await openWebhook(pagerDutyContract, false, '/v2/enqueue');
      const settings = { channel: 'pagerduty', url: pagerDuty.url, ca: null };
      await terminal.give('channel.configure', { settings, secret: ROUTING_KEY, reason: 'alta' });
      const wanted = ring(terminal);
      await pagerDuty.until(() => pagerDuty.posted.length > 0);
      await opened(terminal);
      const key = String(pagerDuty.posted[0]?.body.dedup_key);
      expect(key).toBe(wanted);
      const body = webhook('incident.acknowledged', key);
      expect(await post(body, sign(body))).toMatchObject({ status: 200, body: { taken: true } });
      await terminal.until(() => incidents(terminal)[0]?.stage === 'acknowledged');
      expect(incidents(terminal)[0]?.acknowledged).toMatchObject({ via: 'pagerduty' });
      await pagerDuty.close();
    });
  });
});

describe('an incident opened by hand', () => {
  it('knows how many trades an hour there were, so that those missed are a figure', async () => {
    await gateway.stop();
    gateway = await open({ ...quick, tradeRate: { ...quick.tradeRate, minTrades: 3, minMs: 1 } });
    const terminal = await TestTerminal.open(gateway.port);
    const one = await engine('e1');
    await terminal.until(() => terminal.ops.engines.e1?.connected === true);
    const closedAt = Date.now();
    one.close(['a', 'b', 'c'].map((tradeId) => ({ tradeId, pnl: 1, closedAt })));
    // Said after them on the same socket: once it is on record, they were taken in.
    one.register(card('m1'));
    await terminal.until(() => terminal.ops.models.models.m1 !== undefined);
    await terminal.give('incident.open', { severity: 'P2', title: 'x', reason: 'x' });
    expect((await opened(terminal)).tradesPerHour).toBeGreaterThan(0);
  });
});

describe('an order taken into an incident by hand', () => {
  it('brings the events with it that it had led to before', async () => {
    const terminal = await TestTerminal.open(gateway.port);
    await engine('e1');
    const about = { severity: 'P2', title: 'spread raro', reason: 'lo vio la mesa' };
    await terminal.give('incident.open', about);
    const { id: incident } = await opened(terminal);
    const pause = randomUUID();
    const all = { scope: { kind: 'all' }, reason: 'por si acaso', origin: 'console' };
    await terminal.give('pause', all, pause);
    await terminal.give('incident.correlate', { incident, correlation: pause });
    const kinds = () => incidents(terminal)[0]?.timeline.map(({ type }) => type) ?? [];
    await terminal.until(() => kinds().includes('ops.paused'));
    expect(kinds().filter((type) => type === 'ops.paused')).toHaveLength(1);
    expect(incidents(terminal)[0]?.correlations).toContain(pause);
  });
});
