import type { FeatureReference } from '../models/model';
import type { MonitorPolicy } from '../policy/monitor';
import { tradingDay } from '../time';
import { type ConceptDrift, conceptDrift } from './conceptDrift';
import { DayBook, type DayFigures, type OpenDay } from './days';
import { FeatureBook, type HourCounts, psi } from './psi';

/** What a model expects to be given. */
export interface Expected {
  readonly order: readonly string[];
  /** Empty where its card has none. */
  readonly reference: readonly FeatureReference[];
}

export const NOTHING_EXPECTED: Expected = { order: [], reference: [] };

/** One feature against its reference. `no_data`: no reference, or no sample. */
export interface FeatureDrift {
  readonly feature: string;
  readonly outcome: 'no_data' | 'insufficient' | 'ok' | 'drift';
  readonly hasReference: boolean;
  /** Null with no sample, or no reference. */
  readonly psi: number | null;
  readonly samples: number;
  /** Inferences to which this figure was missing. */
  readonly missing: number;
}

/** What changes slowly: drift of features and of results, and the days. */
export interface SlowFigures {
  /** When drift of features was computed last; null before the first time. */
  readonly featuresAt: number | null;
  readonly features: readonly FeatureDrift[];
  readonly concept: ConceptDrift;
  /** Oldest first, the present day last. */
  readonly days: readonly DayFigures[];
}

/** What is kept of it over a restart. */
export interface SlowSamples {
  readonly days: readonly OpenDay[];
  readonly features: readonly HourCounts[];
}

/** The slow half of what the monitor remembers. */
export class SlowBook {
  readonly days = new DayBook(tradingDay);
  readonly #features = new FeatureBook();
  #expected: Expected = NOTHING_EXPECTED;
  #judged: { readonly at: number; readonly rows: readonly FeatureDrift[] } | null = null;

  expect(expected: Expected): void {
    if (expected === this.#expected) return;
    this.#expected = expected;
    this.#features.expect(expected.order, expected.reference);
    this.#judged = null;
  }

  features(at: number, values: readonly (number | null)[]): void {
    this.#features.take(at, values);
  }

  /** Another model is live: its features are its own. The days are the desk's. */
  reset(): void {
    this.#features.clear();
    this.#judged = null;
  }

  figures(now: number, losses: readonly boolean[], drift: MonitorPolicy['drift']): SlowFigures {
    const { everyMs } = drift.psi;
    if (this.#judged === null || now - this.#judged.at >= everyMs || now < this.#judged.at) {
      this.#judged = { at: now, rows: this.#judge(now, drift.psi) };
    }
    const { at: featuresAt, rows: features } = this.#judged;
    const concept = conceptDrift(losses, drift.concept);
    return { featuresAt, features, concept, days: this.days.figures() };
  }

  freeze(): SlowSamples {
    return { days: this.days.freeze(), features: this.#features.freeze() };
  }

  restoreFeatures(features: readonly HourCounts[]): void {
    this.#features.restore(features);
    this.#judged = null;
  }

  #judge(
    now: number,
    { limit, windowMs, minSamples }: MonitorPolicy['drift']['psi'],
  ): readonly FeatureDrift[] {
    const counted = this.#features.since(now - windowMs);
    return this.#expected.order.map((feature) => {
      const reference = this.#expected.reference.find((one) => one.feature === feature);
      const found = counted.find((one) => one.feature === feature);
      if (!reference || !found) {
        const nothing = { psi: null, samples: 0, missing: 0 };
        return { feature, outcome: 'no_data', hasReference: false, ...nothing };
      }
      const samples = found.counts.reduce((sum, one) => sum + one, 0);
      const value = psi(found.counts, reference.shares);
      const about = { feature, hasReference: true, psi: value, samples, missing: found.missing };
      if (value === null) return { ...about, outcome: 'no_data' };
      if (samples < minSamples) return { ...about, outcome: 'insufficient' };
      return { ...about, outcome: value > limit ? 'drift' : 'ok' };
    });
  }
}
