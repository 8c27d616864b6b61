import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { LogPosition } from '../../shared/log/event';
import { hashSchema } from '../../shared/log/event';
import { INITIAL_OPS_STATE, type OpsState } from '../../shared/ops/state';

/** Counts up when a state that was kept can no longer be brought up by adding what is new. */
const FORM = 1;

const baseSchema = z.object({
  form: z.literal(FORM),
  position: z.object({ seq: z.int().positive(), hash: hashSchema }),
  publicKey: z.string(),
  state: z.record(z.string(), z.unknown()),
});

/** What a log goes on from whose first years were deleted. */
export interface LogBase {
  /** The last event that went. */
  readonly position: LogPosition;
  /** The gateway's, as the first event had it; the deletion on record has it too. */
  readonly publicKey: string;
  /** The state after it. */
  readonly state: OpsState;
}

/** The file beside a log that says what it goes on from. */
export function basePath(path: string): string {
  return path.replace(/\.db$/, '-base.json');
}

export function baseText(base: LogBase): string {
  return JSON.stringify({ form: FORM, ...base });
}

/** Null where there is none that can be used: what came before the log's first event is not known. */
export function readBase(path: string): LogBase | null {
  try {
    const kept = baseSchema.parse(JSON.parse(readFileSync(basePath(path), 'utf8')));
    const { position, publicKey, state } = kept;
    return { position, publicKey, state: broughtUp(state) };
  } catch {
    return null;
  }
}

/** What a later version has added to a part of the state is as at a log's beginning. */
function broughtUp(kept: Readonly<Record<string, unknown>>): OpsState {
  const parts = Object.entries(INITIAL_OPS_STATE).map(([name, initial]) => {
    const own = kept[name];
    return [name, isRecord(initial) && isRecord(own) ? { ...initial, ...own } : (own ?? initial)];
  });
  return Object.fromEntries(parts) as OpsState;
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
