import type { DeskView } from '@shared/view/desk';
import type { ReactNode } from 'react';
import { Figure, Hostile } from '../components/ui';
import { modeOf } from '../desk/desk.state';
import { isStale } from '../desk/figures.state';
import { useT } from '../i18n';
import type { Key } from '../i18n/es';
import { amount, duration, NO_FIGURE, signed } from '../lib/format';

interface Props {
  readonly view: DeskView;
  readonly now: number;
}

function Table(props: { title: Key; columns: readonly Key[]; empty: Key; children: ReactNode[] }) {
  const t = useT();
  return (
    <section>
      <h2 className="mb-1 text-[15px] font-semibold">{t(props.title)}</h2>
      <table className="w-full text-[12px]">
        <thead>
          <tr className="h-7 border-b border-line text-left text-muted">
            {props.columns.map((column) => (
              <th key={column} scope="col" className="pr-2 font-normal">
                {t(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
      {props.children.length === 0 && <p className="py-1 text-muted">{t(props.empty)}</p>}
    </section>
  );
}

const ROW = 'h-7 border-b border-line';

export function EnginesTable({ view, now }: Props) {
  const t = useT();
  return (
    <Table
      title="engines.title"
      empty="engines.none"
      columns={[
        'engines.name',
        'engines.env',
        'engines.mode',
        'engines.confirmed',
        'engines.link',
        'engines.equity',
        'figures.pnl',
        'engines.rate',
        'engines.missing',
      ]}
    >
      {Object.values(view.ops.engines).map((engine) => {
        const figures = view.figures[engine.id];
        const mode = modeOf(view.ops, engine.id);
        const stale = isStale(view, figures?.equityAt ?? null, now);
        const confirmed = engine.confirmedMode === mode;
        const pnl =
          figures && figures.equity !== null && figures.dayStartEquity !== null
            ? figures.equity - figures.dayStartEquity
            : null;
        return (
          <tr key={engine.id} className={ROW}>
            <td>
              <Hostile text={engine.name} max={40} />
            </td>
            <td>{t(`env.${engine.environment}`)}</td>
            <td className={mode === 'killed' ? 'text-red' : ''}>{t(`mode.${mode}`)}</td>
            <td className={confirmed ? '' : 'text-amber'}>
              {t(confirmed ? 'engines.yes' : 'engines.no')}
            </td>
            <td className={engine.connected ? '' : 'text-amber'}>
              {t(engine.connected ? 'engines.connected' : 'engines.lost')}
            </td>
            <td>
              <Figure stale={stale}>{amount(figures?.equity)}</Figure>{' '}
              {figures?.currency && <Hostile text={figures.currency} max={8} />}
            </td>
            <td>
              <Figure stale={stale}>{signed(pnl)}</Figure>
            </td>
            <td>
              <Figure stale={stale}>{amount(figures?.itemsPerSecond, 0)}</Figure>
            </td>
            <td className={figures?.missing ? 'text-amber' : ''}>
              {figures?.missing ?? NO_FIGURE}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

export function PositionsTable({ view, now }: Props) {
  const t = useT();
  const all = Object.values(view.figures);
  const known = all.length > 0 && all.every((one) => one.positions !== null);
  return (
    <Table
      title="positions.title"
      empty={known ? 'positions.none' : 'positions.unknown'}
      columns={[
        'engines.name',
        'positions.instrument',
        'positions.side',
        'positions.quantity',
        'positions.entry',
        'positions.mark',
        'positions.notional',
        'positions.pnl',
        'positions.age',
      ]}
    >
      {all.flatMap((figures) =>
        (figures.positions ?? []).map((one) => {
          const stale = isStale(view, figures.positionsAt, now);
          const figure = (text: string) => <Figure stale={stale}>{text}</Figure>;
          return (
            <tr key={`${figures.engine}/${one.id}`} className={ROW}>
              <td>
                <Hostile text={figures.engine} max={32} />
              </td>
              <td>
                <Hostile text={one.instrument} max={24} />
              </td>
              <td>{t(`side.${one.side}`)}</td>
              <td>{figure(amount(one.quantity, 0))}</td>
              <td>{figure(amount(one.entryPrice))}</td>
              <td>{figure(amount(one.markPrice))}</td>
              <td>
                {figure(amount(one.notional))} <Hostile text={one.currency} max={8} />
              </td>
              <td>{figure(signed(one.unrealizedPnl))}</td>
              <td>
                {figure(
                  figures.positionsAt === null ? NO_FIGURE : duration(now - figures.positionsAt),
                )}
              </td>
            </tr>
          );
        }),
      )}
    </Table>
  );
}
