import { impactOf } from '@shared/incidents/impact';
import type { Incident } from '@shared/incidents/state';
import type { DeskView } from '@shared/view/desk';
import { Hostile } from '../../components/ui';
import { booksOf } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import type { Key } from '../../i18n/es';
import { amount, compact, duration, signed } from '../../lib/format';
import { Section } from './parts';

/** What it cost so far, as far as that was measured. What was not is said to be unknown. */
export function ImpactBox(props: {
  readonly view: DeskView;
  readonly incident: Incident;
  readonly now: number;
}) {
  const t = useT();
  const impact = impactOf(props.incident, booksOf(props.view), props.now);
  const sums = (
    by: Readonly<Record<string, number>> | null,
    text: (value: number) => string,
  ): string | null =>
    by === null
      ? null
      : Object.entries(by)
          .map(([currency, value]) => `${text(value)} ${currency}`)
          .join(' + ') || null;
  const rows: readonly (readonly [Key, string | null])[] = [
    ['impact.stopped', duration(impact.stoppedMs)],
    [
      'impact.missed',
      impact.tradesMissed === null ? null : t('impact.trades', { count: impact.tradesMissed }),
    ],
    ['impact.pnl', sums(impact.pnl, (value) => signed(value))],
    ['impact.positions', impact.positions === null ? null : amount(impact.positions, 0)],
    ['impact.notional', sums(impact.notional, compact)],
  ];
  return (
    <Section title="impact.title">
      <dl className="grid grid-cols-3 gap-x-4 gap-y-2">
        {rows.map(([name, text]) => (
          <div key={name}>
            <dt className="text-[12px] text-muted">{t(name)}</dt>
            <dd className={text === null ? 'text-muted' : 'figure'}>
              {text === null ? t('impact.unknown') : <Hostile text={text} max={60} />}
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
