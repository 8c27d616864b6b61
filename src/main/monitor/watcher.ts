import { openCheckLog } from '../../node/checkLog';
import { sha256 } from '../../node/sha256';
import { createHealth, type Evaluation, type WindowSamples } from '../../shared/monitor/health';
import { createAssembler, type WindowFrame } from '../../shared/monitor/refill';
import { createSlowMemory } from '../../shared/monitor/slowFile';
import { feed, type Watch } from '../../shared/monitor/watch';
import { keepWindow } from '../../shared/monitor/windowFile';
import type { TelemetryItem } from '../../shared/telemetry/types';

/** Why an evaluation was made: it is due, a limit was passed on arrival, or a window wants to see it. */
export type Occasion = 'check' | 'crossed' | 'view';

/** The windows over the live model's samples, on the thread that gets the samples. */
export interface Watcher {
  /** @returns whether other samples than before are to be watched, so that its windows begin empty. */
  watch(next: Watch): boolean;
  /** A part of the window as the gateway has it. */
  window(frame: WindowFrame): void;
  feed(engine: string, items: readonly TelemetryItem[], now: number): void;
  /** Whether a limit is passed and nobody has been told since the last check. */
  crossed(now: number): boolean;
  evaluate(now: number, occasion: Occasion): Evaluation;
  /** Keeps the window of the latest check. @returns its digest; null when it is not kept. */
  keep(): string | null;
}

/** @param folder where rows and windows are kept. */
export function createWatcher(folder: string, first: Watch): Watcher {
  const kept = openCheckLog(folder);
  let watch = first;
  let told = false;
  let latest: { at: number; watch: Watch; samples: () => WindowSamples } | null = null;
  const health = createHealth(watch.policy, watch.enhanced);
  health.reset(watch.model, watch.since);
  health.expect(watch.expected);
  const assemble = createAssembler();
  const memory = createSlowMemory(health, kept);
  memory.recall(watch);

  return {
    watch(next) {
      const isOther = next.model !== watch.model || next.since !== watch.since;
      if (isOther) told = false;
      watch = next;
      health.limit(next.policy, next.enhanced);
      health.reset(next.model, next.since);
      health.expect(next.expected);
      memory.recall(next);
      return isOther;
    },
    window(frame) {
      const whole = assemble(frame);
      // Of another model than is watched here, by a log that one of the two has not read yet: it is
      // asked for again as soon as this one has.
      if (whole) health.refill(whole);
    },
    feed: (engine, items, now) => feed(health, engine, items, now),
    crossed: (now) => !told && health.crossed(now),
    evaluate(now, occasion) {
      const evaluation = health.evaluate(now);
      if (occasion !== 'view') {
        kept.row(evaluation);
        memory.remember(watch);
        // Told on arrival once; what goes on firing is told again at the checks.
        told = health.crossed(now);
        latest = { at: now, watch, samples: health.freeze() };
      }
      return evaluation;
    },
    keep: () =>
      latest && keepWindow(latest.samples(), latest.watch, latest.at, sha256, kept.window),
  };
}
