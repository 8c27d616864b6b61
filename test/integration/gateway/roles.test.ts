import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BridgeProcess } from '../../../src/gateway/bridges/process';
import type { Gateway } from '../../../src/gateway/gateway';
import { createRest, type RestOptions } from '../../../src/gateway/rest/index';
import { type CommandName, commandParams } from '../../../src/shared/protocol/commands';
import { type Role, roleSchema } from '../../../src/shared/protocol/terminal';
import {
  modelsPolicy,
  newDataDir,
  openGateway,
  quickPolicies,
  quickPolicy,
} from '../../support/desk';
import { artifact, card } from '../../support/models';
import { TestTerminal } from '../../support/testTerminal';

const ALL = roleSchema.options;
const origin = 'console';
const scope = { kind: 'all' };
const reason = 'prueba';
const checklist = { backtestReviewed: true, metricsAcceptable: true, teamNotified: true };
const resumeChecklist = { causeUnderstood: true, positionsReviewed: true, teamNotified: true };
const { permissions: models } = modelsPolicy;
const { permissions: operations } = quickPolicy;
const { permissions: monitor } = quickPolicies.monitor.document;
const { permissions: notifications } = quickPolicies.notifications.document;
const { permissions: incidents } = quickPolicies.incidents.document;
const { permissions: reports } = quickPolicies.reports.document;

interface Row {
  /** Who is not told `forbidden`; what else stands against the command is another matter. */
  readonly may: readonly Role[];
  readonly params: object;
}

/**
 * Every command of the protocol, by type: one that is added without a line here does not compile.
 * Where it is not the role but being an owner, an author or the lease's holder that counts, `may` is
 * everybody, and the tests of that command hold the rest.
 */
