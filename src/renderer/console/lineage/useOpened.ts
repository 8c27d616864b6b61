import type { LineageNode } from '@shared/lineage/graph';
import type { OpenedGroup } from '@shared/lineage/ipc';
import { useCallback, useState } from 'react';
import { call } from '../../lib/call';

/** Days whose trades are shown one by one. */
export function useOpened() {
  const [opened, setOpened] = useState<ReadonlyMap<string, OpenedGroup>>(new Map());

  const open = useCallback(async (id: string, model: string, day: string): Promise<void> => {
    const group = await call('lineage.trades', { model, day });
    if (group) setOpened((now) => new Map(now).set(id, group));
  }, []);

  const toggle = useCallback(
    (node: LineageNode): void => {
      if (node.kind !== 'trades' || node.model === null) return;
      if (!opened.has(node.id)) return void open(node.id, node.model, node.label);
      setOpened((now) => {
        const left = new Map(now);
        left.delete(node.id);
        return left;
      });
    },
    [opened, open],
  );
  return { opened, open, toggle };
}
