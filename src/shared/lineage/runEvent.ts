import { z } from 'zod';
import { canonicalJson } from '../log/canonical';

/** OpenLineage run events (specification 2-0-2) as they are taken in and recorded. */

/** Largest event that is recorded, as canonical JSON, in characters. */
export const MAX_RUN_EVENT = 65_536;
const MAX_DATASETS = 200;

const name = z.string().min(1).max(512);
const uri = z
  .string()
  .max(2_048)
  .regex(/^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$/, 'a URI');
const facets = z.record(z.string().max(128), z.looseObject({ _producer: uri, _schemaURL: uri }));

export const olDatasetSchema = z.looseObject({
  namespace: name,
  name,
  facets: facets.optional(),
});
export type OlDataset = z.infer<typeof olDatasetSchema>;

export const runEventSchema = z.looseObject({
  eventType: z.enum(['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER']).optional(),
  eventTime: z.iso.datetime({ offset: true }),
  producer: uri,
  schemaURL: uri,
  run: z.looseObject({ runId: z.guid(), facets: facets.optional() }),
  job: z.looseObject({ namespace: name, name, facets: facets.optional() }),
  inputs: z.array(olDatasetSchema).max(MAX_DATASETS).optional(),
  outputs: z.array(olDatasetSchema).max(MAX_DATASETS).optional(),
});
export type RunEvent = z.infer<typeof runEventSchema>;

/** Why an event cannot be recorded as it is; null when it can. */
export function unrecordable(event: RunEvent): string | null {
  try {
    const length = canonicalJson(event).length;
    return length > MAX_RUN_EVENT
      ? `the event has ${length} characters; ${MAX_RUN_EVENT} are the most`
      : null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Types of the log's events that are about lineage. */
export const lineageEventData = {
  /** A pipeline said what a run read and wrote, as it said it. */
  'lineage.received': z.object({ event: runEventSchema }),
} as const;

/** Parameters of the commands that are about lineage. */
export const lineageCommandParams = {
  /** Puts a pipeline's run event on the record. */
  'lineage.report': z.strictObject({ event: z.unknown() }),
} as const;
