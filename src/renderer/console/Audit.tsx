import type { AuditFilter, AuditPage } from '@shared/ipc/contract';
import { timeOfDay, timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState } from 'react';
import { DrillMark } from '../components/Severity';
import { Hostile, INPUT } from '../components/ui';
import { drillCommands, isOfDrill } from '../desk/drill.state';
import { useT } from '../i18n';
import { eventName } from '../i18n/events';
import { amount } from '../lib/format';
import { useApp } from '../lib/store';
import { useAuditPages } from './useAuditPages';

type Event = AuditPage['events'][number];
const COLUMNS = 'grid grid-cols-[72px_190px_260px_120px_1fr] items-center gap-2';
const DETAIL_MAX = 20_000;

/** The mirror's log, newest first. It needs no link: it reads this terminal's own disk. */
export function Audit({ view }: { view: DeskView }) {
  const t = useT();
  const language = useApp((state) => state.settings?.language ?? 'es');
  const [filter, setFilter] = useState<AuditFilter>({ types: [], actor: null, text: null });
  const [picked, setPicked] = useState<Event | null>(null);
  const pages = useAuditPages(filter);
  const drills = drillCommands(view.ops);
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: pages.total,
    getScrollElement: () => box.current,
    estimateSize: () => 28,
    overscan: 12,
  });
  const choose = (
    label: string,
    value: string,
    options: readonly string[],
    set: (v: string) => void,
    nameOf = (option: string): string => option,
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
      {options.map((option) => (
        <option key={option} value={option}>
          {nameOf(option)}
        </option>
      ))}
    </select>
  );
  return (
    <div className="flex h-full flex-col gap-2">
      {view.link.state !== 'live' && (
        <p role="status" className="border-l-4 border-amber px-2 text-amber">
          {t('audit.offline', { time: timeOfDay(view.link.since), seq: view.mirror.seq })}
        </p>
      )}
      <search className="grid grid-cols-[200px_200px_1fr_auto] items-center gap-2">
        {choose(
          t('audit.type'),
          filter.types[0] ?? '',
          pages.types,
          (type) => setFilter({ ...filter, types: type ? [type] : [] }),
          (type) => eventName(type, language),
        )}
        {choose(t('audit.actor'), filter.actor ?? '', pages.actors, (actor) =>
          setFilter({ ...filter, actor: actor || null }),
        )}
        <input
          className={INPUT}
          aria-label={t('audit.text')}
          placeholder={t('audit.text')}
          maxLength={256}
          value={filter.text ?? ''}
          onChange={(event) => setFilter({ ...filter, text: event.target.value || null })}
        />
        <span className="figure text-[12px] text-muted">
          {t('audit.found', { total: pages.total, ms: amount(pages.tookMs, 1) })}
        </span>
      </search>
      <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)_380px] gap-3">
        <div ref={box} className="overflow-auto border border-line text-[12px]">
          <div className={`${COLUMNS} sticky top-0 z-10 h-7 bg-surface px-2 text-muted`}>
            <span>{t('audit.seq')}</span>
            <span>{t('audit.time')}</span>
            <span>{t('audit.type')}</span>
            <span>{t('audit.actor')}</span>
            <span>{t('audit.reason')}</span>
          </div>
          {pages.total === 0 && <p className="p-2 text-muted">{t('audit.none')}</p>}
          <div className="relative" style={{ height: rows.getTotalSize() }}>
            {rows.getVirtualItems().map((row) => {
              const event = pages.at(row.index);
              return (
                <button
                  key={row.index}
                  type="button"
                  disabled={!event}
                  aria-pressed={event !== null && picked?.seq === event.seq}
                  className={`${COLUMNS} absolute h-7 w-full border-b border-line px-2 text-left ${event && picked?.seq === event.seq ? 'bg-raised' : ''}`}
                  style={{ transform: `translateY(${row.start}px)` }}
                  onClick={() => setPicked(event)}
                >
                  {event && (
                    <Cells
                      event={event}
                      name={eventName(event.type, language)}
                      drill={isOfDrill(event, drills)}
                    />
                  )}
                </button>
              );
            })}
          </div>
        </div>
        <section aria-label={t('audit.detail')} className="overflow-auto border border-line p-2">
          {picked ? (
            <pre className="figure text-[12px] break-all whitespace-pre-wrap select-text">
              <bdi>{JSON.stringify(picked, null, 2).slice(0, DETAIL_MAX)}</bdi>
            </pre>
          ) : (
            <p className="text-muted">{t('audit.pick')}</p>
          )}
        </section>
      </div>
    </div>
  );
}

function Cells({ event, name, drill }: { event: Event; name: string; drill: boolean }) {
  return (
    <>
      <span className="figure">{event.seq}</span>
      <span className="figure">{timestamp(event.ts)}</span>
      <span className="truncate" title={event.type}>
        {drill && (
          <>
            <DrillMark />{' '}
          </>
        )}
        <Hostile text={name} max={40} />
      </span>
      <span className="truncate">
        <Hostile text={event.actor.id} max={32} />
      </span>
      <span className="truncate">
        <Hostile text={event.reason ?? ''} max={160} />
      </span>
    </>
  );
}
