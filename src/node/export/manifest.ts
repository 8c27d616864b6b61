import { z } from 'zod';
import { hashSchema } from '../../shared/log/event';
import { deletedBeforeSchema } from '../../shared/retention/retention';

const position = z.object({ seq: z.int().nonnegative(), hash: hashSchema });

/** Where an export's facts come from, told by whoever makes it. */
export interface ExportInfo {
  /** UTC, ms. */
  readonly madeAt: number;
  readonly madeBy: string;
  readonly software: string;
  readonly desk: string;
  readonly policies: Readonly<Record<string, string>>;
  /** What the times were read from, and how far that is known to be off; null where it was not measured. */
  readonly time: { readonly source: string; readonly offsetMs: number | null };
}

/** `manifest.json`: what is in an export, so that what is missing is missed. */
export const manifestSchema = z.object({
  format: z.literal('vigia-export-1'),
  madeAt: z.string(),
  madeBy: z.string(),
  software: z.string(),
  desk: z.string(),
  policies: z.record(z.string(), z.string()),
  time: z.object({
    source: z.string(),
    offsetMs: z.number().nullable(),
    granularityMs: z.literal(1),
    timeZone: z.literal('America/Bogota'),
  }),
  /** As asked for, UTC; null is open. */
  period: z.object({ from: z.string().nullable(), to: z.string().nullable() }),
  events: z.int().nonnegative(),
  first: position.extend({ prevHash: hashSchema, ts: z.int() }).nullable(),
  last: position.extend({ ts: z.int() }).nullable(),
  /** Where it begins with the first event that is still kept: the deletion of what came before. */
  deletedBefore: deletedBeforeSchema.nullable().default(null),
  byType: z.record(z.string(), z.int().positive()),
  /** The last event that the gateway's signature in `checkpoint.txt` covers. */
  signedTo: z.int().nonnegative().nullable(),
  publicKey: z.string(),
  files: z.record(z.string(), z.object({ sha256: hashSchema, bytes: z.int().nonnegative() })),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** A document that goes with an export: a model's card, an incident's post-mortem. */
export interface ExportDocument {
  readonly name: string;
  readonly content: string;
}

export const FILES = {
  events: 'events.jsonl',
  table: 'events.csv',
  manifest: 'manifest.json',
  checkpoint: 'checkpoint.txt',
  key: 'public-key.pem',
  script: 'verify.sh',
  sums: 'SHA256SUMS',
} as const;

/** Names that a file of an export may have: no way out of its folder. */
export const FILE_NAME = /^(documents\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/;
