import type { Alert } from '../alerts/state';
import type { MonitorPolicy } from '../policy/monitor';
import { type Phrase, type PhraseValue, phrase, type Sentence, word } from '../words/phrase';
import type { SharpeCheck } from './dayClose';
import type { Evaluation } from './health';
import { figureOf, type Trigger } from './trigger';

/** Alerts that say look, and act on nothing. */

export const SLOW_ALERTS = [
  'win_rate',
  'drawdown_step',
  'trigger_warning',
  'sharpe',
  'feature_drift',
  'concept_drift',
] as const;
export type SlowAlert = (typeof SLOW_ALERTS)[number];

export interface Finding {
  /** Names the alert for as long as it stands, however often it is found. */
  readonly alert: string;
  readonly kind: SlowAlert;
  /** `unknown`: nothing says that it began, and nothing that it is over. */
  readonly state: 'P1' | 'P2' | 'over' | 'unknown';
  /** What it is about beyond its key; another is told of again. */
  readonly about: string;
  readonly said: readonly Phrase[];
}

/** What each slow alert is found to be. @param sharpe of the model that is live. */
export function slowFindings(
  evaluation: Evaluation,
  sharpe: SharpeCheck,
  policy: MonitorPolicy,
): readonly Finding[] {
  const { checks, winRate, slow } = evaluation;
  const { alerts, triggers } = policy;
  const warnings = Object.values(checks).map(
    ({ trigger, outcome, value, warning }): Finding => ({
      ...{ alert: `warning:${trigger}`, kind: 'trigger_warning', about: '' },
      state:
        outcome === 'warning' || outcome === 'suspect'
          ? 'P2'
          : outcome === 'ok'
            ? 'over'
            : 'unknown',
      said: [
        phrase('{trigger} {value} ({outcome}; warning {warning})', {
          ...{ trigger: word(`trigger.${trigger}`), outcome: word(`outcome.${outcome}`) },
          ...{ value: figureOf(trigger, value), warning: figureOf(trigger, warning) },
        }),
      ],
    }),
  );
  const fall = checks.dailyDrawdown;
  const steps = triggers.dailyDrawdown.steps.map(({ share, severity }): Finding => {
    const limit = fall.limit * share;
    const { value } = fall;
    const state =
      value === null || fall.outcome === 'insufficient'
        ? 'unknown'
        : value >= limit
          ? severity
          : value < limit * triggers.dailyDrawdown.clearBelow
            ? 'over'
            : 'unknown';
    const said = phrase('drawdown {value}: {share} of the limit {limit}', {
      ...{ value: ratio(value), share: { share }, limit: ratio(fall.limit) },
    });
    const about = { alert: `drawdown_step:${share}`, kind: 'drawdown_step', about: '' } as const;
    return { ...about, state, said: [said] };
  });
  const { trades, warning, critical } = alerts.winRate;
  const won: Finding = {
    ...{ alert: 'win_rate', kind: 'win_rate', about: '' },
    state:
      winRate === null ? 'unknown' : winRate < critical ? 'P1' : winRate < warning ? 'P2' : 'over',
    said: [
      phrase('win rate {value} over {trades} trades (warning {warning}, critical {critical})', {
        ...{ value: ratio(winRate), trades, warning: ratio(warning), critical: ratio(critical) },
      }),
    ],
  };
  const drifted = slow.features.filter(({ outcome }) => outcome === 'drift');
  const judged = slow.features.some(({ outcome }) => outcome === 'ok');
  const features: Finding = {
    ...{ alert: 'feature_drift', kind: 'feature_drift' },
    about: drifted.map(({ feature }) => feature).join(','),
    state: drifted.length > 0 ? 'P2' : judged ? 'over' : 'unknown',
    said: drifted
      .slice(0, FEATURES_SAID)
      .map(({ feature, psi, samples }) =>
        phrase('{feature} PSI {psi} (n {samples})', { feature, psi: figure(psi), samples }),
      ),
  };
  const { concept } = slow;
  const results: Finding = {
    ...{ alert: 'concept_drift', kind: 'concept_drift', about: concept.state },
    state: concept.state === 'insufficient' ? 'unknown' : concept.state === 'ok' ? 'over' : 'P2',
    said: [
      phrase('{state}: losing {losing} of {trades} trades, at best {least}', {
        ...{ state: word(`outcome.${concept.state}`), losing: ratio(concept.losing) },
        ...{ trades: concept.trades, least: ratio(concept.least?.share ?? null) },
      }),
    ],
  };
  const earned: Finding = {
    ...{ alert: 'sharpe', kind: 'sharpe', about: '' },
    state: SHARPE_STATE[sharpe.outcome],
    said: [
      phrase(
        'Sharpe {value} ± {error} over {days} days (warning {warning}, critical {critical}): review the model',
        {
          ...{ value: figure(sharpe.value), error: figure(sharpe.error), days: sharpe.days },
          ...{ warning: alerts.sharpe.warning, critical: alerts.sharpe.critical },
        },
      ),
    ],
  };
  return [...warnings, ...steps, won, earned, features, results];
}

