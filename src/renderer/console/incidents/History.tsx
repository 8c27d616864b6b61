import { incidentCauseSchema, incidentStateSchema } from '@shared/incidents/events';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { IncidentTitle } from '../../components/IncidentTitle';
import { SeverityMark } from '../../components/Severity';
import { INPUT } from '../../components/ui';
import {
  type AnyIncident,
  type HistoryFilter,
  historyOf,
  NO_FILTER,
} from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { duration, NO_FIGURE } from '../../lib/format';

const SEVERITIES = ['P0', 'P1', 'P2', 'P3'] as const;
const PERIODS = [7, 30, 90, 365] as const;

/** Every incident that is known, by severity, state, cause, words and time. */
export function History(props: {
  readonly view: DeskView;
  readonly now: number;
  readonly shown: string | null;
  readonly onShow: (id: string) => void;
}) {
  const t = useT();
  const [filter, setFilter] = useState<HistoryFilter>(NO_FILTER);
  const rows = historyOf(props.view, filter, props.now);
  const columns: readonly Column<AnyIncident>[] = [
    {
      key: 'incidents.title',
      value: ({ number }) => number,
      cell: (one) => (
        <button
          type="button"
          aria-pressed={props.shown === one.id}
          className={`text-left ${props.shown === one.id ? 'text-blue' : 'hover:text-blue'}`}
          onClick={() => props.onShow(one.id)}
        >
          <IncidentTitle incident={one} max={48} />
        </button>
      ),
    },
    {
      key: 'incidents.severity',
      value: ({ severity }) => severity,
      cell: ({ severity }) => <SeverityMark severity={severity} short />,
    },
    {
      key: 'incidents.stage',
      value: ({ stage }) => incidentStateSchema.options.indexOf(stage),
      cell: ({ stage }) => t(`incident.${stage}`),
    },
    {
      key: 'incidents.opened',
      value: ({ opened }) => opened.at,
      cell: ({ opened }) => (
        <span className="figure whitespace-nowrap">{timestamp(opened.at).slice(5, 16)}</span>
      ),
    },
    {
      key: 'incidents.lasted',
      value: ({ opened, resolved }) => (resolved ? resolved.at - opened.at : null),
      cell: ({ opened, resolved }) => (
        <span className="figure whitespace-nowrap">
          {resolved ? duration(resolved.at - opened.at) : NO_FIGURE}
        </span>
      ),
    },
  ];
  return (
    <div>
      <Filters filter={filter} onChange={setFilter} />
      <DataTable
        name="incidents"
        title="incidents.history"
        empty="incidents.noneFits"
        rows={rows}
        rowKey={({ id }) => id}
        columns={columns}
      />
    </div>
  );
}

function Filters(props: {
  readonly filter: HistoryFilter;
  readonly onChange: (filter: HistoryFilter) => void;
}) {
  const t = useT();
  const { filter } = props;
  const set = (change: Partial<HistoryFilter>) => props.onChange({ ...filter, ...change });
  const pick = (
    label: string,
    value: string,
    options: readonly (readonly [value: string, word: string])[],
    choose: (value: string) => void,
  ) => (
    <select
      className={INPUT}
      aria-label={label}
      value={value}
      onChange={(event) => choose(event.target.value)}
    >
      <option value="">{`${label}: ${t('audit.any')}`}</option>
      {options.map(([option, word]) => (
        <option key={option} value={option}>
          {word}
        </option>
      ))}
    </select>
  );
  return (
    <search aria-label={t('incidents.filters')} className="mb-2 grid grid-cols-2 gap-1 text-[12px]">
      {pick(
        t('incidents.severity'),
        filter.severity,
        SEVERITIES.map((one) => [one, one]),
        (severity) => set({ severity: severity as HistoryFilter['severity'] }),
      )}
      {pick(
        t('incidents.stage'),
        filter.stage,
        incidentStateSchema.options.map((one) => [one, t(`incident.${one}`)]),
        (stage) => set({ stage: stage as HistoryFilter['stage'] }),
      )}
      {pick(
        t('incidents.cause'),
        filter.cause,
        incidentCauseSchema.options.map((one) => [one, t(`cause.${one}`)]),
        (cause) => set({ cause: cause as HistoryFilter['cause'] }),
      )}
      {pick(
        t('incidents.period'),
        filter.days === null ? '' : String(filter.days),
        PERIODS.map((days) => [String(days), t('incidents.days', { days })]),
        (days) => set({ days: days === '' ? null : Number(days) }),
      )}
      <input
        className={`${INPUT} col-span-2`}
        aria-label={t('incidents.text')}
        placeholder={t('incidents.text')}
        maxLength={256}
        value={filter.text}
        onChange={(event) => set({ text: event.target.value })}
      />
    </search>
  );
}
