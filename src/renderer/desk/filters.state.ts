import { type AuditFilter, auditFilterSchema } from '@shared/audit/query';
import { z } from 'zod';
import type { Memory } from './order.state';

const KEY = 'audit.filters';
const KEPT = 32;

const savedSchema = z.array(
  z.object({ name: z.string().min(1).max(64), filter: auditFilterSchema }),
);
export type SavedFilter = z.output<typeof savedSchema>[number];

/** The filters this window has kept; none where they cannot be read. */
export function readFilters(memory: Memory): readonly SavedFilter[] {
  try {
    return savedSchema.parse(JSON.parse(memory.getItem(KEY) ?? '[]'));
  } catch {
    return [];
  }
}

/** Keeps a filter under a name, the newest first; the one that had the name before is replaced. */
export function keepFilter(
  memory: Memory,
  name: string,
  filter: AuditFilter,
): readonly SavedFilter[] {
  const others = readFilters(memory).filter((one) => one.name !== name);
  return write(memory, [{ name, filter }, ...others].slice(0, KEPT));
}

export function forgetFilter(memory: Memory, name: string): readonly SavedFilter[] {
  return write(
    memory,
    readFilters(memory).filter((one) => one.name !== name),
  );
}

function write(memory: Memory, filters: readonly SavedFilter[]): readonly SavedFilter[] {
  try {
    memory.setItem(KEY, JSON.stringify(filters));
  } catch {
    // A full disk costs the memory of a filter, nothing else.
  }
  return filters;
}