/** Features that one alert names. */
const FEATURES_SAID = 24;
const SHARPE_STATE = {
  no_data: 'unknown',
  insufficient: 'unknown',
  ok: 'over',
  warning: 'P2',
  critical: 'P1',
} as const satisfies Record<SharpeCheck['outcome'], Finding['state']>;

const figure = (value: number | null): PhraseValue => value ?? word('word.noFigure');
const ratio = (value: number | null): PhraseValue =>
  value === null ? word('word.noFigure') : { share: value };

/** An alert of these that was raised and is not over. */
export interface Standing {
  readonly kind: SlowAlert;
  readonly severity: string;
  readonly model: string | null;
  /** Null where another raised it, who alone knows. */
  readonly about: string | null;
}

/** The slow alerts of a log. */
export function standingOf(alerts: Readonly<Record<string, Alert>>): Map<string, Standing> {
  const standing = new Map<string, Standing>();
  for (const { id, kind, severity, model } of Object.values(alerts)) {
    if (!isSlow(kind)) continue;
    standing.set(id, { kind, severity, model, about: null });
  }
  return standing;
}

function isSlow(kind: string): kind is SlowAlert {
  return (SLOW_ALERTS as readonly string[]).includes(kind);
}

export type AlertChange =
  | { readonly change: 'raise'; readonly finding: Finding; readonly severity: 'P1' | 'P2' }
  | { readonly change: 'clear'; readonly alert: string; readonly cause: Sentence };

/**
 * What of the findings is news. An alert of a model that is not live any more is over, a step of the
 * drawdown is raised once a trading day.
 *
 * @param raisedToday steps that were raised this trading day.
 */
export function alertChanges(
  findings: readonly Finding[],
  standing: ReadonlyMap<string, Standing>,
  model: string | null,
  raisedToday: readonly string[],
): readonly AlertChange[] {
  const changes: AlertChange[] = [];
  for (const finding of findings) {
    const { alert, kind, state, about } = finding;
    const known = standing.get(alert);
    const ofDesk = kind === 'drawdown_step' || alert === DRAWDOWN_WARNING;
    if (state === 'P1' || state === 'P2') {
      const same =
        known?.severity === state &&
        (known.model === model || ofDesk) &&
        (known.about === null ? kind !== 'feature_drift' : known.about === about);
      const again = kind === 'drawdown_step' && !known && raisedToday.includes(alert);
      if (!same && !again) changes.push({ change: 'raise', finding, severity: state });
    } else if (known && state === 'over') {
      changes.push({ change: 'clear', alert, cause: 'it is within its limits again' });
    } else if (known && known.model !== model && !ofDesk) {
      changes.push({ change: 'clear', alert, cause: 'another model is live' });
    }
  }
  return changes;
}

const DRAWDOWN_WARNING = `warning:${'dailyDrawdown' satisfies Trigger}`;
