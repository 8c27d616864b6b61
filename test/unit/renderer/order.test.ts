import { describe, expect, it } from 'vitest';
import { readOrder, sorted, writeOrder } from '../../../src/renderer/desk/order.state';

const memory = () => {
  const held = new Map<string, string>();
  return {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
  };
};

describe('a table’s order', () => {
  it('puts figures by size and words by letter; what has none is last either way', () => {
    const of = (value: string | number | null) => value;
    expect(sorted([10, null, 9, 100], of, false)).toEqual([9, 10, 100, null]);
    expect(sorted([10, null, 9, 100], of, true)).toEqual([100, 10, 9, null]);
    expect(sorted(['b', 'á', 'c'], of, false)).toEqual(['á', 'b', 'c']);
  });

  it('is remembered, and what cannot be read is no order', () => {
    const own = memory();
    expect(readOrder(own, 'engines')).toBeNull();
    writeOrder(own, 'engines', { column: 'engines.name', down: true });
    expect(readOrder(own, 'engines')).toEqual({ column: 'engines.name', down: true });
    expect(readOrder(own, 'positions')).toBeNull();
    own.setItem('order.positions', '{"column":3}');
    expect(readOrder(own, 'positions')).toBeNull();
    own.setItem('order.positions', 'rubbish');
    expect(readOrder(own, 'positions')).toBeNull();
  });
});
