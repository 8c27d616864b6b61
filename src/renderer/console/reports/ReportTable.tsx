import type { KeptReport } from '@shared/reports/kept';
import type { MadeReport } from '@shared/reports/state';
import { timestamp } from '@shared/time';
import { type Column, DataTable } from '../../components/DataTable';
import { Hostile } from '../../components/ui';
import { type ReportRow, reportRows } from '../../desk/reports.state';
import { type Translate, useT } from '../../i18n';

const minute = (at: number): string => timestamp(at).slice(0, 16);

function deliveryText({ made }: ReportRow, t: Translate): string {
  if (!made || made.by === 'person') return '—';
  const { delivered } = made;
  if (!delivered) return t('reports.delivery.waiting');
  const { outcome, recipients: count, pdf } = delivered;
  if (outcome !== 'sent') return t(`reports.delivery.${outcome}`);
  return t(pdf ? 'reports.delivery.sentPdf' : 'reports.delivery.sent', { count });
}

/** Every report the log knows, and those that are here alone. */
export function ReportTable(props: {
  readonly made: readonly MadeReport[];
  readonly kept: readonly KeptReport[];
  readonly shown: string | null;
  readonly onOpen: (id: string) => void;
}) {
  const t = useT();
  const columns: readonly Column<ReportRow>[] = [
    {
      key: 'reports.at',
      value: ({ at }) => at,
      cell: (row) => (
        <button
          type="button"
          aria-pressed={props.shown === row.id}
          className={`figure whitespace-nowrap ${props.shown === row.id ? 'text-blue' : 'hover:text-blue'}`}
          title={t('reports.open')}
          onClick={() => props.onOpen(row.id)}
        >
          {minute(row.at).slice(5)}
        </button>
      ),
    },
    {
      key: 'reports.kind',
      value: ({ kind }) => kind,
      cell: ({ kind }) => t(`reports.kind.${kind}`),
    },
    {
      key: 'reports.period',
      value: ({ from }) => from,
      cell: ({ from, to }) => (
        <span className="figure whitespace-nowrap">
          {minute(from).slice(5)} → {minute(to).slice(5)}
        </span>
      ),
    },
    {
      key: 'reports.range',
      value: ({ toSeq }) => toSeq,
      cell: ({ fromSeq, toSeq }) => (
        <span className="figure">{toSeq < fromSeq ? '—' : `${fromSeq}–${toSeq}`}</span>
      ),
    },
    {
      key: 'reports.by',
      value: ({ made }) => made?.schedule ?? made?.actor.id ?? null,
      cell: ({ made }) =>
        made?.schedule ? (
          <Hostile text={t('reports.bySchedule', { name: made.schedule })} max={32} />
        ) : (
          <Hostile text={made?.actor.id ?? '—'} max={24} />
        ),
    },
    {
      key: 'reports.place',
      value: ({ here }) => (here ? 1 : 0),
      cell: ({ made, here }) =>
        made === null ? t('reports.unrecorded') : t(here ? 'reports.here' : 'reports.elsewhere'),
      className: ({ made }) => (made === null ? 'text-amber' : ''),
    },
    {
      key: 'reports.delivery',
      value: ({ made }) => made?.delivered?.outcome ?? null,
      cell: (row) => deliveryText(row, t),
      className: ({ made }) =>
        made?.delivered && made.delivered.outcome !== 'sent' ? 'text-amber' : '',
    },
  ];
  return (
    <DataTable
      name="reports"
      title="reports.title"
      empty="reports.empty"
      rows={reportRows(props.made, props.kept)}
      rowKey={({ id }) => id}
      columns={columns}
    />
  );
}
