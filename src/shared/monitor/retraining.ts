import type { ModelsState } from '../models/state';
import type { MonitorPolicy } from '../policy/monitor';
import { detailOf, type Phrase, phrase } from '../words/phrase';
import { sharpeCheck } from './dayClose';
import type { RetrainingCause } from './events';
import type { MonitorRecord, Retraining } from './record';
import type { SlowFigures } from './slow';

/** Retraining is only ever proposed: nothing here trains, and nothing promotes. */

export interface Proposal {
  readonly model: string;
  readonly cause: RetrainingCause;
  readonly detail: string;
  readonly said?: Phrase[];
}

type Limits = MonitorPolicy['retraining'];
type Known = Pick<MonitorRecord, 'days' | 'retrainings'>;

/** The proposal of a model that nobody has closed. */
export function openRetraining(
  { retrainings }: Pick<MonitorRecord, 'retrainings'>,
  model: string,
): Retraining | null {
  return retrainings.find((one) => one.model === model && one.outcome === null) ?? null;
}

/** From when the next may be proposed, Unix ms; 0 where it may be at any time. */
export function nextRetrainingAt(
  { retrainings }: Pick<MonitorRecord, 'retrainings'>,
  kind: 'automatic' | 'manual',
  { automaticEveryMs, manualEveryMs }: Limits,
): number {
  const latest = retrainings.find(({ cause }) => (cause === 'manual') === (kind === 'manual'));
  if (!latest) return 0;
  return latest.at + (kind === 'manual' ? manualEveryMs : automaticEveryMs);
}

/** When the model that is live began to age: the day its card says, or its registration. Unix ms. */
export function bornAt(models: ModelsState, model: string): number | null {
  const known = models.models[model];
  if (!known) return null;
  const created = known.createdDay === null ? Number.NaN : Date.parse(known.createdDay);
  return Number.isNaN(created) ? known.registeredAt : created;
}

/**
 * What the policy asks to have evaluated by now: at most one, the gravest cause first; null within
 * the limits, and while a proposal for the model is open.
 */
export function dueRetraining(
  model: string | null,
  slow: SlowFigures,
  known: Known,
  models: ModelsState,
  policy: MonitorPolicy,
  now: number,
): Proposal | null {
  if (model === null || openRetraining(known, model)) return null;
  if (now < nextRetrainingAt(known, 'automatic', policy.retraining)) return null;
  const found = (cause: RetrainingCause, said: Phrase): Proposal => ({
    ...{ model, cause },
    ...detailOf([said]),
  });
  const { psiDays, sharpeDays, maxAgeMs } = policy.retraining;
  const drifted = driftedFor(known.days, model, psiDays);
  if (drifted.length > 0) {
    const features = drifted.join(', ').slice(0, FEATURES_MAX);
    const about = { features, days: psiDays };
    return found('psi_3_days', phrase('{features} drifted for {days} days in a row', about));
  }
  if (isPoorFor(known.days, model, sharpeDays, policy.alerts.sharpe)) {
    const { critical } = policy.alerts.sharpe;
    const about = { limit: critical, days: sharpeDays };
    return found('sharpe_7_days', phrase('Sharpe below {limit} for {days} days in a row', about));
  }
  if (slow.concept.state === 'drift') {
    const trade = String(slow.concept.foundAt);
    return found('drift', phrase('concept drift since trade {trade}', { trade }));
  }
  const born = bornAt(models, model);
  if (born === null || now - born <= maxAgeMs) return null;
  return found('model_age', phrase('{days} days old', { days: Math.floor((now - born) / DAY_MS) }));
}

const DAY_MS = 86_400_000;
/** Of the names of features that drifted, in UTF-16 code units. */
const FEATURES_MAX = 1_500;

/** Features above their limit at each of the latest closed days, the model the same on all. */
function driftedFor(days: MonitorRecord['days'], model: string, count: number): readonly string[] {
  const latest = days.slice(-count);
  if (latest.length < count || latest.some((day) => day.model !== model)) return [];
  const [first, ...rest] = latest.map(({ drifted }) => drifted.map(({ feature }) => feature));
  return (first ?? []).filter((feature) => rest.every((one) => one.includes(feature)));
}

/** Whether the Sharpe ratio, as it was at each of the latest closes, was below critical every time. */
function isPoorFor(
  days: MonitorRecord['days'],
  model: string,
  count: number,
  limits: MonitorPolicy['alerts']['sharpe'],
): boolean {
  if (days.length < count) return false;
  for (let back = 0; back < count; back += 1) {
    const until = days.slice(0, days.length - back);
    if (until.at(-1)?.model !== model) return false;
    if (sharpeCheck(until, model, limits).outcome !== 'critical') return false;
  }
  return true;
}
