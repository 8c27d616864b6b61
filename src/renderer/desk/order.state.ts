/** What a table is ordered by. */
export interface Order {
  readonly column: string;
  readonly down: boolean;
}

/** The part of `localStorage` that is used. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const keyOf = (table: string): string => `order.${table}`;

/** The remembered order of a table; null when there is none, or none that can be read. */
export function readOrder(memory: Memory, table: string): Order | null {
  try {
    const value: unknown = JSON.parse(memory.getItem(keyOf(table)) ?? 'null');
    if (typeof value !== 'object' || value === null) return null;
    const { column, down } = value as Partial<Order>;
    return typeof column === 'string' && typeof down === 'boolean' ? { column, down } : null;
  } catch {
    return null;
  }
}

export function writeOrder(memory: Memory, table: string, order: Order): void {
  try {
    memory.setItem(keyOf(table), JSON.stringify(order));
  } catch {
    // A full disk costs the memory of an order, nothing else.
  }
}

/** Rows in order, equal ones as they came; what has no value is last either way. */
export function sorted<Row>(
  rows: readonly Row[],
  by: (row: Row) => string | number | null,
  down: boolean,
): readonly Row[] {
  return rows
    .map((row) => ({ row, value: by(row) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) {
        return Number(a.value === null) - Number(b.value === null);
      }
      const order =
        typeof a.value === 'number' && typeof b.value === 'number'
          ? a.value - b.value
          : String(a.value).localeCompare(String(b.value));
      return down ? -order : order;
    })
    .map(({ row }) => row);
}
