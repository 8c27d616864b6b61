import type { AuditPage } from '@shared/audit/query';
import { timeOfDay } from '@shared/time';
import { useEffect, useState } from 'react';
import { DrillMark } from '../components/Severity';
import { Hostile } from '../components/ui';
import { drillCommands, isOfDrill } from '../desk/drill.state';
import { useT } from '../i18n';
import { eventName } from '../i18n/events';
import { useApp } from '../lib/store';
import { useLanguage } from '../lib/useSaid';

const SHOWN = 14;
const NO_DRILLS: ReadonlySet<string> = new Set();

export function LatestEvents() {
  const t = useT();
  const language = useLanguage();
  const view = useApp((state) => state.view);
  const drills = view ? drillCommands(view.ops) : NO_DRILLS;
  const grown = useApp((state) => state.auditSeq);
  const past = useApp((state) => state.past);
  const source = useApp((state) => (state.past ? state.pastSource : 'own'));
  const [events, setEvents] = useState<AuditPage['events']>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a longer log is what to ask again for.
  useEffect(() => {
    let current = true;
    const ask = async (offset: number) => {
      const args = { source, filter: {}, offset, limit: SHOWN };
      const page = await window.vigia.call('audit.page', args);
      return current && page.ok ? page.value : null;
    };
    void (async () => {
      const newest = await ask(0);
      // Without a filter a place in the list is a distance from the end.
      const shown = newest && past ? await ask(Math.max(0, newest.headSeq - past.seq)) : newest;
      if (shown) setEvents(shown.events);
    })();
    return () => {
      current = false;
    };
  }, [grown, past, source]);
  return (
    <section className="mt-3">
      <h2 className="mb-1 text-[15px] font-semibold">{t('events.title')}</h2>
      <ul className="text-[12px]">
        {events.map((event) => (
          <li key={event.seq} className="flex h-7 items-center gap-2 border-b border-line">
            <span className="figure text-muted">{timeOfDay(event.ts)}</span>
            {isOfDrill(event, drills) && <DrillMark />}
            <span className="min-w-0 flex-1 truncate">
              <Hostile text={eventName(event.type, language)} max={40} />
            </span>
            <span className="max-w-24 truncate text-muted">
              <Hostile text={event.actor.id} max={24} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
