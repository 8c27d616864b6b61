import { z } from 'zod';
import type { DayEquity } from './equity';
import type { KeptSlow } from './health';
import { slowSamplesSchema } from './slowFile';

/**
 * The live model's window as the gateway has it, which always watches: a terminal whose telemetry
 * broke, or that has just begun, is filled in with it.
 */
export interface Refill {
  readonly model: string | null;
  readonly since: number;
  /** Since when the gateway has watched without a break; before it, who is filled in knows better. */
  readonly from: number;
  /** Oldest first, `[at, 1 for an error]` and `[at, ms]`. */
  readonly errors: readonly (readonly [at: number, bad: number])[];
  readonly latencies: readonly (readonly [at: number, ms: number])[];
  /** Whether older samples of the window were left out for want of room. */
  readonly errorsCut: boolean;
  readonly latenciesCut: boolean;
  readonly equity: DayEquity | null;
  readonly slow: KeptSlow;
}

const ts = z.number();
const sample = z.tuple([ts, z.number()]);
const { shape } = slowSamplesSchema;

/** A part of it on the telemetry socket; the last is marked, and what fits is put together then. */
export const windowFrameSchema = z.object({
  type: z.literal('window'),
  model: z.string().max(128).nullable(),
  since: ts,
  from: ts,
  last: z.boolean(),
  errors: z.array(sample),
  latencies: z.array(sample),
  errorsCut: z.boolean(),
  latenciesCut: z.boolean(),
  equity: z
    .object({ day: z.string(), peak: z.number(), current: z.number(), lastAt: ts })
    .nullable(),
  days: shape.days,
  features: shape.features,
  trades: shape.trades,
});
export type WindowFrame = z.infer<typeof windowFrameSchema>;

/** What one frame holds at most, so that it stays well under the frame limit. */
const SAMPLES_PER_FRAME = 10_000;
const TRADES_PER_FRAME = 1_000;
const ROWS_PER_FRAME = 2_000;

/** Takes a window apart into frames; at least one. */
export function windowFrames(whole: Refill): readonly WindowFrame[] {
  const { errors, latencies, slow, ...about } = whole;
  const width = Math.max(1, slow.features[0]?.[1].length ?? 1);
  const parts = {
    errors: split(errors, SAMPLES_PER_FRAME),
    latencies: split(latencies, SAMPLES_PER_FRAME),
    trades: split(slow.trades, TRADES_PER_FRAME),
    features: split(slow.features, Math.max(1, Math.floor(ROWS_PER_FRAME / width))),
  };
  const count = Math.max(1, ...Object.values(parts).map(({ length }) => length));
  return Array.from({ length: count }, (_, at) => {
    const last = at === count - 1;
    const frame = {
      ...{ type: 'window', ...about, last, days: last ? slow.days : [] },
      errors: parts.errors[at] ?? [],
      latencies: parts.latencies[at] ?? [],
      trades: parts.trades[at] ?? [],
      features: parts.features[at] ?? [],
    };
    return frame as unknown as WindowFrame;
  });
}

/** Puts frames together again. @returns a function that gives the whole with its last frame. */
export function createAssembler(): (frame: WindowFrame) => Refill | null {
  let frames: WindowFrame[] = [];
  return (frame) => {
    const [first] = frames;
    const same = first?.model === frame.model && first?.since === frame.since;
    frames = same ? [...frames, frame] : [frame];
    if (!frame.last) return null;
    const whole = frames;
    frames = [];
    const { model, since, from, equity, days, errorsCut, latenciesCut } = frame;
    const all = <Part extends 'errors' | 'latencies' | 'trades' | 'features'>(part: Part) =>
      whole.flatMap((one) => one[part] as WindowFrame[Part][number][]);
    const slow = { days, features: all('features'), trades: all('trades') };
    const samples = { errors: all('errors'), latencies: all('latencies') };
    return { model, since, from, equity, errorsCut, latenciesCut, ...samples, slow } as Refill;
  };
}

function split<Item>(items: readonly Item[], size: number): readonly Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}
