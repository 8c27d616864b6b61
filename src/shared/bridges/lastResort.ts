import { z } from 'zod';
import { bridgeAddressSchema, foundSchema, secretsSchema } from './bridge';

/** Services that a terminal can stop by itself, without any gateway. */
export const lastResortKindSchema = z.enum(['inference-api', 'freqtrade']);

/** The service of an engine, as a terminal keeps it; its secrets are sealed on the disk. */
export const lastResortTargetSchema = z.strictObject({
  engine: z.string().min(1).max(128),
  kind: lastResortKindSchema,
  address: bridgeAddressSchema,
  secrets: secretsSchema,
});
export type LastResortTarget = z.output<typeof lastResortTargetSchema>;

/** A target as a window may see it. */
export type LastResortView = Pick<LastResortTarget, 'engine' | 'kind' | 'address'>;

/** Where the secrets' seal comes from; `plain` is none, and was accepted by a person. */
export interface LastResortStore {
  readonly targets: readonly LastResortView[];
  readonly backend: string;
  /** Whether the desktop can seal at all. */
  readonly sealed: boolean;
  /** Why the file is not used, null while it is. */
  readonly problem: string | null;
}

/**
 * What a direct kill came to. `blocked`: the service itself says that it takes no entries. Nothing
 * here says flat: what is open is told as the service tells it, null where it does not.
 */
export interface LastResortAnswer {
  readonly state: 'trying' | 'blocked' | 'refused' | 'unknown';
  readonly detail: string;
  readonly open: number | null;
  /** Closing is wanted, and something was not or could not be asked to be closed yet. */
  readonly owed: boolean;
  readonly at: number;
}

export const lastResortTestSchema = z.object({
  ok: z.boolean(),
  message: z.string(),
  found: foundSchema,
});
export type LastResortTest = z.output<typeof lastResortTestSchema>;
