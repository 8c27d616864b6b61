import type { IpcResult } from '@shared/ipc/contract';
import type { LineageGraph, LineageNode } from '@shared/lineage/graph';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Hostile, INPUT } from '../../components/ui';
import { useT } from '../../i18n';
import { nodeLabel } from './texts';

const SHOWN = 12;

/** A trade that may not be in the graph yet. */
export type FoundTrade = IpcResult<'lineage.find'>[number];

/** Finds nodes by name, hash or any fact, and trades by the beginning of their id. */
export function Search(props: {
  readonly graph: LineageGraph;
  /** The event up to which the log is shown; null in the present. */
  readonly at: number | null;
  readonly onNode: (id: string) => void;
  readonly onTrade: (trade: FoundTrade) => void;
}) {
  const t = useT();
  const { graph, at, onNode, onTrade } = props;
  const [text, setText] = useState('');
  const [trades, setTrades] = useState<readonly FoundTrade[]>([]);
  const field = useRef<HTMLInputElement>(null);
  const wanted = text.trim().toLowerCase();
  const nodes = useMemo(() => (wanted === '' ? [] : find(graph, wanted)), [graph, wanted]);
  useEffect(() => {
    let ended = false;
    setTrades([]);
    const trade = text.trim();
    if (trade === '') return;
    const timer = setTimeout(() => {
      void window.vigia.call('lineage.find', { trade, at }).then((answer) => {
        if (!ended && answer.ok) setTrades(answer.value);
      });
    }, 120);
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [text, at]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing =
        event.target instanceof HTMLElement && /INPUT|TEXTAREA|SELECT/.test(event.target.tagName);
      if (event.key !== '/' || typing) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  function take(run: () => void): void {
    setText('');
    run();
  }
  const rows = [
    ...nodes.map((node) => ({
      key: node.id,
      kind: node.kind,
      label: nodeLabel(node, t),
      note: node.kind === 'trades' ? (node.model ?? '') : node.note,
      run: () => onNode(node.id),
    })),
    ...trades.map((trade) => ({
      key: trade.id,
      kind: 'trade' as const,
      label: trade.label,
      note: `${trade.model} · ${trade.day}`,
      run: () => onTrade(trade),
    })),
  ].slice(0, SHOWN);
  return (
    <search className="relative w-72">
      <input
        ref={field}
        className={INPUT}
        aria-label={t('lineage.search')}
        placeholder={`${t('lineage.search')}  /`}
        maxLength={128}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          const [first] = rows;
          if (event.key === 'Enter' && first) take(first.run);
          if (event.key === 'Escape') setText('');
        }}
      />
      {wanted !== '' && (
        <ul
          aria-label={t('lineage.results')}
          className="absolute top-full left-0 z-20 max-h-96 w-96 overflow-auto border border-line bg-surface text-[12px]"
        >
          {rows.length === 0 && <li className="p-2 text-muted">{t('lineage.noResults')}</li>}
          {rows.map(({ key, kind, label, note, run }) => (
            <li key={key}>
              <button
                type="button"
                className="flex w-full gap-2 px-2 py-1 text-left hover:bg-raised"
                onClick={() => take(run)}
              >
                <span className="w-28 shrink-0 text-muted">{t(`lineage.kind.${kind}`)}</span>
                <span className="min-w-0 flex-1 truncate">
                  <Hostile text={label} max={48} />
                </span>
                <span className="max-w-36 truncate text-muted">
                  <Hostile text={note} max={32} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </search>
  );
}

function find(graph: LineageGraph, wanted: string): readonly LineageNode[] {
  const found: LineageNode[] = [];
  for (const node of graph.nodes) {
    const hit =
      node.label.toLowerCase().includes(wanted) ||
      node.id.toLowerCase().includes(wanted) ||
      (node.kind !== 'trades' &&
        node.facts.some(([, value]) => value.toLowerCase().includes(wanted)));
    if (hit) found.push(node);
    if (found.length >= SHOWN) break;
  }
  return found;
}