const ROWS: Readonly<Record<CommandName, Row>> = {
  kill: { may: ALL, params: { scope, reason, origin } },
  pause: { may: operations.pause, params: { scope, reason, origin } },
  resume: {
    may: operations.resume,
    params: { scope, reason, origin, confirmation: 'CONFIRM_RESUME', checklist: resumeChecklist },
  },
  'resume.approve': { may: operations.approveResume, params: { request: 'r', reason, origin } },
  'resume.withdraw': { may: ALL, params: { request: 'r', reason, origin } },
  'terminal.report': { may: ALL, params: { kind: 'hotkey_proven', detail: 'x' } },
  'engine.fault': { may: operations.injectFault, params: { engine: 'e', fault: 'none', reason } },
  'model.register': { may: models.register, params: { card: card('m9') } },
  'model.update': {
    may: models.register,
    params: { model: 'm9', owner: null, backupOwner: null, rollbackPlan: null, reason },
  },
  'model.report': {
    may: models.reportMetrics,
    params: {
      ...{ model: 'm9', phase: 'backtest', shadowAgreement: null, reason },
      metrics: { sharpe: 1, winRate: 0.5, maxDrawdown: 0.1, trades: 10 },
    },
  },
  'model.promote': {
    may: models.requestPromotion,
    params: { model: 'm9', target: 'staging', checklist, reason, origin },
  },
  'promotion.approve': { may: ALL, params: { request: 'r', reason, origin } },
  'promotion.reject': { may: ALL, params: { request: 'r', reason, origin } },
  'promotion.withdraw': { may: ALL, params: { request: 'r', reason, origin } },
  'model.rollback': { may: models.rollback, params: { target: 'm9', reason, origin } },
  'model.retire': {
    may: models.retire,
    params: { model: 'm9', cause: 'replaced', teamNotified: true, reason },
  },
  'exception.grant': {
    may: models.grantException,
    params: { model: 'm9', gates: ['sharpe'], until: Date.now() + 60_000, reason },
  },
  'exception.revoke': { may: models.grantException, params: { exception: 'x', reason } },
  'review.close': { may: models.closeReview, params: { review: 'x', reason } },
  'policy.change': { may: models.changePolicy, params: { name: 'models', document: {}, reason } },
  'monitor.report': {
    may: ALL,
    params: {
      fence: 1,
      items: [{ item: 'clear', data: { alert: 'blind_monitor', cause: 'x' } }],
    },
  },
  'monitor.dry_run': { may: monitor.dryRun, params: { on: false, reason, origin } },
  'alert.acknowledge': { may: incidents.acknowledge, params: { alert: 'a', reason } },
  'incident.open': { may: incidents.open, params: { severity: 'P3', title: 'prueba', reason } },
  'incident.acknowledge': {
    may: incidents.acknowledge,
    params: { incident: 'i', via: 'console' },
  },
  'incident.mitigate': { may: incidents.handle, params: { incident: 'i', reason } },
  'incident.resolve': {
    may: incidents.resolve,
    params: { incident: 'i', rootCause: 'x', resolution: 'x' },
  },
  'incident.close': { may: incidents.close, params: { incident: 'i', reason } },
  'incident.note': {
    may: incidents.handle,
    params: { incident: 'i', kind: 'note', text: 'x' },
  },
  'incident.step': { may: incidents.handle, params: { incident: 'i', step: 's', done: true } },
  'incident.set_commander': {
    may: incidents.handle,
    params: { incident: 'i', commander: null },
  },
  'incident.set_severity': {
    may: incidents.setSeverity,
    params: { incident: 'i', severity: 'P2', reason },
  },
  'incident.link_alert': { may: incidents.handle, params: { incident: 'i', alert: 'a' } },
  'incident.correlate': {
    may: incidents.handle,
    params: { incident: 'i', correlation: 'c' },
  },
  'incident.send_message': {
    may: incidents.sendMessage,
    params: { incident: 'i', template: 'start', language: 'es', text: 'x', channels: [] },
  },
  'postmortem.save': {
    may: incidents.postMortem,
    params: { incident: 'i', language: 'es', markdown: 'x' },
  },
  'postmortem.publish': { may: incidents.publishPostMortem, params: { incident: 'i' } },
  'action_item.set': {
    may: incidents.actionItems,
    params: {
      ...{ item: 'x', incident: null, text: 'x', owner: 'ana' },
      ...{ due: '2026-12-31', status: 'open' },
    },
  },
  'retraining.request': { may: monitor.retrain, params: { model: 'm9', reason } },
  'retraining.close': {
    may: monitor.retrain,
    params: { retraining: 'r', outcome: 'declined', reason },
  },
  'lineage.report': {
    may: models.register,
    params: {
      event: {
        ...{
          eventType: 'START',
          eventTime: '2026-01-05T14:00:00Z',
          producer: 'https://desk.example',
        },
        schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
        run: { runId: '018f0000-0000-7000-8000-000000000001' },
        ...{ job: { namespace: 'desk', name: 'train' }, inputs: [], outputs: [] },
      },
    },
  },
  'channel.configure': {
    may: notifications.configure,
    params: {
      settings: { channel: 'slack', label: 'x', ca: null },
      secret: 'https://hooks.example/services/x',
      reason,
    },
  },
  'channel.remove': { may: notifications.configure, params: { channel: 'pagerduty', reason } },
  'channel.test': { may: notifications.test, params: { channel: 'pagerduty' } },
  'bridge.configure': {
    may: operations.configureBridges,
    params: {
      ...{ bridge: 'b', kind: 'generic', name: 'B', address: null },
      ...{ options: {}, secrets: {}, reason },
    },
  },
  'bridge.remove': { may: operations.configureBridges, params: { bridge: 'b', reason } },
  'bridge.test': {
    may: operations.configureBridges,
    params: {
      ...{ bridge: null, kind: 'freqtrade', address: 'http://127.0.0.1:1' },
      ...{ options: {}, secrets: {} },
    },
  },
  'drill.kill': { may: incidents.drill, params: { engines: null, reason } },
  'retention.delete': {
    may: models.deleteRecords,
    params: { kind: 'audit', year: 2020, reason },
  },
  'retention.name': { may: ALL, params: { kind: 'trades', year: 2020, count: 0, files: [] } },
  'report.record': {
    may: reports.make,
    params: {
      ...{ report: '00000000-0000-4000-8000-000000000001', kind: 'period', fromSeq: 1, toSeq: 1 },
      ...{ period: { from: 1, to: 2 }, sha256: 'a'.repeat(64), language: 'es' },
    },
  },
};

