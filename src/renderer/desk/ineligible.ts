import type { Ineligible } from '@shared/models/rollback';
import { timestamp } from '@shared/time';
import type { useT } from '../i18n';

/** Why a model cannot be rolled back to, in words. */
export function ineligibleText(t: ReturnType<typeof useT>, why: Ineligible): string {
  switch (why.code) {
    case 'not_on_engine':
      return t('ineligible.not_on_engine', { engines: why.engines.join(', ') });
    case 'retired_for_cause':
      return t('ineligible.retired_for_cause');
    case 'failed_lately':
    case 'rolled_away':
      if (why.until === null) return t('ineligible.rolled_away_incident');
      return t(`ineligible.${why.code}`, { time: timestamp(why.until).slice(0, 16) });
  }
}
