import type { OpsState } from '../ops/state';
import type { MonitorPolicy } from '../policy/monitor';
import type { TelemetryItem } from '../telemetry/types';
import type { Health } from './health';
import { type Expected, NOTHING_EXPECTED } from './slow';

/** Whose samples count, and by which limits. */
export interface Watch {
  readonly model: string | null;
  /** Since when it is live: its tenure's start. */
  readonly since: number;
  readonly enhanced: boolean;
  readonly policy: MonitorPolicy;
  readonly expected: Expected;
}

/** What is to be watched, by the log. A model brought in by an emergency is watched more closely. */
export function watchOf({ models }: OpsState, policy: MonitorPolicy, now: number): Watch {
  const tenure = models.tenures.at(-1);
  const live = tenure && tenure.to === null ? tenure : null;
  const enhanced = models.reviews.some(
    ({ model, enhancedUntil }) => model === live?.model && (enhancedUntil ?? 0) > now,
  );
  const { featureOrder: order, featureReference: reference } =
    models.models[live?.model ?? ''] ?? {};
  const expected = order && reference ? { order, reference } : NOTHING_EXPECTED;
  return { model: live?.model ?? null, since: live?.from ?? 0, enhanced, policy, expected };
}

/** Whether two watches are of the same samples by the same limits. */
export function sameWatch(a: Watch, b: Watch): boolean {
  return (
    a.model === b.model &&
    a.since === b.since &&
    a.enhanced === b.enhanced &&
    a.policy === b.policy &&
    a.expected.order === b.expected.order &&
    a.expected.reference === b.expected.reference
  );
}

/** Feeds an engine's telemetry. @param now the clock here, against which a sample's time is held. */
export function feed(
  health: Health,
  engine: string,
  items: readonly TelemetryItem[],
  now: number,
): void {
  for (const item of items) {
    if (item.kind === 'inference') {
      health.inference(now, item.ts, item.ok, item.latencyMs, item.model, item.features);
    } else if (item.kind === 'trade') {
      // Ids are an engine's own.
      const id = `${engine}/${item.tradeId}`;
      health.trade(now, { id, closedAt: item.closedAt, pnl: item.pnl }, item.model);
    } else if (item.kind === 'equity') {
      const { ts: at, equity, dayStartEquity: dayStart, dayPeakEquity: dayPeak } = item;
      const { currency } = item;
      health.equity({ engine, at, equity, dayStart, dayPeak, currency });
    }
  }
}
