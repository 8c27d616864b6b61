import type { Bilingual } from '../policy/playbooks';
import type { Change, Incident, IncidentsState, PastIncident } from './state';

/** A figure over a period and the events behind it; null where there is nothing to measure. */
export interface Kpi {
  readonly id: 'mttd' | 'mttr' | 'change_failure_rate' | 'deployment_frequency';
  readonly unit: 'ms' | 'fraction' | 'per_day';
  readonly value: number | null;
  /** How many incidents or deployments it was measured on. */
  readonly samples: number;
  /** Sequences in the log. */
  readonly events: readonly number[];
  readonly definition: Bilingual;
}

export interface Period {
  /** Unix ms; from included, to not. */
  readonly from: number;
  readonly to: number;
}

type Counted = Incident | PastIncident;

const DAY_MS = 86_400_000;

const DEFINITIONS: Readonly<Record<Kpi['id'], Bilingual>> = {
  mttd: {
    es: 'Tiempo medio de detección: de la primera muestra o alerta que incumplió hasta que se abrió el incidente. Los que nadie pudo fechar no cuentan.',
    en: 'Mean time to detect: from the first breaching sample or alert to the opening of the incident. Those that cannot be dated are left out.',
  },
  mttr: {
    es: 'Tiempo medio de recuperación (DORA, failed deployment recovery time): de la apertura a la resolución, de los incidentes resueltos en el periodo.',
    en: 'Mean time to restore (DORA, failed deployment recovery time): from opening to resolution, of the incidents resolved in the period.',
  },
  change_failure_rate: {
    es: 'Tasa de fallos de cambio (DORA): promociones a producción del periodo que acabaron en rollback, no se completaron o causaron un incidente, sobre todas. Sin promociones no hay tasa.',
    en: 'Change failure rate (DORA): promotions into production in the period that ended in a rollback, were not completed or caused an incident, over all of them. With none there is no rate.',
  },
  deployment_frequency: {
    es: 'Frecuencia de despliegue (DORA): promociones completadas en producción por día del periodo.',
    en: 'Deployment frequency (DORA): completed promotions into production per day of the period.',
  },
};

/** The figures over a period, each with its definition and the events behind it. */
export function incidentKpis(state: IncidentsState, period: Period): readonly Kpi[] {
  const incidents: readonly Counted[] = [...state.incidents, ...state.past];
  const opened = incidents.filter(({ opened: { at } }) => within(at, period));
  const detected = opened.flatMap(({ opened: { at, seq }, detectedFrom }) =>
    detectedFrom === null ? [] : [{ ms: Math.max(0, at - detectedFrom), seqs: [seq] }],
  );
  const restored = incidents.flatMap(({ opened: start, resolved }) =>
    resolved && within(resolved.at, period)
      ? [{ ms: resolved.at - start.at, seqs: [start.seq, resolved.seq] }]
      : [],
  );
  const promotions = state.changes.filter(
    ({ kind, at }) => kind === 'promotion' && within(at, period),
  );
  const failures = promotions.map((one) => failureOf(one, state.changes, incidents));
  const failed = failures.filter((one) => one !== null);
  const completed = promotions.filter(({ completedAt }) => completedAt !== null);
  const days = (period.to - period.from) / DAY_MS;
  return [
    kpi('mttd', 'ms', mean(detected), detected.length, seqs(detected)),
    kpi('mttr', 'ms', mean(restored), restored.length, seqs(restored)),
    kpi(
      'change_failure_rate',
      'fraction',
      promotions.length === 0 ? null : failed.length / promotions.length,
      promotions.length,
      [...promotions.map(({ seq }) => seq), ...failed],
    ),
    kpi(
      'deployment_frequency',
      'per_day',
      days > 0 ? completed.length / days : null,
      completed.length,
      completed.map(({ seq }) => seq),
    ),
  ];
}

/** The event that shows a promotion to have failed; null where none does. */
function failureOf(
  change: Change,
  changes: readonly Change[],
  incidents: readonly Counted[],
): number | null {
  const next = changes.filter(({ seq }) => seq > change.seq).sort((a, b) => a.seq - b.seq)[0];
  if (next?.kind === 'rollback' && next.previous === change.model) return next.seq;
  const caused = incidents.find(
    ({ correlations, opened }) =>
      opened.at >= change.at && opened.seq > change.seq && correlations[0] === change.deployment,
  );
  if (caused) return caused.opened.seq;
  const abandoned = change.completedAt === null && (change.incompleteAt !== null || next);
  return abandoned ? change.seq : null;
}

function kpi(
  id: Kpi['id'],
  unit: Kpi['unit'],
  value: number | null,
  samples: number,
  events: readonly number[],
): Kpi {
  const known = [...new Set(events)].sort((a, b) => a - b);
  return { id, unit, value, samples, events: known, definition: DEFINITIONS[id] };
}

function within(at: number, { from, to }: Period): boolean {
  return at >= from && at < to;
}

function mean(measured: readonly { readonly ms: number }[]): number | null {
  if (measured.length === 0) return null;
  return measured.reduce((sum, { ms }) => sum + ms, 0) / measured.length;
}

function seqs(measured: readonly { readonly seqs: readonly number[] }[]): number[] {
  return measured.flatMap((one) => one.seqs);
}
