import { groupNode, modelNode } from '@shared/lineage/artifacts';
import { EVERYTHING, type LineageFilter } from '@shared/lineage/filter';
import { COLUMNS, type LineageGraph, type NodeKind } from '@shared/lineage/graph';
import { trace } from '@shared/lineage/trace';
import type { Area } from '@shared/lineage/window';
import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { ReactFlowProvider } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { TriangleAlert } from 'lucide-react';
import { useCallback, useMemo, useRef, useState } from 'react';
import { Hostile, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { amount, clip } from '../lib/format';
import { useApp } from '../lib/store';
import type { Event } from './audit/List';
import { Canvas, type Picked } from './lineage/Canvas';
import { Detail } from './lineage/Detail';
import { Files } from './lineage/Files';
import { type FoundTrade, Search } from './lineage/Search';
import { useLayout } from './lineage/useLayout';
import { type Held, useLineage } from './lineage/useLineage';
import { useOpened } from './lineage/useOpened';

const NOWHERE: Area = { left: 0, top: 0, right: 0, bottom: 0 };

interface Props {
  /** The desk now, or in the past that is shown. */
  readonly view: DeskView;
  /** Shows a model in the registry. */
  readonly onModel: (model: string) => void;
  /** Shows an event in the record. */
  readonly onEvent: (event: Event) => void;
  /** A model to begin at. */
  readonly first: string | null;
}

/** Where everything comes from, by this terminal's own disk: it needs no link. */
export default function Lineage(props: Props) {
  const t = useT();
  const seq = useApp((state) => state.past?.seq ?? null);
  const foreign = useApp((state) => state.past !== null && state.pastSource === 'imported');
  // The graph is of this terminal's own record: it must not pass for that of another.
  if (foreign) return <p className="text-muted">{t('lineage.foreign')}</p>;
  return <Shown {...props} at={seq} />;
}

/** @param props.at the event up to which the log is shown; null for all of it, as it is now */
function Shown(props: Props & { readonly at: number | null }) {
  const t = useT();
  const { view, onModel, onEvent, at } = props;
  const begin: Picked | null =
    props.first === null ? null : { id: modelNode(props.first), by: 'search' };
  const held = useLineage(at);
  const [filter, setFilter] = useState<LineageFilter>(EVERYTHING);
  const [picked, setPicked] = useState<Picked | null>(begin);
  const [wanted, setWanted] = useState<Picked | null>(begin);
  const { opened, open, toggle } = useOpened(at, setWanted);
  const pick = useCallback((next: Picked) => {
    setPicked(next);
    setWanted(next);
  }, []);
  const graph = useMemo(() => withOpened(held.graph, [...opened.values()]), [held.graph, opened]);
  const layout = useLayout(graph, filter);
  const seen = useRef(NOWHERE);
  const onSeen = useCallback((area: Area) => {
    seen.current = area;
  }, []);
  const openedIds = useMemo(() => new Set(opened.keys()), [opened]);

  const number = layout && picked ? (layout.index.numberOf.get(picked.id) ?? null) : null;
  const traces = useMemo(() => {
    if (!layout || number === null) return null;
    return { up: trace(layout.index, number, 'up'), down: trace(layout.index, number, 'down') };
  }, [layout, number]);
  const node = layout && number !== null ? layout.index.graph.nodes[number] : undefined;
  const group = node ? opened.get(node.id) : undefined;

  const search = (id: string): void => pick({ id, by: 'search' });
  async function toTrade({ id, model, day }: FoundTrade): Promise<void> {
    setFilter(EVERYTHING);
    await open(groupNode(model, day), model, day);
    search(id);
  }

  return (
    <div className="flex h-full flex-col gap-2">
      {view.link.state !== 'live' && (
        <p role="status" className="border-l-4 border-amber px-2 text-amber">
          {t('lineage.offline', { time: timeOfDay(view.link.since), seq: held.about?.seq ?? 0 })}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <Search
          graph={graph}
          at={at}
          onNode={(id) => {
            setFilter(EVERYTHING);
            search(id);
          }}
          onTrade={(trade) => void toTrade(trade)}
        />
        <Filters graph={held.graph} filter={filter} onChange={setFilter} />
        <span className="flex-1" />
        {layout && <Files layout={layout} at={at} seen={() => seen.current} />}
      </div>
      <Status held={held} />
      <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)_320px] gap-3">
        <div className="flex min-h-0 min-w-0 flex-col">
          {layout && layout.index.graph.nodes.length > 0 ? (
            <ReactFlowProvider>
              <Canvas
                {...{ layout, picked, wanted, traces, onSeen }}
                opened={openedIds}
                onPick={pick}
                onOpen={toggle}
              />
            </ReactFlowProvider>
          ) : (
            <p className="text-muted">{t(emptyKey(held, graph, at !== null))}</p>
          )}
        </div>
        <div className="min-h-0 overflow-auto border border-line">
          {layout && node && traces ? (
            <Detail
              {...{ node, traces, at, onEvent }}
              index={layout.index}
              opened={group ? { shown: group.nodes.length, total: group.total } : null}
              onPick={search}
              onOpen={toggle}
              onModel={node.model !== null && view.ops.models.models[node.model] ? onModel : null}
            />
          ) : (
            <p className="p-2 text-muted">{t('lineage.pick')}</p>
          )}
        </div>
      </div>
    </div>
  );
}

function Status({ held: { graph, about, failure } }: { held: Held }) {
  const t = useT();
  const problem = failure ?? about?.problem ?? null;
  return (
    <p className="figure text-[12px] text-muted">
      {about
        ? t('lineage.status', {
            nodes: amount(graph.nodes.length, 0),
            edges: amount(graph.edges.length, 0),
            seq: about.seq,
          })
        : t('lineage.loading')}
      {about && about.tradesSeq < about.seq && (
        <strong className="text-amber">
          {' · '}
          {t('lineage.tradesUpTo', { seq: about.tradesSeq })}
        </strong>
      )}
      <Legend />
      {problem !== null && (
        <strong className="text-amber">
          {' · '}
          <Hostile text={t('lineage.problem', { problem })} max={240} />
        </strong>
      )}
    </p>
  );
}

/** What the mark means. */
function Legend() {
  const t = useT();
  return (
    <span className="ml-3 inline-flex items-center gap-1">
      <TriangleAlert size={12} className="text-red" aria-hidden />
      {t('lineage.legend.mismatch')}
    </span>
  );
}

function Filters(props: {
  readonly graph: LineageGraph;
  readonly filter: LineageFilter;
  readonly onChange: (filter: LineageFilter) => void;
}) {
  const t = useT();
  const { graph, filter, onChange } = props;
  const models = useMemo(() => graph.nodes.filter(({ kind }) => kind === 'model'), [graph]);
  const wrong = useMemo(
    () => graph.nodes.filter(({ mismatches }) => mismatches.length > 0).length,
    [graph],
  );
  const toggled = (kind: NodeKind): readonly NodeKind[] =>
    filter.hidden.includes(kind)
      ? filter.hidden.filter((one) => one !== kind)
      : [...filter.hidden, kind];
  return (
    <div className="flex flex-wrap items-center gap-3 text-[12px]">
      <div className="w-44">
        <select
          className={INPUT}
          aria-label={t('lineage.model')}
          value={filter.model ?? ''}
          onChange={(event) => onChange({ ...filter, model: event.target.value || null })}
        >
          <option value="">
            {t('lineage.model')}: {t('lineage.allModels')}
          </option>
          {models.map(({ id, label }) => (
            <option key={id} value={modelNode(label)}>
              {clip(label, 40)}
            </option>
          ))}
        </select>
      </div>
      <label className="flex items-center gap-1">
        <input
          type="checkbox"
          checked={filter.mismatches}
          onChange={(event) => onChange({ ...filter, mismatches: event.target.checked })}
        />
        <span className={wrong > 0 ? 'text-red' : 'text-muted'}>
          {t('lineage.onlyMismatches', { count: wrong })}
        </span>
      </label>
      <fieldset className="flex items-center gap-2">
        <legend className="sr-only">{t('lineage.columns')}</legend>
        {COLUMNS.filter((kind) => kind !== 'trade').map((kind) => (
          <label key={kind} className="flex items-center gap-1">
            <input
              type="checkbox"
              checked={!filter.hidden.includes(kind)}
              onChange={() => onChange({ ...filter, hidden: toggled(kind) })}
            />
            {t(`lineage.kind.${kind}`)}
          </label>
        ))}
      </fieldset>
    </div>
  );
}

function emptyKey(held: Held, graph: LineageGraph, past: boolean) {
  if (!held.about) return 'lineage.loading';
  if (past && graph.nodes.length === 0) return 'lineage.emptyThen';
  return graph.nodes.length === 0 ? 'lineage.empty' : 'lineage.nothing';
}

function withOpened(graph: LineageGraph, opened: readonly LineageGraph[]): LineageGraph {
  if (opened.length === 0) return graph;
  return {
    nodes: [...graph.nodes, ...opened.flatMap(({ nodes }) => nodes)],
    edges: [...graph.edges, ...opened.flatMap(({ edges }) => edges)],
  };
}
