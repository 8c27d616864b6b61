import type { LineageNode } from '@shared/lineage/graph';
import type { OpenedGroup } from '@shared/lineage/ipc';
import { useCallback, useEffect, useRef, useState } from 'react';
import { call } from '../../lib/call';
import type { Picked } from './Canvas';

/**
 * Days whose trades are shown one by one.
 *
 * @param at the event up to which the log is read; null for all of it, as it is now.
 * @param onOpened told the first trade of a day that was opened by hand.
 */
export function useOpened(at: number | null, onOpened: (first: Picked) => void) {
  const [opened, setOpened] = useState<ReadonlyMap<string, OpenedGroup>>(new Map());
  const time = useRef(at);
  useEffect(() => {
    // What was opened is of another time.
    if (time.current !== at) setOpened(new Map());
    time.current = at;
  }, [at]);

  const open = useCallback(
    async (id: string, model: string, day: string): Promise<OpenedGroup | null> => {
      const group = await call('lineage.trades', { model, day, at });
      if (!group || time.current !== at) return null;
      setOpened((now) => new Map(now).set(id, group));
      return group;
    },
    [at],
  );

  const toggle = useCallback(
    (node: LineageNode): void => {
      if (node.kind !== 'trades' || node.model === null) return;
      if (!opened.has(node.id)) {
        void open(node.id, node.model, node.label).then((group) => {
          const first = group?.nodes[0];
          if (first) onOpened({ id: first.id, by: 'search' });
        });
        return;
      }
      setOpened((now) => {
        const left = new Map(now);
        left.delete(node.id);
        return left;
      });
    },
    [opened, open, onOpened],
  );
  return { opened, open, toggle };
}
