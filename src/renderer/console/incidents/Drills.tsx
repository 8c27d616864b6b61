import type { Drill } from '@shared/incidents/state';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useCallback, useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { DrillMark } from '../../components/Severity';
import { Standing } from '../../components/Standing';
import { Hostile, INPUT } from '../../components/ui';
import { whyNoDrill } from '../../desk/drill.state';
import { whyNot } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { amount, NO_FIGURE } from '../../lib/format';
import { useIncidentCommand } from '../../lib/useCommand';
import { MayButton, Why } from './parts';

/** Rehearsals of the kill on paper engines: hold one, and how fast those before it were. */
export function Drills({ view }: { view: DeskView }) {
  const t = useT();
  const ms = (value: number | null | undefined) => (
    <span className="figure">{value == null ? NO_FIGURE : `${amount(value, 0)} ms`}</span>
  );
  const columns: readonly Column<Drill>[] = [
    {
      key: 'drill.when',
      value: ({ started }) => started.at,
      cell: ({ started }) => (
        <span className="flex items-center gap-2">
          <DrillMark />
          <span className="figure whitespace-nowrap">{timestamp(started.at).slice(0, 19)}</span>
        </span>
      ),
    },
    {
      key: 'drill.engines',
      value: ({ engines }) => engines.join(', '),
      cell: ({ engines }) => <Hostile text={engines.join(', ')} max={48} />,
    },
    {
      key: 'drill.by',
      value: ({ started }) => started.by.id,
      cell: ({ started, origin }) => (
        <>
          <Hostile text={started.by.id} max={24} />{' '}
          <span className="text-muted">{t(`drill.${origin}`)}</span>
        </>
      ),
    },
    {
      key: 'drill.press',
      value: ({ finished, pressMs }) => finished?.pressMs ?? pressMs,
      cell: ({ finished, pressMs }) => ms(finished?.pressMs ?? pressMs),
    },
    {
      key: 'drill.blocked',
      value: ({ finished }) => finished?.blockedMs ?? null,
      cell: ({ finished }) => ms(finished?.blockedMs),
    },
    {
      key: 'drill.flat',
      value: ({ finished }) => finished?.flatMs ?? null,
      cell: ({ finished }) => ms(finished?.flatMs),
    },
    {
      key: 'drill.outcome',
      value: ({ finished }) => finished?.outcome ?? null,
      cell: ({ finished }) => (
        <>
          {t(finished ? `drill.outcome.${finished.outcome}` : 'drill.running')}{' '}
          <span className="text-muted">
            <Hostile text={finished?.detail ?? ''} max={120} />
          </span>
        </>
      ),
      className: ({ finished }) =>
        finished && finished.outcome !== 'flat' ? 'font-semibold text-amber' : '',
    },
    {
      key: 'drill.reason',
      value: ({ reason }) => reason,
      cell: ({ reason }) => <Hostile text={reason ?? NO_FIGURE} max={80} />,
    },
  ];
  return (
    <div className="space-y-4">
      <Start view={view} />
      <DataTable
        name="drills"
        title="drill.title"
        empty="drill.none"
        rows={view.ops.incidents.drills}
        rowKey={({ id }) => id}
        columns={columns}
      />
    </div>
  );
}

function Start({ view }: { view: DeskView }) {
  const t = useT();
  const [reason, setReason] = useState('');
  const [left, setLeft] = useState<readonly string[]>([]);
  const clear = useCallback(() => setReason(''), []);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const why = whyNot(view, view.incidentsPolicy.permissions.drill);
  const engines = Object.values(view.ops.engines);
  const chosen = engines.map(({ id }) => id).filter((id) => !left.includes(id));
  const hindrance = whyNoDrill(view.ops, chosen);
  const ready = !busy && hindrance === null && reason.trim() !== '';
  return (
    <form
      className="hatched space-y-2 rounded-md p-3"
      aria-label={t('drill.start')}
      onSubmit={(event) => {
        event.preventDefault();
        const params = { engines: chosen, reason: reason.trim() };
        if (ready) void give({ name: 'drill.kill', params });
      }}
    >
      <h2 className="text-[15px] font-semibold">{t('drill.start')}</h2>
      <div className="space-y-2 rounded-md bg-bg p-2 text-text">
        <p className="text-[12px]">
          {t(view.incidentsPolicy.drills.resume === 'auto' ? 'drill.whatAuto' : 'drill.what')}
        </p>
        <fieldset className="flex flex-wrap gap-3 text-[12px]">
          <legend className="sr-only">{t('drill.engines')}</legend>
          {engines.map(({ id, name, environment }) => (
            <label key={id} className="flex items-center gap-1">
              <input
                type="checkbox"
                checked={!left.includes(id)}
                onChange={(event) =>
                  setLeft(event.target.checked ? left.filter((one) => one !== id) : [...left, id])
                }
              />
              <Hostile text={name} max={32} />{' '}
              <span className="text-muted">{t(`env.${environment}`)}</span>
            </label>
          ))}
        </fieldset>
        <div className="flex gap-2">
          <input
            className={INPUT}
            aria-label={t('drill.reason')}
            placeholder={t('drill.reason')}
            maxLength={4_000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <MayButton why={why} ready={ready} submit>
            {t('drill.go')}
          </MayButton>
        </div>
        <Why why={why} />
        {hindrance && <p className="text-[12px] text-amber">{t(hindrance)}</p>}
        <Standing standing={standing} />
      </div>
    </form>
  );
}
