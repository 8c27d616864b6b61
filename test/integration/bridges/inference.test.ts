import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { effectiveMode } from '../../../src/shared/ops/effectiveMode';
import { FakeInferenceService } from '../../fakes/inferenceService';
import { startInference } from '../../support/bridges';
import {
  newDataDir,
  openGateway,
  quickPolicies,
  quickPolicy,
  shippedPolicy,
  withOperations,
} from '../../support/desk';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let terminal: TestTerminal;
let service: FakeInferenceService;
let bridge: ReturnType<typeof startInference>;

// The shipped pace of the kill path: what a limited service has to live with.
const policies = withOperations({ ...quickPolicy, kill: { ...shippedPolicy.kill } });
const engine = () => terminal.ops.engines.usdcop;
const chain = () => terminal.ops.chains.usdcop;
const kill = () => terminal.ops.kills[0];
const alerts = () => terminal.ops.alerts.active;
const origin = 'console';
const all = { kind: 'all' };
const checklist = { causeUnderstood: true, positionsReviewed: true, teamNotified: true };
const resume = () =>
  terminal.give('resume', {
    ...{ scope: all, reason: 'revisado', confirmation: 'CONFIRM_RESUME', checklist, origin },
  });

beforeEach(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path, 'paper', 0, { policies });
  terminal = await TestTerminal.open(gateway.port);
  service = await FakeInferenceService.start();
});
afterEach(async () => {
  bridge.stop();
  await service.stop();
  await gateway.stop();
  dir.remove();
});

async function connect(): Promise<void> {
  bridge = startInference(gateway.port, service.address);
  await terminal.until(() => engine()?.connected === true);
}

describe('a kill through the gateway', () => {
  it('sets the flag and says halted; flat only after two empty reads of the open trades', async () => {
    service.open(2);
    service.closes = true;
    await connect();
    terminal.kill();
    await terminal.until(() => kill()?.haltedAt != null);
    expect(service.active).toBe(true);
    expect(
      service.calls.find(({ path }) => path === '/operations/kill-switch')?.body,
    ).toMatchObject({ close_positions: false, reason: 'prueba', activated_by: 'vigia' });
    // The service's own records name the command.
    const id = kill()?.commandId;
    const acts = service.calls.filter(({ path }) => path === '/operations/kill-switch');
    expect(acts.every(({ requestId }) => requestId === id)).toBe(true);
    await terminal.until(() => kill()?.flatAt != null);
    expect(service.trades.every(({ status }) => status === 'closed')).toBe(true);
    const reads = terminal.events.filter(({ type }) => type === 'kill.read_back');
    expect(reads.length).toBeGreaterThanOrEqual(2);
    const flatten = chain()?.flatten?.items ?? [];
    expect(flatten.every(({ outcome }) => outcome === 'unknown')).toBe(true);
    expect(service.limited).toBe(0);
  });

  it('success proves nothing: what stays open is shown open, and closing is not asked for again at once', async () => {
    service.open(1);
    await connect();
    terminal.kill();
    await terminal.until(() => (chain()?.round ?? 0) >= 3);
    expect(kill()).toMatchObject({ flatAt: null });
    expect(kill()?.haltedAt).not.toBeNull();
    expect(chain()?.held?.positions).toMatchObject([{ id: '1', side: 'long', notional: null }]);
    const closing = service.calls.filter(
      ({ path, body }) => path === '/operations/kill-switch' && body.close_positions === true,
    );
    expect(closing).toHaveLength(1);
    for (const trade of service.trades) trade.status = 'closed';
    await terminal.until(() => kill()?.flatAt != null);
  });

  it('is unconfirmed while open trades cannot be read, and loses the word flat when they no longer can', async () => {
    service.instead.set('/trades', { status: 500, text: '{"detail":"Failed to list trades"}' });
    await connect();
    terminal.kill();
    await terminal.until(() => chain()?.phase === 'reading_back');
    service.instead.set('/trades', {
      status: 200,
      text: '{"trades":[],"total":3,"has_more":false}',
    });
    const tried = service.count('/trades', 'GET');
    await service.until(() => service.count('/trades', 'GET') >= tried + 2);
    expect(kill()?.flatAt).toBeNull();
    service.instead.clear();
    await terminal.until(() => kill()?.flatAt != null);
    service.instead.set('/trades', { status: 502, text: '<html>bad gateway</html>' });
    await terminal.until(() => terminal.types().includes('kill.reopened'));
    expect(kill()?.flatAt).toBeNull();
  });

  it('a service that hangs is neither halted nor flat, is said to be silent, and is killed once it answers', async () => {
    await connect();
    service.hangs.add('*');
    terminal.kill();
    await terminal.until(() => 'engine:usdcop:silent' in alerts());
    expect(kill()).toMatchObject({ haltedAt: null, flatAt: null });
    service.hangs.clear();
    await terminal.until(() => kill()?.haltedAt != null);
    await terminal.until(() => kill()?.flatAt != null);
    await terminal.until(() => !('engine:usdcop:silent' in alerts()));
  });

  it('keeps within the service’s limit however often it is read back, sees a change meanwhile, and a kill finds room', async () => {
    await gateway.stop();
    const kill10 = { ...quickPolicy.kill, watchEveryMs: 10 };
    const hurried = withOperations({ ...quickPolicy, kill: kill10 });
    gateway = await openGateway(dir.path, 'paper', 0, { policies: hurried });
    terminal = await TestTerminal.open(gateway.port);
    await connect();
    terminal.kill();
    await terminal.until(() => kill()?.flatAt != null);
    await service.until(() => service.calls.length >= 30);
    const since = performance.now();
    service.resumeElsewhere();
    await service.until(() => service.active);
    expect(performance.now() - since).toBeLessThan(3_000);
    await service.until(() => service.calls.length >= 40);
    expect(service.limited).toBe(0);
  });
});

