import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTokenBucket } from '../../../src/gateway/engines/client/tokenBucket';
import { createInferenceApi, type InferenceApi } from '../../../src/gateway/engines/inference/api';
import { readInventory, wayTo } from '../../../src/gateway/engines/inference/models';
import { createSwitch } from '../../../src/gateway/engines/inference/switch';
import type { Fetch } from '../../../src/node/fetchJson';
import type { Mode } from '../../../src/shared/telemetry/types';

const HASH = 'a'.repeat(64);

/** The service's switch with answers that come when they like: each call takes some turns. */
class SlowService {
  mode: Mode = 'normal';
  active = false;
  by: string | null = null;
  reason: string | null = null;
  constructor(readonly turns: () => number) {}

  async later(): Promise<void> {
    for (let turn = this.turns(); turn > 0; turn -= 1) await Promise.resolve();
  }

  async act<T>(change: () => void, value: T) {
    await this.later();
    change();
    await this.later();
    return { ok: true as const, value };
  }

  api(): InferenceApi {
    const done = { success: true, message: null };
    return {
      status: async () => {
        await this.later();
        const { mode, active: kill_switch_active, by, reason } = this;
        const value = { mode, kill_switch_active, activated_by: by, reason };
        await this.later();
        return { ok: true, value };
      },
      kill: (_close: boolean, _tell: boolean, reason: string) =>
        this.act(
          () => Object.assign(this, { mode: 'killed', active: true, by: 'us', reason }),
          done,
        ),
      pause: (reason: string) =>
        this.act(() => Object.assign(this, { mode: 'paused', reason }), done),
      resume: () =>
        this.act(() => {
          if (this.active) Object.assign(this, { mode: 'normal', active: false, by: null });
        }, done),
    } as unknown as InferenceApi;
  }
}

describe('the service’s switch', () => {
  it('ends killed when a kill was the last order, whatever it overtook and in whatever order answers come', async () => {
    const orders = fc.array(fc.constantFrom<Mode>('normal', 'paused', 'reducing'), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(orders, fc.array(fc.nat(12), { minLength: 1 }), async (modes, turns) => {
        let call = 0;
        const service = new SlowService(() => turns[call++ % turns.length] ?? 0);
        const control = createSwitch({
          ...{ api: service.api(), owner: 'us', now: () => 0, say: () => undefined },
          ...{ onOutside: () => undefined, onClock: () => undefined },
        });
        await control.look();
        const given = modes.map((mode) => control.setMode(mode));
        const killed = control.block('x');
        const item = await killed;
        await Promise.all(given);
        expect(item.outcome).toBe('done');
        expect(service).toMatchObject({ mode: 'killed', active: true });
      }),
      { numRuns: 500 },
    );
  });
});

