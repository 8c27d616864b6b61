import { describe, expect, it } from 'vitest';
import { createExecutionBook } from '../../../src/main/link/executions';
import { annulment } from '../../../src/shared/incidents/annulment';
import { distinctExecutions } from '../../../src/shared/incidents/executions';

const MIN = 60_000;
const fill = (id: string, at: number, side: 'buy' | 'sell' = 'buy') => ({
  ...{ id, engine: 'e1', instrument: 'USD/COP', side, quantity: 1, price: 1, at },
});

describe('executions that may be annulled', () => {
  it('come with the least time left first, stay as long again, and are each there once', () => {
    let now = 0;
    const book = createExecutionBook({ clock: () => now, annulmentMs: () => 15 * MIN });
    book.take([fill('a', 0), fill('b', MIN)]);
    book.take([fill('a', 0)]);
    now = 2 * MIN;
    expect(book.view().recent.map(({ id }) => id)).toEqual(['a', 'b']);
    now = 15.5 * MIN;
    expect(book.view().recent.map(({ id }) => id)).toEqual(['b', 'a']);
    now = 30.5 * MIN;
    expect(book.view().recent.map(({ id }) => id)).toEqual(['b']);
  });

  it('say how many are not shown', () => {
    const book = createExecutionBook({ clock: () => 10_000, annulmentMs: () => 15 * MIN });
    book.take(Array.from({ length: 5_300 }, (_, at) => fill(`o${at}`, at)));
    const { recent, omitted } = book.view();
    expect([recent.length, omitted]).toEqual([200, 5_100]);
  });

  it('are counted once where an engine tells of fills and of the trades they made', () => {
    const told = [
      ...[fill('o1', 1_000), fill('o2', 90_000, 'sell')],
      ...[fill('t1:entry', 1_001), fill('t1:exit', 90_000, 'sell'), fill('t0:entry', 50_000)],
    ];
    expect(distinctExecutions(told).map(({ id }) => id)).toEqual(['o1', 'o2', 't0:entry']);
    const opened = { at: 60_000, seq: 1, by: { id: 'a', role: 'cto', terminal: null } };
    const clocks = annulment(told, { opened, resolved: null }, 100_000, 15 * MIN);
    expect(clocks.map(({ id }) => id)).toEqual(['o1', 't0:entry', 'o2']);
  });
});
