import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Health } from '../../../src/shared/monitor/health';
import {
  createAssembler,
  type Refill,
  windowFrameSchema,
  windowFrames,
} from '../../../src/shared/monitor/refill';
import { createStallWatch } from '../../../src/shared/monitor/stalls';
import { MAX_FRAME_BYTES } from '../../../src/shared/protocol/wire';
import { healthOf, MONDAY_9, monitorPolicy } from '../../support/monitor';

const LIMIT = monitorPolicy.refillSamples;

/** The window as it comes over the wire. */
function overTheWire(health: Health, now: number, from: number, limit = LIMIT): Refill {
  const assemble = createAssembler();
  let whole: Refill | null = null;
  for (const frame of windowFrames({ ...health.window(now, limit), from })) {
    const text = JSON.stringify(frame);
    expect(text.length).toBeLessThan(MAX_FRAME_BYTES);
    whole = assemble(windowFrameSchema.parse(JSON.parse(text)));
  }
  if (!whole) throw new Error('no last frame');
  return whole;
}

const counts = (health: Health, now: number) => {
  const { errorRate, latencyP99, consecutiveLosses } = health.evaluate(now).checks;
  return [errorRate, latencyP99, consecutiveLosses].map(
    ({ samples, breaching, value, outcome }) => ({ samples, breaching, value, outcome }),
  );
};

function infer(health: Health, at: number, ok: boolean, ms = 20): void {
  health.inference(at, at, ok, ms, 'm1');
}

describe('a window that is filled in', () => {
  it('after ten seconds without the link is the gateway’s, errors of the time included', () => {
    const [gateway, terminal] = [healthOf(), healthOf()];
    const both = (at: number, ok: boolean) => {
      for (const health of [gateway, terminal]) infer(health, at, ok);
    };
    for (let n = 0; n < 50; n += 1) both(MONDAY_9 + n, true);
    for (let n = 0; n < 10_000; n += 50) infer(gateway, MONDAY_9 + 1_000 + n, n % 100 === 0, 2_500);
    gateway.trade(MONDAY_9 + 20_000, { id: 't', closedAt: MONDAY_9 + 5_000, pnl: -1 }, 'm1');
    const now = MONDAY_9 + 11_000;
    expect(counts(terminal, now)).not.toEqual(counts(gateway, now));
    expect(terminal.refill(overTheWire(gateway, now, MONDAY_9 - 1))).toBe(true);
    for (let n = 0; n < 20; n += 1) both(now + n, false);
    expect(counts(terminal, now + 30)).toEqual(counts(gateway, now + 30));
    expect(terminal.crossed(now + 30)).toBe(true);
  });

  it('is exact wherever the link breaks, and counts nothing twice', () => {
    const samples = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.boolean(), fc.boolean()),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(samples, (list) => {
        const [gateway, terminal] = [healthOf(), healthOf()];
        const now = MONDAY_9 + 1_000_000;
        for (const [offset, ok, heard] of list) {
          gateway.inference(now, MONDAY_9 + offset, ok, ok ? 20 : 3_000, 'm1');
          if (heard) terminal.inference(now, MONDAY_9 + offset, ok, ok ? 20 : 3_000, 'm1');
        }
        terminal.refill(overTheWire(gateway, now, MONDAY_9 - 1));
        terminal.refill(overTheWire(gateway, now, MONDAY_9 - 1));
        expect(counts(terminal, now)).toEqual(counts(gateway, now));
      }),
    );
  });

  it('by a gateway that began later keeps what was seen before it did', () => {
    const [gateway, terminal] = [healthOf(), healthOf()];
    for (let n = 0; n < 30; n += 1) infer(terminal, MONDAY_9 + n, false);
    const began = MONDAY_9 + 60_000;
    for (let n = 0; n < 10; n += 1) infer(gateway, began + n, true);
    terminal.refill(overTheWire(gateway, began + 10, began));
    expect(terminal.evaluate(began + 10).checks.errorRate).toMatchObject({
      samples: 40,
      breaching: 30,
    });
  });

  it('of another model is left alone', () => {
    const gateway = healthOf(monitorPolicy, 'm2');
    const terminal = healthOf();
    expect(terminal.refill(overTheWire(gateway, MONDAY_9, 0))).toBe(false);
  });

  it('with its oldest samples left out is no window: it says so until it is whole again', () => {
    const [gateway, terminal] = [healthOf(), healthOf()];
    for (let n = 0; n < 25_000; n += 1) infer(gateway, MONDAY_9 + n, n % 2 === 0, 3_000);
    const now = MONDAY_9 + 25_000;
    // Half of the limit for each of the two windows, in several frames.
    terminal.refill(overTheWire(gateway, now, 0, 40_000));
    const found = terminal.evaluate(now);
    expect(found).toMatchObject({ partial: true });
    expect(found.checks.errorRate).toMatchObject({ outcome: 'insufficient', samples: 20_000 });
    expect(found.checks.latencyP99).toMatchObject({ outcome: 'insufficient', literal: false });
    expect(terminal.crossed(now)).toBe(false);
    // Whole once the window begins after the oldest sample that was sent.
    const { windowMs } = monitorPolicy.triggers.latencyP99;
    const later = MONDAY_9 + 5_000 + windowMs;
    for (let n = 0; n < 100; n += 1) infer(terminal, later - n, true, 3_000);
    expect(terminal.evaluate(later).checks.latencyP99.outcome).toBe('breach');
    expect(terminal.evaluate(later).partial).toBe(true);
  });

  it('brings the day’s peak, so that a fall from before it began is seen', () => {
    const [gateway, terminal] = [healthOf(), healthOf()];
    const report = (at: number, equity: number) => ({
      ...{ engine: 'e1', at, equity, dayStart: 1_000_000, dayPeak: null, currency: 'USD' },
    });
    gateway.equity(report(MONDAY_9, 1_100_000));
    gateway.equity(report(MONDAY_9 + 1, 1_030_000));
    terminal.refill(overTheWire(gateway, MONDAY_9 + 2, 0));
    terminal.equity(report(MONDAY_9 + 3, 1_030_000));
    const { dailyDrawdown } = terminal.evaluate(MONDAY_9 + 4).checks;
    expect(dailyDrawdown.value).toBeCloseTo(70_000 / 1_100_000, 12);
  });
});