describe('hostile answers', () => {
  it('are read or refused, never thrown, and never show nothing open where something may be', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.jsonValue(),
          fc.record({ trades: fc.jsonValue(), total: fc.jsonValue(), has_more: fc.jsonValue() }),
          fc.record({ models: fc.jsonValue(), current_production: fc.jsonValue() }),
        ),
        fc.integer({ min: 100, max: 599 }),
        async (body, status) => {
          const fetch: Fetch = async () => ({
            ok: true,
            value: { status, body, retryAfterMs: null },
          });
          let time = 0;
          const uptime = () => {
            time += 100_000;
            return time;
          };
          const api = createInferenceApi({
            ...{ address: 'http://x', apiKey: 'k', owner: 'us', fetch, uptime },
            after: () => Promise.resolve(),
          });
          const open = await api.openTrades('urgent');
          await api.status('urgent');
          await readInventory(api, 'urgent');
          api.stop();
          if (open.ok && open.value.length === 0) {
            const { trades, total } = body as { trades: { status?: unknown }[]; total?: unknown };
            const closed = trades.every((one) => one.status === 'closed');
            expect(Array.isArray(trades) && closed).toBe(true);
            if (trades.length === 0) expect(typeof total === 'number' && total > 0).toBe(false);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the way to a model', () => {
  const model = (id: string) => ({ model: id, version: '1', hash: HASH });
  const targets = (...list: [string, string][]) => ({
    current_production: 'live',
    available_targets: list.map(([model_id, version]) => ({ model_id, version })),
  });
  const checklist = { backtestReviewed: true, metricsAcceptable: false, teamNotified: true };
  const way = (list: [string, string][], ticked?: typeof checklist) =>
    wayTo(
      { ...model('m'), checklist: ticked },
      { available: [model('m')], targets: targets(...list) },
    );

  it('is a number that is one model’s alone, or the newest target, or none', () => {
    expect(way([], checklist)).toEqual({ way: 'promote', checklist });
    expect(
      way([
        ['x', '3'],
        ['m', 'v2'],
      ]),
    ).toEqual({ way: 'rollback', targetVersion: 2 });
    expect(
      way([
        ['m', 'best'],
        ['x', '3'],
      ]),
    ).toEqual({ way: 'rollback', targetVersion: null });
    expect(
      way([
        ['x', '3'],
        ['m', 'best'],
      ]).way,
    ).toBe('none');
    expect(
      way([
        ['x', '3'],
        ['m', '3'],
      ]).way,
    ).toBe('none');
    // A rollback beyond the targets: nobody ticked anything that could be attested.
    expect(way([])).toMatchObject({ way: 'none', why: expect.stringContaining('checklist') });
    const other = { available: [{ ...model('m'), hash: 'b'.repeat(64) }], targets: targets() };
    expect(wayTo(model('m'), other).way).toBe('none');
  });

  it('attests what was ticked and nothing else', async () => {
    const bodies: unknown[] = [];
    const fetch: Fetch = async ({ body }) => {
      bodies.push(body);
      return { ok: true, value: { status: 200, body: { success: true }, retryAfterMs: null } };
    };
    const api = createInferenceApi({
      ...{ address: 'http://x', apiKey: 'k', owner: 'us', fetch, uptime: () => 0 },
      after: () => Promise.resolve(),
    });
    await api.promote('m', 'x', checklist);
    api.stop();
    expect(bodies).toMatchObject([
      { checklist: { backtest_reviewed: true, metrics_acceptable: false, team_notified: true } },
    ]);
  });
});

describe('the command’s id', () => {
  it('goes with every call made for it, and not where no header may hold it', async () => {
    const sent: (string | undefined)[] = [];
    const fetch: Fetch = async ({ headers }) => {
      sent.push(headers['x-request-id']);
      return { ok: true, value: { status: 200, body: { success: true }, retryAfterMs: null } };
    };
    let id: string | undefined;
    const api = createInferenceApi({
      ...{ address: 'http://x', apiKey: 'k', owner: 'us', fetch, uptime: () => 0 },
      ...{ after: () => Promise.resolve(), requestId: () => id },
    });
    for (id of ['k-1', undefined, 'línea\r\nx', 'x'.repeat(129)]) await api.pause('x');
    api.stop();
    expect(sent).toEqual(['k-1', undefined, undefined, undefined]);
  });
});

describe('the token bucket', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('never lets more through than the limit in any minute, and a kill goes first and finds room', async () => {
    const keeps = { urgent: 0, look: 4, normal: 8 };
    const bucket = createTokenBucket({ perMinute: 92, burst: 20, keeps, uptime: () => Date.now() });
    const passed: { at: number; priority: string }[] = [];
    const take = (priority: 'urgent' | 'look' | 'normal') =>
      void bucket.take(priority).then(() => passed.push({ at: Date.now(), priority }));
    for (let one = 0; one < 300; one += 1) take(one % 2 ? 'look' : 'normal');
    await vi.advanceTimersByTimeAsync(1_000);
    const before = passed.length;
    for (let one = 0; one < 4; one += 1) take('urgent');
    await vi.advanceTimersByTimeAsync(0);
    expect(passed.slice(before).filter(({ priority }) => priority === 'urgent')).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(180_000);
    for (const { at } of passed) {
      const inMinute = passed.filter((one) => one.at >= at && one.at < at + 60_000).length;
      expect(inMinute).toBeLessThanOrEqual(92 + 20);
    }
    expect(passed.length).toBeGreaterThan(200);
    bucket.stop();
  });
});
