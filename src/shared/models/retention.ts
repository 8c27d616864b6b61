import type { ModelsPolicy } from '../policy/models';
import { tradingDay } from '../time';
import type { ModelRecord } from './state';

/** Days `YYYY-MM-DD` up to which each kind of record is kept, that day included. */
export interface RetentionDates {
  readonly artifacts: string;
  readonly trainingData: string;
  readonly trades: string;
  readonly audit: string;
}

/**
 * Until when what belongs to an archived model is kept at least, by the policy in force, counted in
 * the desk's calendar from the day it was archived.
 *
 * @returns null for a model that is not archived: nothing of it runs out.
 */
export function retentionDates(model: ModelRecord, policy: ModelsPolicy): RetentionDates | null {
  if (model.stage !== 'archived') return null;
  const from = tradingDay(model.stageSince);
  const { artifactsYears, trainingDataYears, tradesYears, auditYears } = policy.retention;
  return {
    artifacts: yearsAfter(from, artifactsYears),
    trainingData: yearsAfter(from, trainingDataYears),
    trades: yearsAfter(from, tradesYears),
    audit: yearsAfter(from, auditYears),
  };
}

/** The same day so many years later; of the 29th of February, the 1st of March where there is none. */
function yearsAfter(day: string, years: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(Date.UTC(year + years, month - 1, date)).toISOString().slice(0, 10);
}
