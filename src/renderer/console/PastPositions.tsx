import type { Past, RecordedPositions } from '@shared/audit/view';
import type { Position } from '@shared/telemetry/types';
import { timestamp } from '@shared/time';
import { type Column, DataTable } from '../components/DataTable';
import { Hostile } from '../components/ui';
import { useT } from '../i18n';
import { amount, signed } from '../lib/format';

interface Row {
  readonly engine: string;
  readonly asOf: number;
  readonly position: Position;
}

const second = (at: number): string => timestamp(at).slice(0, 19);

/** What each engine held, as the log last had it: read-backs with their time, and what was lost. */
export function PastPositions({ past }: { past: Past }) {
  const t = useT();
  const rows = past.positions.flatMap(({ engine, readBack }) =>
    (readBack?.positions ?? []).map(
      (position): Row => ({ engine, asOf: readBack?.asOf ?? 0, position }),
    ),
  );
  const known = past.positions.length > 0 && past.positions.every(({ readBack }) => readBack);
  const columns: readonly Column<Row>[] = [
    {
      key: 'engines.name',
      value: ({ engine }) => engine,
      cell: ({ engine }) => <Hostile text={engine} max={32} />,
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
      cell: ({ position }) => <span className="figure">{amount(position.quantity, 0)}</span>,
    },
    {
      key: 'positions.notional',
      value: ({ position }) => position.notional,
      cell: ({ position }) => (
        <>
          <span className="figure">{amount(position.notional)}</span>{' '}
          <Hostile text={position.currency} max={8} />
        </>
      ),
    },
    {
      key: 'positions.pnl',
      value: ({ position }) => position.unrealizedPnl,
      cell: ({ position }) => <span className="figure">{signed(position.unrealizedPnl)}</span>,
    },
    {
      key: 'past.asOf',
      value: ({ asOf }) => asOf,
      cell: ({ asOf }) => <span className="figure">{second(asOf)}</span>,
    },
  ];
  return (
    <div>
      <DataTable
        name="past-positions"
        title="past.positions"
        empty={known ? 'positions.none' : 'past.positionsUnknown'}
        rows={rows}
        rowKey={({ engine, position }) => `${engine}/${position.id}`}
        columns={columns}
      />
      <ul className="mt-1 text-[12px] text-muted">
        {past.positions.map((one) => (
          <Source key={one.engine} of={one} />
        ))}
      </ul>
    </div>
  );
}

/** Where an engine's rows, or their absence, come from. */
function Source({ of: { engine, readBack, lost } }: { of: RecordedPositions }) {
  const t = useT();
  const read = readBack
    ? t('past.readBack', {
        engine,
        time: second(readBack.asOf),
        positions: readBack.positions.length,
        orders: readBack.workingOrders.length,
      })
    : t('past.noReadBack', { engine });
  return (
    <li>
      <Hostile text={read} max={160} />
      {lost && (
        <span className="text-amber">
          {' · '}
          {lost.positions === null
            ? t('past.lostUnknown', { time: second(lost.at) })
            : t('past.lostWith', { time: second(lost.at), count: lost.positions })}
        </span>
      )}
    </li>
  );
}
