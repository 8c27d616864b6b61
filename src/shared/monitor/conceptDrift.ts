/** Where the drift test stands after the latest trade. */
export interface ConceptDrift {
  readonly state: 'insufficient' | 'ok' | 'warning' | 'drift';
  readonly trades: number;
  /** Share of trades that lost, over the deployment; null with none. */
  readonly losing: number | null;
  /** The share and its deviation where they were least, which is what the present is held against. */
  readonly least: { readonly share: number; readonly deviation: number } | null;
  /** The trade, counted from 1, at which drift was found first; null while it was not. */
  readonly foundAt: number | null;
}

export interface DriftLimits {
  readonly minTrades: number;
  /** Deviations above the least at which it warns, and at which it says drift. */
  readonly warning: number;
  readonly drift: number;
}

/**
 * The drift detection method (J. Gama, P. Medas, G. Castillo, P. Rodrigues, "Learning with Drift
 * Detection", SBIA 2004) over whether each trade lost: with `p` the share of losing trades so far and
 * `s = √(p(1 − p) / n)`, it keeps `p` and `s` where `p + s` was least, from `minTrades` on, and warns
 * at `p + s ≥ p_min + 2 s_min`, drift at 3. What was found stays found until another model is live.
 */
export function conceptDrift(losses: readonly boolean[], limits: DriftLimits): ConceptDrift {
  let lost = 0;
  let least: ConceptDrift['least'] = null;
  let foundAt: number | null = null;
  let state: ConceptDrift['state'] = 'insufficient';
  losses.forEach((isLoss, index) => {
    const n = index + 1;
    if (isLoss) lost += 1;
    if (n < limits.minTrades) return;
    const share = lost / n;
    const deviation = Math.sqrt((share * (1 - share)) / n);
    if (least === null || share + deviation < least.share + least.deviation) {
      least = { share, deviation };
    }
    const above = (times: number): boolean =>
      least !== null &&
      least.deviation > 0 &&
      share + deviation >= least.share + times * least.deviation;
    if (above(limits.drift)) foundAt ??= n;
    state = foundAt !== null ? 'drift' : above(limits.warning) ? 'warning' : 'ok';
  });
  const trades = losses.length;
  return { state, trades, losing: trades === 0 ? null : lost / trades, least, foundAt };
}