/** A bridge's process that never says anything. */
const NO_PROCESS: BridgeProcess = {
  pid: null,
  onMessage: () => undefined,
  onExit: () => undefined,
  stop: () => undefined,
  leave: () => undefined,
};

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
beforeAll(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path, 'paper', 0, {
    bridges: { start: () => NO_PROCESS, configured: [], env: {} },
    authenticate: async (token) => {
      if (token === 'engine-token') return { kind: 'engine', engine: null, expiresAt: null };
      const role = roleSchema.safeParse(token);
      if (!role.success) return null;
      const operator = { id: `of-${token}`, name: token, roles: [role.data] };
      return { kind: 'operator', operator, expiresAt: null };
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  dir.remove();
});

describe.each(ALL)('the role %s at the gateway', (role) => {
  it('is refused every command that policy does not give it, and no other', async () => {
    const terminal = await TestTerminal.open(gateway.port, role);
    for (const name of Object.keys(commandParams) as CommandName[]) {
      const { may, params } = ROWS[name];
      const id = randomUUID();
      terminal.command(name, params, id);
      const decided = () =>
        terminal.answers.find(
          (one) => one.id === id && ['accepted', 'rejected'].includes(one.stage),
        );
      await terminal.until(() => decided() !== undefined);
      const answer = decided();
      const forbidden = answer?.stage === 'rejected' && answer.code === 'forbidden';
      expect({ name, forbidden }).toEqual({ name, forbidden: !may.includes(role) });
    }
    terminal.socket.close();
  });
});

interface Call {
  readonly may: readonly Role[];
  readonly body?: object;
}
const alert = {
  ...{ status: 'firing', labels: { alertname: 'x' }, annotations: {}, fingerprint: 'f' },
  ...{ startsAt: '2026-01-05T14:00:00Z', endsAt: '0001-01-01T00:00:00Z', generatorURL: '' },
};
const alertmanager = {
  ...{ version: '4', groupKey: 'g', truncatedAlerts: 0, status: 'firing', receiver: 'r' },
  ...{ groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: '', alerts: [alert] },
};

/**
 * Every call by HTTP that asks for an operator, in the order in which they are made: a resume is of a
 * desk that was killed before.
 */
const CALLS: Readonly<Record<string, Call>> = {
  'POST /operations/kill-switch': { may: ALL, body: { reason, wait_for_proof: false } },
  'GET /operations/status': { may: ALL },
  'POST /operations/pause': { may: operations.pause, body: { reason } },
  'POST /operations/resume': {
    may: operations.resume,
    body: { reason, confirmation_code: 'CONFIRM_RESUME' },
  },
  'GET /models': { may: ALL },
  'POST /models': { may: models.register, body: card('m9') },
  'GET /models/rollback-targets': { may: ALL },
  'POST /models/rollback': { may: models.rollback, body: { reason, target_model: 'm9' } },
  'POST /models/:model/promote': {
    may: models.requestPromotion,
    body: {
      ...{ target_stage: 'staging', reason },
      checklist: { backtest_reviewed: true, metrics_acceptable: true, team_notified: true },
    },
  },
  'GET /incidents': { may: ALL },
  'POST /incidents': { may: incidents.open, body: { severity: 'P3', title: 'prueba', reason } },
  'GET /incidents/kpis': { may: ALL },
  'GET /incidents/:id': { may: ALL },
  'POST /incidents/:id/ack': { may: incidents.acknowledge },
  'GET /alerts': { may: ALL },
  'POST /alerts/alertmanager': { may: incidents.raiseAlerts, body: alertmanager },
  'POST /lineage': { may: models.register, body: {} },
  'GET /audit/export': { may: operations.exportAudit },
  'GET /reports': { may: ALL },
  'GET /reports/:id/:file': { may: ALL },
  'PUT /reports/:id/:file': { may: reports.make, body: {} },
};

const call = async (name: string, token: string, prefix: string) => {
  const [method = '', path = ''] = name.split(' ');
  const filled = path.replace(':model', 'm9').replace(':id', 'x').replace(':file', 'es.pdf');
  const { body } = CALLS[name] ?? {};
  const answer = await fetch(`http://127.0.0.1:${gateway.port}${prefix}${filled}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
  });
  const text = await answer.text();
  return { status: answer.status, text };
};

it('every call by HTTP that there is stands in the table; what asks for nobody is known by name', () => {
  const parts = { audit: {}, log: {}, pagerdutySecret: null };
  const { routes } = createRest(parts as unknown as RestOptions);
  const there = routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace('/api/v1', '').replace(/(.)\/$/, '$1')}`);
  const open = ['GET /health', 'GET /ready', 'GET /metrics', 'POST /incidents/pagerduty'];
  expect([...new Set(there)].sort()).toEqual([...Object.keys(CALLS), ...open].sort());
});

