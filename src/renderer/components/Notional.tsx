import type { ScopeTotals } from '../desk/figures.state';
import type { Translate } from '../i18n';
import { clip, compact, NO_FIGURE } from '../lib/format';

/** `1,20 M USD + ≥ …`: a sum that leaves something out says so. */
export function notionalText(
  notional: ScopeTotals['notional'],
  incomplete: boolean,
  t: Translate,
): string {
  const parts = notional.map((one) => `${compact(one.amount)} ${clip(one.currency, 8)}`);
  const known =
    parts.length > 0 ? parts.join(' + ') : incomplete ? NO_FIGURE : t('scope.noNotional');
  return incomplete ? `${known} (${t('scope.unknownNotional')})` : known;
}
