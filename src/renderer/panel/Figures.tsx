import type { DeskView, LinkCause } from '@shared/view/desk';
import { GatewayCount } from '../components/Gateways';
import { notionalText } from '../components/Notional';
import { Figure, Hostile } from '../components/ui';
import { dataAge, dayFigures, errorRate, isStale, scopeTotals } from '../desk/figures.state';
import { useT } from '../i18n';
import { amount, duration, NO_FIGURE, percent } from '../lib/format';

interface Props {
  readonly view: DeskView;
  readonly now: number;
}

export function LinkLine({ view, now }: Props) {
  const t = useT();
  const { link } = view;
  const age = dataAge(view, now);
  return (
    <p className="flex min-h-7 flex-wrap items-center gap-x-3 border-b border-line px-3 text-[12px]">
      <span className={link.state === 'live' ? 'text-muted' : 'font-semibold text-amber'}>
        {t(`link.${link.state}`)}{' '}
        {link.state === 'live' && link.rttMs !== null && (
          <span className="figure">{Math.round(link.rttMs)} ms</span>
        )}
        {link.state !== 'live' && link.cause && <Cause cause={link.cause} />}
      </span>
      {link.gateways > 1 && (
        <span className="text-muted">
          <Hostile text={link.address} max={48} />
        </span>
      )}
      <GatewayCount link={link} />
      <span className="text-muted">
        {age === null ? t('link.noData') : t('link.age', { age: duration(age) })}
      </span>
    </p>
  );
}

function Cause({ cause }: { cause: LinkCause }) {
  const t = useT();
  const text = t(`linkCause.${cause.code}`, 'seconds' in cause ? { seconds: cause.seconds } : {});
  return (
    <span className="font-normal">
      · {text} {'detail' in cause && <Hostile text={cause.detail} max={80} />}
    </span>
  );
}

export function FigureLines({ view, now }: Props) {
  const t = useT();
  const totals = scopeTotals(view, { kind: 'all' }, now);
  const day = dayFigures(view, now);
  return (
    <section className="border-b border-line px-3 py-2">
      <p>
        <Figure stale={totals.stale}>
          {t('scope.line', {
            engines: totals.engines,
            positions: totals.positions,
            notional: notionalText(totals.notional, totals.incomplete, t),
          })}
        </Figure>
      </p>
      <p className="min-h-4 text-[12px] text-amber">
        {totals.stale && totals.ageMs !== null
          ? t('figures.stale', { age: duration(totals.ageMs) })
          : ''}
      </p>
      <p className="flex gap-4">
        <span>
          {t('figures.pnl')} <Figure stale={day.stale}>{percent(day.pnlRatio, 2)}</Figure>
        </span>
        <span>
          {t('figures.drawdown')} <Figure stale={day.stale}>{percent(day.drawdown, 2)}</Figure>
        </span>
      </p>
    </section>
  );
}

export function ModelLines({ view, now }: Props) {
  const t = useT();
  return (
    <section className="px-3 py-2">
      {Object.values(view.figures).map((one) => {
        const stale = isStale(view, one.lastItemAt, now);
        return (
          <div key={one.engine} className="mb-1 text-[12px]">
            <p className="truncate">
              <Hostile text={one.model ?? t('model.none')} max={32} />{' '}
              <span className="text-muted">
                <Hostile text={one.engine} max={24} />
              </span>
            </p>
            <p className="text-muted">
              {t('model.errors')} <Figure stale={stale}>{percent(errorRate(one))}</Figure>
              {'  '}p99{' '}
              <Figure stale={stale}>
                {one.p99LatencyMs === null ? NO_FIGURE : `${amount(one.p99LatencyMs, 0)} ms`}
              </Figure>
              {'  '}
              {t('model.streak')} <Figure stale={stale}>{one.lossStreak}</Figure>
            </p>
          </div>
        );
      })}
    </section>
  );
}
