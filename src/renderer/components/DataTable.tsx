import clsx from 'clsx';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { type Order, readOrder, sorted, writeOrder } from '../desk/order.state';
import { useT } from '../i18n';
import type { Key } from '../i18n/es';

export interface Column<Row> {
  readonly key: Key;
  readonly cell: (row: Row) => ReactNode;
  /** What the column is ordered by; null comes last either way. */
  readonly value: (row: Row) => string | number | null;
  readonly className?: (row: Row) => string;
}

/** A dense table, ordered by any of its columns; the order is remembered by this window. */
export function DataTable<Row>(props: {
  readonly name: string;
  readonly title: Key;
  readonly empty: Key;
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
}) {
  const t = useT();
  const [order, setOrder] = useState<Order | null>(() => readOrder(localStorage, props.name));
  const column = props.columns.find(({ key }) => key === order?.column);
  const rows = column && order ? sorted(props.rows, column.value, order.down) : props.rows;

  function orderBy(key: Key): void {
    const next = { column: key, down: order?.column === key && !order.down };
    setOrder(next);
    writeOrder(localStorage, props.name, next);
  }

  return (
    <section>
      <h2 className="mb-1 text-[15px] font-semibold">{t(props.title)}</h2>
      <table className="w-full text-[12px]">
        <thead>
          <tr className="h-7 border-b border-line text-left text-muted">
            {props.columns.map(({ key }) => {
              const mine = order?.column === key;
              const Arrow = order?.down ? ArrowDown : ArrowUp;
              return (
                <th
                  key={key}
                  scope="col"
                  className="pr-2 font-normal"
                  aria-sort={mine ? (order.down ? 'descending' : 'ascending') : 'none'}
                >
                  <button
                    type="button"
                    className="flex items-center gap-1 text-left hover:text-text"
                    onClick={() => orderBy(key)}
                  >
                    {t(key)}
                    {/* Room for the mark is always there, so that nothing moves when it comes. */}
                    <span className="inline-block w-3">
                      {mine && <Arrow size={12} aria-hidden />}
                    </span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={props.rowKey(row)} className="h-7 border-b border-line">
              {props.columns.map(({ key, cell, className }) => (
                <td key={key} className={clsx('pr-2', className?.(row))}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p className="py-1 text-muted">{t(props.empty)}</p>}
    </section>
  );
}
