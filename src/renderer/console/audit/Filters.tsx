import {
  type AuditFilter,
  type AuditSource,
  type FacetValues,
  NO_FILTER,
} from '@shared/audit/query';
import { useEffect, useState } from 'react';
import { Instant } from '../../components/Instant';
import { Button, INPUT } from '../../components/ui';
import { forgetFilter, keepFilter, readFilters } from '../../desk/filters.state';
import { useT } from '../../i18n';
import { clip } from '../../lib/format';
import { onGrowth } from './onGrowth';
import { Types } from './Types';

const SINGLE = ['actor', 'role', 'model', 'engine', 'incident'] as const;

interface Props {
  readonly source: AuditSource;
  readonly filter: AuditFilter;
  readonly onChange: (filter: AuditFilter) => void;
}

/** What the record is looked through by. */
export function Filters({ source, filter, onChange }: Props) {
  const t = useT();
  const values = useValues(source);
  const choose = (
    label: string,
    value: string,
    options: readonly string[],
    set: (value: string) => void,
  ) => (
    <select
      className={INPUT}
      aria-label={label}
      value={value}
      onChange={(e) => set(e.target.value)}
    >
      <option value="">
        {label}: {t('audit.any')}
      </option>
      {/* A value that was chosen stays to be seen, even where the record has it no longer. */}
      {[...new Set([...options, ...(value === '' ? [] : [value])])].map((option) => (
        <option key={option} value={option}>
          {clip(option, 40)}
        </option>
      ))}
    </select>
  );
  return (
    <search className="space-y-2">
      <div className="grid grid-cols-6 gap-2">
        <Types
          chosen={filter.types}
          known={values?.type ?? []}
          onChange={(types) => onChange({ ...filter, types })}
        />
        {SINGLE.map((facet) => (
          <div key={facet}>
            {choose(t(`audit.${facet}`), filter[facet] ?? '', values?.[facet] ?? [], (value) =>
              onChange({ ...filter, [facet]: value || null }),
            )}
          </div>
        ))}
      </div>
      <div className="grid grid-cols-[minmax(160px,1fr)_170px_170px_auto_auto] items-center gap-2">
        <input
          className={INPUT}
          aria-label={t('audit.text')}
          placeholder={t('audit.text')}
          maxLength={256}
          value={filter.text ?? ''}
          onChange={(event) => onChange({ ...filter, text: event.target.value || null })}
        />
        <Instant
          label={t('audit.from')}
          edge="start"
          value={filter.from}
          onChange={(from) => onChange({ ...filter, from })}
        />
        <Instant
          label={t('audit.to')}
          edge="end"
          value={filter.to}
          onChange={(to) => onChange({ ...filter, to })}
        />
        <Button browse className="whitespace-nowrap" onClick={() => onChange(NO_FILTER)}>
          {t('audit.clear')}
        </Button>
        <Saved filter={filter} onChange={onChange} />
      </div>
      {filter.command !== null && (
        <p className="text-[12px]">
          {t('audit.command')} <span className="figure">{clip(filter.command, 64)}</span>
        </p>
      )}
    </search>
  );
}

function Saved(props: Pick<Props, 'filter' | 'onChange'>) {
  const t = useT();
  const [saved, setSaved] = useState(() => readFilters(localStorage));
  const [name, setName] = useState('');
  const known = saved.find((one) => one.name === name.trim());
  return (
    <div className="flex items-center gap-2">
      <input
        className={`${INPUT} w-40`}
        list="audit-filters"
        aria-label={t('audit.saved')}
        placeholder={t('audit.filterName')}
        maxLength={64}
        value={name}
        onChange={(event) => {
          setName(event.target.value);
          const one = saved.find((filter) => filter.name === event.target.value);
          if (one) props.onChange(one.filter);
        }}
      />
      <datalist id="audit-filters">
        {saved.map((one) => (
          <option key={one.name} value={one.name} />
        ))}
      </datalist>
      <Button
        browse
        className="whitespace-nowrap"
        disabled={name.trim() === ''}
        onClick={() => setSaved(keepFilter(localStorage, name.trim(), props.filter))}
      >
        {t('audit.save')}
      </Button>
      {known && (
        <Button
          browse
          onClick={() => {
            setSaved(forgetFilter(localStorage, known.name));
            setName('');
          }}
        >
          {t('audit.forget')}
        </Button>
      )}
    </div>
  );
}

/** What there is to choose, asked for again as the record grows. */
function useValues(source: AuditSource): FacetValues | null {
  const [values, setValues] = useState<FacetValues | null>(null);
  useEffect(() => {
    let current = true;
    const ask = (): void => {
      void window.vigia.call('audit.values', { source }).then((answer) => {
        if (current && answer.ok) setValues(answer.value);
      });
    };
    ask();
    const leave = onGrowth(ask);
    return () => {
      current = false;
      leave();
    };
  }, [source]);
  return values;
}