describe('modes', () => {
  it('pauses, and leaves a pause though the service’s own resume does not', async () => {
    await connect();
    await terminal.give('pause', { scope: all, reason: 'almuerzo', origin, fence: null });
    await terminal.until(() => engine()?.confirmedMode === 'paused');
    expect(service.mode).toBe('paused');
    expect(await resume()).toMatchObject({ stage: 'done' });
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    expect(service).toMatchObject({ mode: 'normal', active: false });
  });

  it('resumes from a kill by the service’s confirmation', async () => {
    await connect();
    terminal.kill();
    await terminal.until(() => kill()?.flatAt != null);
    expect(await resume()).toMatchObject({ stage: 'done' });
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    expect(service).toMatchObject({ mode: 'normal', active: false });
  });

  it('a kill made elsewhere is on the record within 3 s with who made it, and holds until it is resumed here', async () => {
    await connect();
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    const since = performance.now();
    service.killElsewhere('dashboard', 'noticias');
    await terminal.until(() => terminal.types().includes('engine.outside_change'));
    expect(performance.now() - since).toBeLessThan(3_000);
    const event = terminal.events.find(({ type }) => type === 'engine.outside_change');
    expect(event).toMatchObject({
      actor: { id: 'dashboard', role: 'outside' },
      data: { engine: 'usdcop', mode: 'killed', by: 'dashboard', reason: 'noticias' },
    });
    expect(effectiveMode(terminal.ops, 'usdcop')).toBe('killed');
    expect(engine()?.confirmedMode).toBe('killed');
    expect(alerts()['outside:usdcop']).toMatchObject({ kind: 'outside_change' });
    expect(await resume()).toMatchObject({ stage: 'done' });
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    expect(service.active).toBe(false);
    await terminal.until(() => !('outside:usdcop' in alerts()));
  });

  it('a kill lifted elsewhere is put back: killed stays killed', async () => {
    await connect();
    terminal.kill();
    await terminal.until(() => kill()?.flatAt != null);
    service.resumeElsewhere();
    await terminal.until(() => terminal.types().includes('engine.outside_change'));
    await service.until(() => service.active);
    await terminal.until(() => engine()?.confirmedMode === 'killed');
    expect(effectiveMode(terminal.ops, 'usdcop')).toBe('killed');
    await terminal.until(() => !('outside:usdcop' in alerts()));
  });

  it('a pause made elsewhere over a kill is a weaker stop, and is put back too', async () => {
    await connect();
    terminal.kill();
    await terminal.until(() => kill()?.flatAt != null);
    service.mode = 'paused';
    await service.until(() => service.mode === 'killed');
    await terminal.until(() => engine()?.confirmedMode === 'killed');
  });

  it('a service found killed by another is not resumed by connecting to it', async () => {
    service.killElsewhere('ops', 'mantenimiento');
    await connect();
    expect(effectiveMode(terminal.ops, 'usdcop')).toBe('killed');
    await terminal.until(() => terminal.types().includes('engine.outside_change'));
    expect(service.active).toBe(true);
    expect(service.count('/operations/resume')).toBe(0);
    expect(service.activatedBy).toBe('ops');
  });
});

