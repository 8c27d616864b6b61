import { marksOf } from '@shared/audit/facets';
import type { AuditSource } from '@shared/audit/query';
import { canonicalJson } from '@shared/log/canonical';
import type { LogEvent } from '@shared/log/event';
import { timestamp } from '@shared/time';
import { useEffect, useState } from 'react';
import { toast } from 'sonner';
import { Button, Hostile } from '../../components/ui';
import { useT } from '../../i18n';
import { eventName } from '../../i18n/events';
import { call } from '../../lib/call';
import { useGoToPast } from '../../lib/useGoToPast';
import { useLanguage } from '../../lib/useSaid';
import type { Event } from './List';
import { onGrowth } from './onGrowth';

const TEXT_MAX = 20_000;
const STORY_SHOWN = 200;

interface Props {
  readonly source: AuditSource;
  readonly event: Event | null;
  readonly onPick: (event: Event) => void;
  readonly onStory: (command: string) => void;
  /** Shows a model in the lineage; null where there is no such view. */
  readonly onLineage: ((model: string) => void) | null;
}

/** One event as it was sealed, and everything else that its command led to. */
export function Detail({ source, event, onPick, onStory, onLineage }: Props) {
  const t = useT();
  const enterPast = useGoToPast();
  const language = useLanguage();
  if (!event) return <p className="text-muted">{t('audit.pick')}</p>;
  // The contract's events are those of the log, with types that a page may not change anyway.
  const canonical = canonicalJson(event as LogEvent);
  const model = marksOf(event as LogEvent).find(([facet]) => facet === 'model')?.[1];
  const copy = async (): Promise<void> => {
    if ((await call('audit.copy', { text: canonical })) === null) toast(t('audit.copied'));
  };
  return (
    <div className="space-y-2 text-[12px] select-text">
      <h2 className="text-[15px] font-semibold">
        <span className="figure">{event.seq}</span>{' '}
        <Hostile text={eventName(event.type, language)} max={60} />
      </h2>
      <div className="flex flex-wrap gap-2">
        <Button browse onClick={() => enterPast(source, { seq: event.seq })}>
          {t('audit.goThere')}
        </Button>
        <Button browse onClick={() => void copy()}>
          {t('audit.copy')}
        </Button>
        {onLineage && model !== undefined && (
          <Button browse onClick={() => onLineage(model)}>
            {t('audit.lineage')}
          </Button>
        )}
      </div>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
        <dt className="text-muted">{t('audit.time')}</dt>
        <dd className="figure">{timestamp(event.ts)}</dd>
        <dt className="text-muted">{t('audit.type')}</dt>
        <dd className="figure">
          <Hostile text={event.type} max={64} />
        </dd>
        <dt className="text-muted">{t('audit.actor')}</dt>
        <dd>
          <Hostile
            text={[event.actor.id, event.actor.role, event.actor.terminal]
              .filter(Boolean)
              .join(' · ')}
            max={200}
          />
        </dd>
        {event.reason !== null && (
          <>
            <dt className="text-muted">{t('audit.reason')}</dt>
            <dd>
              <Hostile text={event.reason} max={4_000} />
            </dd>
          </>
        )}
        <dt className="text-muted">{t('audit.hash')}</dt>
        <dd className="figure break-all">{event.hash}</dd>
        <dt className="text-muted">{t('audit.prevHash')}</dt>
        <dd className="figure break-all">{event.prevHash}</dd>
      </dl>
      {event.commandId !== null && (
        <Story
          source={source}
          command={event.commandId}
          seq={event.seq}
          onPick={onPick}
          onOnly={onStory}
        />
      )}
      <h3 className="font-semibold">{t('audit.canonical')}</h3>
      <pre className="figure break-all whitespace-pre-wrap">
        <bdi>{canonical.slice(0, TEXT_MAX)}</bdi>
      </pre>
      <pre className="figure break-all whitespace-pre-wrap text-muted">
        <bdi>{JSON.stringify(event.data, null, 2).slice(0, TEXT_MAX)}</bdi>
      </pre>
    </div>
  );
}

/** Every event of a command, in order, with the time from one to the next. */
function Story(props: {
  readonly source: AuditSource;
  readonly command: string;
  readonly seq: number;
  readonly onPick: (event: Event) => void;
  readonly onOnly: (command: string) => void;
}) {
  const { source, command } = props;
  const t = useT();
  const language = useLanguage();
  const [events, setEvents] = useState<readonly Event[]>([]);
  useEffect(() => {
    let current = true;
    const ask = (): void => {
      void window.vigia.call('audit.story', { source, command }).then((answer) => {
        if (current && answer.ok) setEvents(answer.value);
      });
    };
    ask();
    // A story may go on.
    const leave = onGrowth(ask);
    return () => {
      current = false;
      leave();
    };
  }, [source, command]);
  return (
    <section>
      <div className="flex items-center gap-2">
        <h3 className="flex-1 font-semibold">{t('audit.story')}</h3>
        <Button browse onClick={() => props.onOnly(command)}>
          {t('audit.onlyStory')}
        </Button>
      </div>
      <p className="figure break-all text-muted">
        <Hostile text={command} max={64} />
      </p>
      <ol className="mt-1 border-l border-line">
        {events.slice(0, STORY_SHOWN).map((event, index) => (
          <li key={event.seq}>
            <button
              type="button"
              aria-current={event.seq === props.seq ? 'true' : undefined}
              className={`flex w-full gap-2 px-2 py-0.5 text-left hover:text-blue ${event.seq === props.seq ? 'text-blue' : ''}`}
              onClick={() => props.onPick(event)}
            >
              <span className="figure w-16 text-muted">{event.seq}</span>
              <span className="min-w-0 flex-1 truncate">
                <Hostile text={eventName(event.type, language)} max={48} />
              </span>
              <span className="figure text-muted">
                +{event.ts - (events[index - 1]?.ts ?? event.ts)} ms
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
