import { z } from 'zod';
import { logEventSchema } from '../log/event';
import type { LineageEdge, LineageNode } from './graph';

/** What the windows ask of the lineage. A graph comes in parts, so that no message is long. */

/** One part of the graph. With `parts` 0 the graph is still the one that the window has. */
export interface LineagePart {
  readonly revision: number;
  readonly parts: number;
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  /** Last event of the log it rests on. */
  readonly seq: number;
  /** Why trades or events cannot be read; null while they can. */
  readonly problem: string | null;
  /** Up to which event the trades among them have been read; less than `seq` while that goes on. */
  readonly tradesSeq: number;
}

export interface OpenedGroup {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  readonly total: number;
}

/** Trades of one group that are shown at once; the rest is counted. */
export const TRADES_SHOWN = 2_000;
/** Longest file a window may have written, in characters. */
const FILE_MAX = 64 * 2 ** 20;

const id = z.string().min(1).max(2_048);
/** Up to which event of the log; null for all of it, as it is now. */
const at = z.int().positive().nullable();

export const lineageCalls = {
  'lineage.part': {
    args: z.strictObject({ known: z.int().nullable(), part: z.int().nonnegative(), at }),
    result: z.custom<LineagePart>(),
  },
  /** The trades of a model that were closed on a day. */
  'lineage.trades': {
    args: z.strictObject({ model: z.string().min(1).max(128), day: z.string().max(10), at }),
    result: z.custom<OpenedGroup>(),
  },
  /** Trades by the beginning of their id. */
  'lineage.find': {
    args: z.strictObject({ trade: z.string().min(1).max(128), at }),
    result: z.custom<readonly { id: string; label: string; model: string; day: string }[]>(),
  },
  /** The latest events that a node rests on, newest first. */
  'lineage.events': {
    args: z.strictObject({ id, at }),
    result: z.object({ total: z.int().nonnegative(), events: z.array(logEventSchema) }),
  },
  /** Writes a file where the person says; null when he thought better of it. */
  'lineage.save': {
    args: z.strictObject({
      format: z.enum(['svg', 'png', 'json', 'openlineage']),
      /** Text, or base64 for a picture; nothing for OpenLineage, which the log itself gives. */
      data: z.string().max(FILE_MAX),
      at,
    }),
    result: z.object({ path: z.string().nullable() }),
  },
  /** Gives a pipeline's run event to the gateway. */
  'lineage.report': {
    args: z.strictObject({ event: z.unknown() }),
    result: z.object({ id: z.string() }),
  },
} as const;
