import type { IpcResult } from '@shared/ipc/contract';
import { COLUMNS, type GraphIndex, goneSince, type LineageNode } from '@shared/lineage/graph';
import { byColumn, type Trace } from '@shared/lineage/trace';
import { timestamp } from '@shared/time';
import { TriangleAlert } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button, Hostile } from '../../components/ui';
import { useT } from '../../i18n';
import { eventName } from '../../i18n/events';
import { useLanguage } from '../../lib/useSaid';
import type { Event } from '../audit/List';
import { factText, nodeLabel } from './texts';

const LISTED = 20;

export interface DetailProps {
  readonly index: GraphIndex;
  readonly node: LineageNode;
  /** The event up to which the log is shown; null in the present. */
  readonly at: number | null;
  readonly traces: { readonly up: Trace; readonly down: Trace };
  /** Trades of this day that are shown and that there are; null while it is closed. */
  readonly opened: { readonly shown: number; readonly total: number } | null;
  readonly onPick: (id: string) => void;
  readonly onOpen: (node: LineageNode) => void;
  /** Shows a model's card; null for a model that the registry does not have. */
  readonly onModel: ((model: string) => void) | null;
  /** Shows an event in the record. */
  readonly onEvent: (event: Event) => void;
}

/** One node: its facts, what it came from, what it touches, and the events it rests on. */
export function Detail(props: DetailProps) {
  const t = useT();
  const { index, node, at, traces, opened, onPick, onOpen, onModel, onEvent } = props;
  const { model } = node;
  const gone = goneSince(node);
  return (
    <section aria-label={t('lineage.detail')} className="space-y-3 p-2 text-[12px]">
      <header>
        <p className="text-muted">{t(`lineage.kind.${node.kind}`)}</p>
        <h2 className="text-[15px] font-bold break-all">
          <Hostile text={nodeLabel(node, t)} max={120} />
        </h2>
      </header>
      {node.mismatches.map((one) => (
        <div
          key={`${one.kind}-${one.about}-${one.found}`}
          role="alert"
          className="rounded-md border border-red p-2"
        >
          <p className="text-red">
            <TriangleAlert size={12} className="mr-1 inline" aria-hidden />
            <strong>{t('lineage.mismatch')}</strong>:{' '}
            <Hostile text={t(`lineage.mismatch.${one.kind}`, { about: one.about })} max={200} />
          </p>
          <p className="figure break-all">
            {t('lineage.expected')}: {one.expected}
            <br />
            {t('lineage.found')}: {one.found}
          </p>
        </div>
      ))}
      {gone !== null && (
        <p className="border-l-4 border-amber px-2 text-amber">
          {t('lineage.goneSince', { time: timestamp(gone) })}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        {node.kind === 'trades' && (
          <Button browse onClick={() => onOpen(node)}>
            {t(opened ? 'lineage.closeTrades' : 'lineage.openTrades')}
          </Button>
        )}
        {model !== null && onModel && (
          <Button browse onClick={() => onModel(model)}>
            {t('lineage.card')}
          </Button>
        )}
      </div>
      {opened && opened.shown < opened.total && (
        <p className="text-amber">{t('lineage.partTrades', opened)}</p>
      )}
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5">
        {node.facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{t(`lineage.fact.${name}`)}</dt>
            <dd className="figure min-w-0 break-all">
              <Hostile text={factText(name, value, t)} max={400} />
            </dd>
          </div>
        ))}
      </dl>
      <Reached title={t('lineage.origin')} index={index} trace={traces.up} onPick={onPick} />
      <Reached title={t('lineage.impact')} index={index} trace={traces.down} onPick={onPick} />
      <Events {...{ node, at, onEvent }} />
    </section>
  );
}

function Reached(props: {
  readonly title: string;
  readonly index: GraphIndex;
  readonly trace: Trace;
  readonly onPick: (id: string) => void;
}) {
  const t = useT();
  const { title, index, trace, onPick } = props;
  const columns = byColumn(index, trace);
  return (
    <div>
      <h3 className="font-semibold">
        {title} <span className="figure text-muted">{trace.nodes.size}</span>
      </h3>
      {trace.nodes.size === 0 && <p className="text-muted">{t('lineage.none')}</p>}
      {columns.map((ids, at) => {
        const kind = COLUMNS[at] ?? 'data';
        if (ids.length === 0) return null;
        return (
          <div key={kind} className="mt-1">
            <p className="text-muted">
              {t(`lineage.kind.${kind}`)} <span className="figure">{ids.length}</span>
            </p>
            <ul>
              {ids.slice(0, LISTED).map((id) => {
                const node = index.graph.nodes[index.numberOf.get(id) ?? -1];
                return (
                  <li key={id}>
                    <button
                      type="button"
                      className="text-left text-blue"
                      onClick={() => onPick(id)}
                    >
                      <Hostile text={node ? nodeLabel(node, t) : id} max={48} />
                    </button>
                  </li>
                );
              })}
            </ul>
            {ids.length > LISTED && (
              <p className="text-muted">{t('lineage.more', { count: ids.length - LISTED })}</p>
            )}
          </div>
        );
      })}
    </div>
  );
}

function Events({ node, at, onEvent }: Pick<DetailProps, 'node' | 'at' | 'onEvent'>) {
  const t = useT();
  const language = useLanguage();
  const [found, setFound] = useState<IpcResult<'lineage.events'> | null>(null);
  const { id, events } = node;
  useEffect(() => {
    let ended = false;
    setFound(null);
    if (events > 0) {
      void window.vigia.call('lineage.events', { id, at }).then((answer) => {
        if (!ended && answer.ok) setFound(answer.value);
      });
    }
    return () => {
      ended = true;
    };
  }, [id, events, at]);
  return (
    <div>
      <h3 className="font-semibold">{t('lineage.events', { total: events })}</h3>
      <ol>
        {found?.events.map((event) => (
          <li key={event.seq} className="border-t border-line">
            <button
              type="button"
              className="w-full py-0.5 text-left hover:text-blue"
              onClick={() => onEvent(event)}
            >
              <span className="figure text-muted">
                #{event.seq} · {timestamp(event.ts).slice(0, 19)}
              </span>
              <br />
              <Hostile text={eventName(event.type, language)} max={40} /> ·{' '}
              <Hostile text={event.actor.id} max={32} />
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}