describe('what it reports', () => {
  it('predictions, trades and alerts come through; what is none of them does no harm', async () => {
    const items: { kind: string }[] = [];
    await connect();
    await service.until(() => [...service.subscriptions.values()].some((one) => one.size === 3));
    const { default: WebSocket } = await import('ws');
    const telemetry = new WebSocket(`ws://127.0.0.1:${gateway.port}/v1/telemetry`, 'vigia.v1', {
      headers: { authorization: 'Bearer ana' },
    });
    const seen = new Promise<void>((done) => {
      telemetry.on('message', (data) => {
        const message = JSON.parse(String(data));
        for (const batch of message.batches ?? []) items.push(...batch.items);
        if (items.filter(({ kind }) => kind === 'inference').length >= 3) done();
      });
    });
    await new Promise((open) => telemetry.once('open', open));
    const identity = { id: 't', name: 't', version: '1' };
    telemetry.send(JSON.stringify({ type: 'hello', terminal: identity, time: Date.now() }));
    await new Promise((welcome) => telemetry.once('message', welcome));
    service.raw('{"type":"prediction","model_id":"ppo_v20","signal":"BUY","confidence":NaN}');
    service.raw('null');
    service.raw('{"type":"prediction","model_id":{"$gt":""},"signal":7}');
    const at = new Date(Date.now() - 40).toISOString();
    const prediction = { type: 'prediction', timestamp: at, model_id: 'ppo_v20', confidence: 0.7 };
    service.publish('trades', {
      ...{ type: 'trade', timestamp: at, trade_id: 9, model_id: 'ppo_v20', side: 'SHORT' },
      ...{ status: 'closed', pnl: -12.5, exit_time: at },
    });
    service.publish('predictions', { ...prediction, signal: 'BUY', metadata: { latency_ms: 31 } });
    service.publish('predictions', { ...prediction, signal: 'HOLD' });
    service.publish('predictions', { ...prediction, signal: '<script>' });
    service.publish('alerts', {
      ...{ type: 'alert', timestamp: at, alert_type: 'drift', message: 'PSI 0.4' },
      severity: 'critical',
    });
    await seen;
    telemetry.terminate();
    const inferences = items.filter(({ kind }) => kind === 'inference');
    expect(inferences[0]).toMatchObject({ model: 'ppo_v20', ok: true, latencyMs: 31 });
    expect((inferences[1] as unknown as { latencyMs: number }).latencyMs).toBeGreaterThan(0);
    expect(inferences[2]).toMatchObject({ ok: false });
    expect(items.find(({ kind }) => kind === 'trade')).toMatchObject({
      ...{ tradeId: '9', side: 'short', pnl: -12.5, entryPrice: null },
    });
    await terminal.until(() => 'engine:usdcop:drift' in alerts());
    expect(alerts()['engine:usdcop:drift']).toMatchObject({ severity: 'P0', engine: 'usdcop' });
  });

  it('silence is no data: a service that says nothing more is neither well nor ill', async () => {
    await gateway.stop();
    const { triggers } = quickPolicies.monitor.document;
    const errorRate = { ...triggers.errorRate, windowMs: 1_500, minSamples: 3 };
    const monitor = {
      document: { ...quickPolicies.monitor.document, triggers: { ...triggers, errorRate } },
      hash: 'short',
    };
    gateway = await openGateway(dir.path, 'paper', 0, { policies: { ...policies, monitor } });
    terminal = await TestTerminal.open(gateway.port);
    await connect();
    await terminal.until(() => terminal.ops.models.production === 'ppo_v20');
    await service.until(() => [...service.subscriptions.values()].some((one) => one.size === 3));
    /** What the monitor's last check made of the model's answers. */
    const judged = () => {
      const folder = join(dir.path, 'monitor');
      const name = (existsSync(folder) ? readdirSync(folder) : []).findLast((one) =>
        one.startsWith('checks-'),
      );
      const rows = name ? readFileSync(join(folder, name), 'utf8').trimEnd().split('\n') : [];
      const { checks } = JSON.parse(rows.at(-1) ?? '{"checks":[]}') as { checks: string[][] };
      return checks.find(([trigger]) => trigger === 'errorRate')?.[1];
    };
    const said = setInterval(() => {
      const timestamp = new Date().toISOString();
      const about = { type: 'prediction', timestamp, model_id: 'ppo_v20', confidence: 0.7 };
      service.publish('predictions', { ...about, signal: 'HOLD', metadata: { latency_ms: 3 } });
    }, 100);
    try {
      await service.until(() => judged() === 'ok');
    } finally {
      clearInterval(said);
    }
    service.hangs.add('*');
    await service.until(() => judged() === 'no_data');
    await terminal.until(() => 'engine:usdcop:silent' in alerts());
    // Nothing was concluded from it.
    expect(terminal.ops.monitor.firings).toEqual([]);
  });

  it('a degraded service is an alert with its own words, until it is healthy', async () => {
    service.health = { status: 'degraded', model_loaded: true, database_connected: false };
    await connect();
    await terminal.until(() => 'engine:usdcop:degraded' in alerts());
    expect(alerts()['engine:usdcop:degraded']).toMatchObject({
      ...{ severity: 'P2', kind: 'service_alert' },
      detail: 'the service says that it is degraded: model_loaded true, database_connected false',
    });
    service.health = { status: 'healthy', model_loaded: true, database_connected: true };
    await terminal.until(() => !('engine:usdcop:degraded' in alerts()));
  });

  it('models and lineage are read in: what runs, what could, and their cards', async () => {
    await connect();
    await terminal.until(() => terminal.ops.models.models.ppo_v20?.stage === 'production');
    const hash = createHash('sha256').update('ppo_v20').digest('hex');
    expect(terminal.ops.models.engines.usdcop?.loaded).toEqual({
      ...{ model: 'ppo_v20', version: '20', hash },
    });
    expect(terminal.ops.models.engines.usdcop?.available).toHaveLength(3);
    await terminal.until(() => 'ppo_v19' in terminal.ops.models.models);
    expect(terminal.ops.models.models.ppo_v19).toMatchObject({
      featureOrder: ['ret_1', 'ret_5'],
      backtest: { sharpe: 1.6, winRate: 0.55, maxDrawdown: 0.09 },
      training: { from: '2020-01-02', to: '2024-12-30' },
    });
  });
});