it('a new model’s first answers do not count against it where the policy says so', () => {
  const { latencyP99 } = monitorPolicy.triggers;
  expect(latencyP99.warmupMs).toBeGreaterThan(0);
  const health = healthOf();
  health.reset('m2', MONDAY_9);
  const slow = (from: number) => {
    for (let n = 0; n < 100; n += 1) health.inference(from + n, from + n, true, 3_000, 'm2');
  };
  slow(MONDAY_9);
  expect(health.crossed(MONDAY_9 + 200)).toBe(false);
  expect(health.evaluate(MONDAY_9 + 200).checks).toMatchObject({
    latencyP99: { outcome: 'insufficient', samples: 0 },
    errorRate: { outcome: 'ok', samples: 100 },
  });
  const warm = MONDAY_9 + latencyP99.warmupMs;
  expect(health.evaluate(warm).checks.latencyP99.outcome).toBe('no_data');
  slow(warm);
  expect(health.crossed(warm + 200)).toBe(true);
  expect(health.evaluate(warm + 200).checks.latencyP99.outcome).toBe('breach');
});

describe('the monitor’s host', () => {
  function host() {
    const now = { wall: 0, up: 0 };
    const watch = createStallWatch({
      clock: () => now.wall,
      uptime: () => now.up,
      policy: () => monitorPolicy,
    });
    const pass = (wall: number, up = wall) => {
      now.wall += wall;
      now.up += up;
    };
    return { watch, pass };
  }

  it('slept when either clock jumps by more than two intervals', () => {
    const { watch, pass } = host();
    pass(60_000);
    expect(watch.beat()).toBeNull();
    // Sleep, on a system whose uptime does not count it.
    pass(3_600_000, 10);
    expect(watch.beat()).toBe(3_600_000);
    // It stood still, and its wall clock was set back meanwhile.
    pass(-5_000, 61_000);
    expect(watch.beat()).toBe(61_000);
    pass(5_000);
    expect(watch.beat()).toBeNull();
  });

  it('counts as stopped when no check ran for three intervals, and not for having slept', () => {
    const { watch, pass } = host();
    pass(90_000);
    expect(watch.isStopped()).toBe(false);
    pass(1);
    expect(watch.isStopped()).toBe(true);
    watch.checked();
    expect(watch.isStopped()).toBe(false);
    pass(200_000);
    watch.beat();
    expect(watch.isStopped()).toBe(false);
  });
});
