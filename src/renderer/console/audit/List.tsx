import { type Facet, marksOf } from '@shared/audit/facets';
import type { LogEvent } from '@shared/log/event';
import { timestamp } from '@shared/time';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { DrillMark } from '../../components/Severity';
import { Hostile } from '../../components/ui';
import { drillCommands, isOfDrill } from '../../desk/drill.state';
import { useT } from '../../i18n';
import { eventName } from '../../i18n/events';
import { useApp } from '../../lib/store';
import { useLanguage } from '../../lib/useSaid';
import type { AuditPages } from '../useAuditPages';

export type Event = NonNullable<ReturnType<AuditPages['at']>>;
const COLUMNS =
  'grid grid-cols-[64px_176px_168px_80px_80px_104px_minmax(80px,1fr)] items-center gap-2';
const ROW = 28;
const LEAP = 20;

interface Props {
  readonly pages: AuditPages;
  readonly picked: Event | null;
  readonly onPick: (event: Event) => void;
}

/** The rows, newest first; arrows, Page Up and Down, Home and End go through them. */
export function List({ pages, picked, onPick }: Props) {
  const t = useT();
  const language = useLanguage();
  const ops = useApp((state) => state.view?.ops);
  const drills = ops ? drillCommands(ops) : null;
  const box = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState(0);
  const wanted = useRef(false);
  const rows = useVirtualizer({
    count: pages.total,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
    // The line of names stands on the first row.
    scrollPaddingStart: ROW,
  });

  // A longer log puts rows before the one that is picked.
  const before = useRef(pages.total);
  useEffect(() => {
    const added = pages.total - before.current;
    before.current = pages.total;
    if (added > 0 && picked && pages.at(cursor + added)?.seq === picked.seq) {
      setCursor(cursor + added);
    }
  });

  // What is there still is of the question before.
  const searching = pages.state === 'searching';
  const here = searching ? null : pages.at(cursor);
  useEffect(() => {
    if (!wanted.current || !here) return;
    wanted.current = false;
    onPick(here);
    box.current?.querySelector<HTMLButtonElement>(`[data-row="${cursor}"]`)?.focus();
  });

  function go(event: KeyboardEvent): void {
    const last = pages.total - 1;
    const to: Readonly<Record<string, number>> = {
      ArrowDown: cursor + 1,
      ArrowUp: cursor - 1,
      PageDown: cursor + LEAP,
      PageUp: cursor - LEAP,
      Home: 0,
      End: last,
    };
    const next = to[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(last, next));
    wanted.current = true;
    setCursor(index);
    rows.scrollToIndex(index);
  }

  return (
    <div ref={box} className="overflow-auto border border-line text-[12px]">
      <div className={`${COLUMNS} sticky top-0 z-10 h-7 min-w-[800px] bg-surface px-2 text-muted`}>
        <span>{t('audit.seq')}</span>
        <span>{t('audit.time')}</span>
        <span>{t('audit.type')}</span>
        <span>{t('audit.actor')}</span>
        <span>{t('audit.role')}</span>
        <span>{t('audit.about')}</span>
        <span>{t('audit.reason')}</span>
      </div>
      {pages.total === 0 && pages.state === 'shown' && (
        <p className="p-2 text-muted">{t('audit.none')}</p>
      )}
      <div className="relative min-w-[800px]" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const event = pages.at(row.index);
          const mine = event !== null && picked?.seq === event.seq;
          return (
            <button
              key={row.index}
              type="button"
              // Not `disabled`: the place of whoever goes through them by keyboard is kept.
              aria-disabled={!event || searching}
              data-row={row.index}
              tabIndex={row.index === cursor ? 0 : -1}
              aria-pressed={mine}
              className={`${COLUMNS} absolute h-7 w-full border-b border-line px-2 text-left -outline-offset-2 aria-disabled:text-muted ${mine ? 'bg-raised' : ''}`}
              style={{ transform: `translateY(${row.start}px)` }}
              onKeyDown={go}
              onClick={() => {
                if (!event || searching) return;
                setCursor(row.index);
                onPick(event);
              }}
            >
              {event ? (
                <Cells
                  event={event}
                  name={eventName(event.type, language)}
                  drill={drills !== null && isOfDrill(event as LogEvent, drills)}
                />
              ) : (
                <span className="sr-only">{t('audit.searching')}</span>
              )}
            </button>
          );
        })}
      </div>
    </div>
  );
}

const ABOUT: ReadonlySet<Facet> = new Set(['model', 'engine', 'incident']);

/** The models, engines and incidents an event names. */
function about(event: Event): string {
  return marksOf(event as LogEvent)
    .filter(([facet]) => ABOUT.has(facet))
    .map(([, value]) => value)
    .join(' · ');
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
        <Hostile text={event.actor.role} max={24} />
      </span>
      <span className="truncate">
        <Hostile text={about(event)} max={60} />
      </span>
      <span className="truncate">
        <Hostile text={event.reason ?? ''} max={160} />
      </span>
    </>
  );
}