describe('deployments', () => {
  const deploy = async (model: string, kind: 'rollback' | 'promotion' = 'rollback') => {
    if (!engine()?.connected) await connect();
    await terminal.until(() => terminal.ops.models.production === 'ppo_v20');
    await terminal.until(() => model in terminal.ops.models.models);
    const record = { model, from: 'registered', to: 'production', cause: 'promotion' };
    const { hashes } = terminal.ops.models.models[model] as { hashes: { model: string } };
    gateway.log.append(
      {
        type: 'model.stage_changed',
        data: { ...record, request: null, retirement: null } as never,
      },
      {
        type: 'deployment.started',
        commandId: 'd1',
        data: {
          ...{ deployment: 'd1', kind, model, version: '1', hash: hashes.model },
          ...{ previous: 'ppo_v20', engines: ['usdcop'] },
        } as never,
      },
    );
    await terminal.until(() => terminal.types().includes('deployment.started'));
  };
  const refused = async () => {
    const find = () =>
      terminal.events.find(
        ({ type, data }) => type === 'deployment.engine_settled' && data.outcome === 'rejected',
      );
    await terminal.until(() => find() !== undefined);
    return find()?.data as { detail: string };
  };
  const loaded = () => terminal.ops.models.engines.usdcop?.loaded?.model;

  it('rolls back by the version’s number and reloads; complete when the service reports the hash', async () => {
    await deploy('ppo_v19');
    await terminal.until(() => terminal.types().includes('deployment.completed'));
    const call = service.calls.find(({ path }) => path === '/models/rollback');
    expect(call?.body).toMatchObject({ target_version: 19, initiated_by: 'vigia' });
    expect(service.count('/models/reload')).toBe(1);
    expect(loaded()).toBe('ppo_v19');
  });

  it('does not guess at a version in words: incomplete, and in the service’s terms why', async () => {
    service.models = [
      { id: 'ppo_v20', version: 20, archived: false },
      { id: 'ppo_v19', version: 19, archived: true },
      { id: 'ppo_old', version: 'best-of-2023', archived: true },
    ];
    await deploy('ppo_old');
    const { detail } = await refused();
    expect(detail).toContain('best-of-2023');
    expect(service.count('/models/rollback')).toBe(0);
    expect(effectiveMode(terminal.ops, 'usdcop')).toBe('reducing');
  });

  /** A promotion that people asked for and approved, as the log has it. */
  const promotion = (model: string, waived: string[]) =>
    gateway.log.append(
      {
        type: 'promotion.requested',
        data: {
          ...{ request: 'r1', model, target: 'production', fingerprint: 'f'.repeat(64) },
          checklist: { backtestReviewed: true, metricsAcceptable: true, teamNotified: true },
          ...{ needs: [], expiresAt: Date.now() + 60_000 },
          emergency: waived.length > 0 ? { waived, justification: 'urge' } : null,
        } as never,
      },
      { type: 'promotion.closed', data: { request: 'r1', outcome: 'promoted' } },
    );

  it.each([
    ['as ticked', [], true],
    ['with a waived figure not attested', ['sharpe'], false],
  ] as const)(
    'promotes what people promoted, its checklist %s, and says the thresholds it fails',
    async (_name, waived, metrics_acceptable) => {
      service.models.push({ id: 'ppo_v21', version: 21, archived: false });
      service.promoteFails = 'sharpe 0.2 < 1.0';
      await connect();
      await terminal.until(() => 'ppo_v21' in terminal.ops.models.models);
      promotion('ppo_v21', [...waived]);
      await deploy('ppo_v21', 'promotion');
      expect((await refused()).detail).toContain('sharpe 0.2 < 1.0');
      service.promoteFails = null;
      await terminal.until(() => loaded() === 'ppo_v21');
      const asked = service.calls.filter(({ path }) => path === '/models/ppo_v21/promote');
      const checklist = { backtest_reviewed: true, metrics_acceptable, team_notified: true };
      expect(asked.map(({ body }) => body.checklist)).toEqual(asked.map(() => checklist));
    },
  );

  it('attests no checklist for a rollback: beyond the service’s targets it is refused', async () => {
    service.models.push({ id: 'ppo_v21', version: 21, archived: false });
    await deploy('ppo_v21');
    expect((await refused()).detail).toContain('nobody ticked');
    expect(service.count('/models/ppo_v21/promote')).toBe(0);
    expect(effectiveMode(terminal.ops, 'usdcop')).toBe('reducing');
  });
});

describe('the dead-man switch', () => {
  it.each([
    ['pause', 'paused', true],
    ['flatten', 'killed', false],
  ] as const)('in silence it does what it is for: %s', async (action, mode, stillOpen) => {
    await gateway.stop();
    const engines = { ...quickPolicy.engines, deadManMs: 600, deadManActionOf: { usdcop: action } };
    const silent = withOperations({ ...quickPolicy, engines } as typeof quickPolicy);
    gateway = await openGateway(dir.path, 'paper', 0, { policies: silent });
    terminal = await TestTerminal.open(gateway.port);
    service.open(1);
    service.closes = true;
    await connect();
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    const { port } = gateway;
    await gateway.stop();
    await service.until(() => service.mode === mode);
    expect(service.trades.some(({ status }) => status === 'open')).toBe(stillOpen);
    gateway = await openGateway(dir.path, 'paper', port, { policies: silent });
    terminal = await TestTerminal.open(port);
    await terminal.until(() =>
      terminal.events.some(
        ({ type, data }) => type === 'engine.connected' && data.selfPausedAt !== null,
      ),
    );
    await terminal.until(() => engine()?.confirmedMode === 'normal');
    expect(terminal.types()).not.toContain('engine.outside_change');
  });
});
