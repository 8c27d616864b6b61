import type { EngineRecord } from '@shared/ops/state';
import type { Position } from '@shared/telemetry/types';
import type { DeskView, EngineFigures } from '@shared/view/desk';
import { type Column, DataTable } from '../components/DataTable';
import { Figure, Hostile } from '../components/ui';
import { modeOf } from '../desk/desk.state';
import { isStale } from '../desk/figures.state';
import { useT } from '../i18n';
import { amount, duration, NO_FIGURE, signed } from '../lib/format';

interface Props {
  readonly view: DeskView;
  readonly now: number;
}

export function EnginesTable({ view, now }: Props) {
  const t = useT();
  const figuresOf = ({ id }: EngineRecord) => view.figures[id];
  const modeFor = ({ id }: EngineRecord) => modeOf(view.ops, id);
  const isConfirmed = (engine: EngineRecord) => engine.confirmedMode === modeFor(engine);
  const figure = (engine: EngineRecord, text: string) => (
    <Figure stale={isStale(view, figuresOf(engine)?.equityAt ?? null, now)}>{text}</Figure>
  );
  const dayPnl = (engine: EngineRecord): number | null => {
    const { equity, dayStartEquity } = figuresOf(engine) ?? {};
    return equity == null || dayStartEquity == null ? null : equity - dayStartEquity;
  };
  const columns: readonly Column<EngineRecord>[] = [
    {
      key: 'engines.name',
      value: ({ name }) => name,
      cell: ({ name }) => <Hostile text={name} max={40} />,
    },
    {
      key: 'engines.env',
      value: ({ environment }) => environment,
      cell: ({ environment }) => t(`env.${environment}`),
    },
    {
      key: 'engines.mode',
      value: modeFor,
      cell: (engine) => t(`mode.${modeFor(engine)}`),
      className: (engine) => (modeFor(engine) === 'killed' ? 'text-red' : ''),
    },
    {
      key: 'engines.confirmed',
      value: (engine) => Number(isConfirmed(engine)),
      cell: (engine) => t(isConfirmed(engine) ? 'engines.yes' : 'engines.no'),
      className: (engine) => (isConfirmed(engine) ? '' : 'text-amber'),
    },
    {
      key: 'engines.link',
      value: ({ connected }) => Number(connected),
      cell: ({ connected }) => t(connected ? 'engines.connected' : 'engines.lost'),
      className: ({ connected }) => (connected ? '' : 'text-amber'),
    },
    {
      key: 'engines.equity',
      value: (engine) => figuresOf(engine)?.equity ?? null,
      cell: (engine) => (
        <>
          {figure(engine, amount(figuresOf(engine)?.equity))}{' '}
          <Hostile text={figuresOf(engine)?.currency ?? ''} max={8} />
        </>
      ),
    },
    {
      key: 'figures.pnl',
      value: dayPnl,
      cell: (engine) => figure(engine, signed(dayPnl(engine))),
    },
    {
      key: 'engines.rate',
      value: (engine) => figuresOf(engine)?.itemsPerSecond ?? null,
      cell: (engine) => figure(engine, amount(figuresOf(engine)?.itemsPerSecond, 0)),
    },
    {
      key: 'engines.missing',
      value: (engine) => figuresOf(engine)?.missing ?? null,
      cell: (engine) => figuresOf(engine)?.missing ?? NO_FIGURE,
      className: (engine) => (figuresOf(engine)?.missing ? 'text-amber' : ''),
    },
  ];
  return (
    <DataTable
      name="engines"
      title="engines.title"
      empty="engines.none"
      rows={Object.values(view.ops.engines)}
      rowKey={({ id }) => id}
      columns={columns}
    />
  );
}

interface Held {
  readonly figures: EngineFigures;
  readonly position: Position;
}

export function PositionsTable({ view, now }: Props) {
  const t = useT();
  const all = Object.values(view.figures);
  const known = all.length > 0 && all.every((one) => one.positions !== null);
  const rows = all.flatMap((figures): Held[] =>
    (figures.positions ?? []).map((position) => ({ figures, position })),
  );
  const figure = ({ figures }: Held, text: string) => (
    <Figure stale={isStale(view, figures.positionsAt, now)}>{text}</Figure>
  );
  const age = ({ figures }: Held): number | null =>
    figures.positionsAt === null ? null : now - figures.positionsAt;
  const columns: readonly Column<Held>[] = [
    {
      key: 'engines.name',
      value: ({ figures }) => figures.engine,
      cell: ({ figures }) => <Hostile text={figures.engine} max={32} />,
    },
    {
      key: 'positions.instrument',
      value: ({ position }) => position.instrument,
      cell: ({ position }) => <Hostile text={position.instrument} max={24} />,
    },
    {
      key: 'positions.side',
      value: ({ position }) => position.side,
      cell: ({ position }) => t(`side.${position.side}`),
    },
    {
      key: 'positions.quantity',
      value: ({ position }) => position.quantity,
      cell: (held) => figure(held, amount(held.position.quantity, 0)),
    },
    {
      key: 'positions.entry',
      value: ({ position }) => position.entryPrice,
      cell: (held) => figure(held, amount(held.position.entryPrice)),
    },
    {
      key: 'positions.mark',
      value: ({ position }) => position.markPrice,
      cell: (held) => figure(held, amount(held.position.markPrice)),
    },
    {
      key: 'positions.notional',
      value: ({ position }) => position.notional,
      cell: (held) => (
        <>
          {figure(held, amount(held.position.notional))}{' '}
          <Hostile text={held.position.currency} max={8} />
        </>
      ),
    },
    {
      key: 'positions.pnl',
      value: ({ position }) => position.unrealizedPnl,
      cell: (held) => figure(held, signed(held.position.unrealizedPnl)),
    },
    {
      key: 'positions.age',
      value: age,
      cell: (held) => {
        const ms = age(held);
        return figure(held, ms === null ? NO_FIGURE : duration(ms));
      },
    },
  ];
  return (
    <DataTable
      name="positions"
      title="positions.title"
      empty={known ? 'positions.none' : 'positions.unknown'}
      rows={rows}
      rowKey={({ figures, position }) => `${figures.engine}/${position.id}`}
      columns={columns}
    />
  );
}