describe.each(ALL)('the role %s by HTTP', (role) => {
  it.each(['', '/api/v1'])(
    'is refused what policy does not give it, and no other (%s)',
    async (prefix) => {
      for (const [name, { may }] of Object.entries(CALLS)) {
        const { status, text } = await call(name, role, prefix);
        expect({ name, forbidden: status === 403, text }).toEqual({
          ...{ name, forbidden: !may.includes(role), text },
        });
        expect(status).not.toBe(500);
      }
    },
  );
});

it('nobody and an engine are refused every call by HTTP', async () => {
  for (const name of Object.keys(CALLS)) {
    expect([name, (await call(name, 'engine-token', '')).status]).toEqual([name, 401]);
  }
});

it('a viewer’s terminal does not get the monitor’s lease, and so cannot roll back in its name', async () => {
  const viewer = await TestTerminal.open(gateway.port, 'viewer');
  viewer.send({ type: 'lease', token: null, release: false });
  await viewer.until(() => viewer.leases.length > 0);
  expect(viewer.leases[0]?.token).toBeNull();
  const target = artifact('m1').model;
  const answer = await viewer.give('model.rollback', {
    target,
    reason,
    origin: 'monitor',
    fence: 1,
  });
  expect(answer).toMatchObject({ stage: 'rejected', code: 'fenced' });
  viewer.socket.close();
});

it('a resume that another asked for is not a viewer’s to withdraw', async () => {
  const folder = newDataDir();
  const live = await openGateway(folder.path, 'live');
  const ana = await TestTerminal.open(live.port, 'ana');
  const eva = await TestTerminal.open(live.port, 'eva');
  ana.kill();
  await ana.until(() => ana.ops.desk.mode === 'killed');
  const asked = {
    scope,
    reason,
    origin,
    confirmation: 'CONFIRM_RESUME',
    checklist: resumeChecklist,
  };
  ana.command('resume', asked);
  await ana.until(() => ana.ops.resumeRequests.length === 1);
  const request = ana.ops.resumeRequests[0]?.id ?? '';
  const refused = await eva.give('resume.withdraw', { request, reason, origin });
  expect(refused).toMatchObject({ stage: 'rejected', code: 'forbidden' });
  expect(await ana.give('resume.withdraw', { request, reason, origin })).toMatchObject({
    stage: 'done',
  });
  for (const one of [ana, eva]) one.socket.close();
  await live.stop();
  folder.remove();
});
