import type { FactName, LineageNode } from '@shared/lineage/graph';
import { timestamp } from '@shared/time';
import type { Translate } from '../../i18n';
import { amount, signed } from '../../lib/format';

/** A node's name as the desk says it. */
export function nodeLabel({ kind, label }: LineageNode, t: Translate): string {
  return kind === 'deployment' ? t(`deployment.${label as 'rollback'}`) : label;
}

/** A fact's value as it is read; what is not a figure, a time or a word of ours stays as it came. */
export function factText(name: FactName, value: string, t: Translate): string {
  switch (name) {
    case 'registered':
    case 'opened':
    case 'closed':
    case 'gone':
      return timestamp(Number(value));
    case 'stage':
      return t(`stage.${value as 'production'}`);
    case 'side':
      return t(`side.${value as 'long'}`);
    case 'kind':
      return t(`deployment.${value as 'rollback'}`);
    case 'pnl':
      return value.split(' + ').map(money).join(' + ');
    case 'quantity':
    case 'entry':
    case 'exit':
      return amount(Number(value));
    case 'count':
    case 'unknownPnl':
    case 'featureCount':
      return amount(Number(value), 0);
    default:
      return value;
  }
}

/** `12.5 USD` as the language writes it. */
function money(text: string): string {
  const at = text.indexOf(' ');
  const figure = Number(text.slice(0, at));
  return at < 0 || Number.isNaN(figure) ? text : `${signed(figure)}${text.slice(at)}`;
}
