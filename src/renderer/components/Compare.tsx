import type { Metrics } from '@shared/models/model';
import { useT } from '../i18n';
import { amount, NO_FIGURE, percent } from '../lib/format';

const ROWS = ['sharpe', 'winRate', 'maxDrawdown', 'trades'] as const;
type Row = (typeof ROWS)[number];

/** A figure as it is read. */
export function metricText(row: Row, value: number | null | undefined): string {
  if (value == null) return NO_FIGURE;
  if (row === 'sharpe') return amount(value);
  return row === 'trades' ? amount(value, 0) : percent(value);
}

/** Two models' figures side by side, each pair drawn to one scale. */
export function Compare(props: {
  readonly left: Metrics | null;
  readonly right: Metrics | null;
  readonly leftName: string;
  readonly rightName: string;
}) {
  const t = useT();
  return (
    <table className="w-full table-fixed text-[12px]">
      <thead>
        <tr className="text-left text-muted">
          <th scope="col" className="w-[30%] font-normal">
            {t('models.figure')}
          </th>
          <th scope="col" className="truncate font-normal">
            {props.leftName}
          </th>
          <th scope="col" className="truncate font-normal">
            {props.rightName}
          </th>
        </tr>
      </thead>
      <tbody>
        {ROWS.map((row) => {
          const pair = [props.left?.[row] ?? null, props.right?.[row] ?? null] as const;
          const scale = Math.max(...pair.map((value) => Math.abs(value ?? 0)));
          return (
            <tr key={row} className="h-9 border-t border-line align-middle">
              <th scope="row" className="text-left font-normal">
                {t(`models.${row}`)}
              </th>
              {pair.map((value, side) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the two sides are their places.
                <td key={side} className="pr-2">
                  <span className="figure">{metricText(row, value)}</span>
                  <Bar share={scale === 0 ? 0 : Math.abs(value ?? 0) / scale} />
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Bar({ share }: { share: number }) {
  return (
    <span aria-hidden className="mt-0.5 block h-1 bg-raised">
      <span className="block h-1 bg-muted" style={{ width: `${share * 100}%` }} />
    </span>
  );
}
