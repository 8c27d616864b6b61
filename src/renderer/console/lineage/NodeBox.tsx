import { goneSince, type LineageNode } from '@shared/lineage/graph';
import { NODE_HEIGHT, NODE_WIDTH } from '@shared/lineage/layout';
import clsx from 'clsx';
import { TriangleAlert } from 'lucide-react';
import { memo, useEffect, useRef } from 'react';
import { Hostile } from '../../components/ui';
import type { Translate } from '../../i18n';
import { factText, nodeLabel } from './texts';

export interface BoxProps {
  readonly node: LineageNode;
  /** Upper left corner on the plane. */
  readonly x: number;
  readonly y: number;
  readonly selected: boolean;
  /** On the way from or to what is selected. */
  readonly traced: boolean;
  /** Takes the focus: it was reached by the keyboard. */
  readonly focused: boolean;
  readonly opened: boolean;
  readonly t: Translate;
  readonly onPick: (id: string) => void;
  readonly onOpen: (node: LineageNode) => void;
}

/** One node: what it is, its name, a line more, and whether something does not agree. */
export const NodeBox = memo(function NodeBox(props: BoxProps) {
  const { t, node, x, y, selected, traced, focused, opened, onPick, onOpen } = props;
  const box = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focused) box.current?.focus({ preventScroll: true });
  }, [focused]);
  const wrong = node.mismatches.length > 0;
  const gone = goneSince(node) !== null;
  const count = node.facts.find(([name]) => name === 'count')?.[1];
  return (
    <button
      ref={box}
      type="button"
      data-lineage={node.id}
      tabIndex={selected ? 0 : -1}
      aria-pressed={selected}
      aria-expanded={node.kind === 'trades' ? opened : undefined}
      style={{ left: x, top: y, width: NODE_WIDTH, height: NODE_HEIGHT }}
      className={clsx(
        'pointer-events-auto absolute block cursor-pointer [contain:strict] rounded-md border bg-surface px-2 text-left text-[12px] leading-tight',
        selected
          ? 'border-2 border-blue'
          : wrong
            ? 'border-red'
            : traced
              ? 'border-blue'
              : 'border-line',
      )}
      onClick={() => onPick(node.id)}
      onDoubleClick={() => onOpen(node)}
    >
      <span className="flex items-center gap-1">
        {wrong && (
          <TriangleAlert
            size={12}
            className="shrink-0 text-red"
            aria-label={t('lineage.mismatch')}
          />
        )}
        <span className="lineage-line min-w-0 flex-1 font-semibold">
          <Hostile text={nodeLabel(node, t)} max={40} />
        </span>
        {count && <span className="figure text-muted">{t('lineage.count', { count })}</span>}
      </span>
      <span className="lineage-line block text-muted">
        {t(`lineage.kind.${node.kind}`)}
        {gone && <span className="text-amber"> · {t('lineage.gone')}</span>}
        {node.note && ' · '}
        <Hostile
          text={factText(
            node.kind === 'trades' || node.kind === 'trade' ? 'pnl' : 'job',
            node.note,
            t,
          )}
          max={40}
        />
      </span>
    </button>
  );
});
