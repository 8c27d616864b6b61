import { z } from 'zod';
import { canonicalJson } from '../log/canonical';

/** OpenLineage run events (specification 2-0-2) as they are taken in and recorded. */

/** Largest event that is recorded, as canonical JSON, in characters. */
export const MAX_RUN_EVENT = 65_536;
const MAX_DATASETS = 200;

const name = z.string().min(1).max(512);
/** A scheme, and characters that a URI has or their codes. */
const URI_TEXT = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[\w.~!$&'()*+,;=:@/?#-]|%[0-9A-Fa-f]{2})+$/;

/** RFC 3986, but for hosts in brackets: scheme, authority, path, query and fragment. */
function isUri(text: string): boolean {
  const [whole = '', ...fragments] = text.split('#');
  if (!URI_TEXT.test(text) || fragments.length > 1) return false;
  const [hierarchy = ''] = whole.slice(whole.indexOf(':') + 1).split('?');
  if (!hierarchy.startsWith('//')) return !['', '/'].includes(hierarchy);
  const [authority = ''] = hierarchy.slice(2).split('/');
  const [host = '', ...users] = authority.split('@').reverse();
  const [, port = '', ...ports] = host.split(':');
  return users.length <= 1 && ports.length === 0 && /^\d*$/.test(port);
}

const uri = z.string().max(2_048).refine(isUri, 'a URI');
/** RFC 3339 with seconds and a zone, which the specification's `date-time` asks for. */
const time = z.iso.datetime({ offset: true }).regex(/T\d\d:\d\d:\d\d/, 'a time with its seconds');
const base = z.looseObject({ _producer: uri, _schemaURL: uri });
const facets = z.record(z.string().max(128), base);
/** Facets of jobs and datasets may say that they are no longer so. */
const deletable = z.record(z.string().max(128), base.extend({ _deleted: z.boolean().optional() }));

const olDatasetSchema = z.looseObject({ namespace: name, name, facets: deletable.optional() });
export type OlDataset = z.infer<typeof olDatasetSchema>;
const inputSchema = olDatasetSchema.extend({ inputFacets: facets.optional() });
const outputSchema = olDatasetSchema.extend({ outputFacets: facets.optional() });

export const runEventSchema = z.looseObject({
  eventType: z.enum(['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER']).optional(),
  eventTime: time,
  producer: uri,
  schemaURL: uri,
  run: z.looseObject({ runId: z.guid(), facets: facets.optional() }),
  job: z.looseObject({ namespace: name, name, facets: deletable.optional() }),
  inputs: z.array(inputSchema).max(MAX_DATASETS).optional(),
  outputs: z.array(outputSchema).max(MAX_DATASETS).optional(),
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
