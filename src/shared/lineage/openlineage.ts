import type { Sha256 } from '../log/chain';
import type { Artifact } from './artifacts';
import { ARTIFACT_FACET, RUN_FACET } from './artifacts';
import { type OlDataset, type RunEvent, runEventSchema } from './runEvent';
import type { DeploymentFacts, LineageState, ModelFacts } from './state';

/** The log's lineage as OpenLineage run events (specification 2-0-2), and such events read back. */

const SPEC = 'https://openlineage.io/spec/2-0-2/OpenLineage.json';
const VERSION_FACET =
  'https://openlineage.io/spec/facets/1-0-0/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet';
const JOB_TYPE_FACET =
  'https://openlineage.io/spec/facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet';
const NAMESPACE = 'vigia';

/**
 * What the log says, as run events: one `COMPLETE` for each card that names what it was made from,
 * one `RUNNING` of type SERVICE for each deployment. What pipelines told us goes out as it came in.
 *
 * @param received the events of `lineage.received`, in the log's order.
 * @param producer a URI for who says it.
 */
export function toRunEvents(
  state: LineageState,
  received: readonly RunEvent[],
  producer: string,
  sha256: Sha256,
): RunEvent[] {
  const trained = Object.values(state.models).map((model) => training(model, producer, sha256));
  const served = Object.values(state.deployments).map((one) => service(one, producer, sha256));
  return [...received, ...trained.filter((one) => one !== null), ...served];
}

/**
 * Reads run events from a file's text: one event, an array of them, or one a line.
 *
 * @returns the events that fit, and for each other its place and what is wrong with it.
 */
export function readRunEvents(text: string): {
  readonly events: readonly RunEvent[];
  readonly faults: readonly string[];
} {
  const events: RunEvent[] = [];
  const faults: string[] = [];
  for (const [at, value] of valuesOf(text).entries()) {
    const parsed = value === undefined ? null : runEventSchema.safeParse(value);
    if (parsed?.success) events.push(parsed.data);
    else {
      const [issue] = parsed?.error.issues ?? [];
      const where = issue?.path.map(String).join('.') ?? '';
      faults.push(`${at + 1}: ${issue ? `${where}: ${issue.message}` : 'not JSON'}`);
    }
  }
  return { events, faults };
}

function valuesOf(text: string): readonly unknown[] {
  const whole = readJson(text);
  if (Array.isArray(whole)) return whole;
  if (whole !== undefined) return [whole];
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(readJson);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function training(model: ModelFacts, producer: string, sha256: Sha256): RunEvent | null {
  const { card, data, features, at } = model;
  if (!card || (!data && !features && card.training.runId === null)) return null;
  const run = card.training.runId ?? card.model;
  const named = card.training.runId;
  const inputs = [data, features].filter((one) => one !== null);
  const artifact: Artifact = {
    ...{ kind: 'model', id: '', model: card.model, hash: card.hashes.model },
  };
  return {
    eventType: 'COMPLETE',
    eventTime: new Date(at).toISOString(),
    producer,
    schemaURL: `${SPEC}#/$defs/RunEvent`,
    run: {
      runId: uuidOf(`run:${run}`, sha256),
      facets:
        named === null ? {} : { [RUN_FACET]: facet(producer, 'RunFacet', { mlflowRunId: named }) },
    },
    job: job(`train.${card.model}`, 'BATCH', 'TRAINING', producer),
    inputs: inputs.map((one) => dataset(one, null, producer)),
    outputs: [dataset(artifact, card.version, producer)],
  };
}

function service(one: DeploymentFacts, producer: string, sha256: Sha256): RunEvent {
  const artifact: Artifact = { kind: 'model', id: '', model: one.model, hash: one.hash };
  const trades: OlDataset = {
    namespace: NAMESPACE,
    name: `trades.${one.model}`,
    facets: { [ARTIFACT_FACET]: facet(producer, 'DatasetFacet', { kind: 'trades' }) },
  };
  return {
    eventType: 'RUNNING',
    eventTime: new Date(one.at).toISOString(),
    producer,
    schemaURL: `${SPEC}#/$defs/RunEvent`,
    run: { runId: uuidOf(`deployment:${one.id}`, sha256), facets: {} },
    job: job('trading', 'SERVICE', 'DEPLOYMENT', producer),
    inputs: [dataset(artifact, null, producer)],
    outputs: [trades],
  };
}

function job(name: string, processingType: string, jobType: string, producer: string) {
  const type = { processingType, integration: 'VIGIA', jobType };
  return {
    namespace: NAMESPACE,
    name,
    facets: { jobType: { _producer: producer, _schemaURL: JOB_TYPE_FACET, ...type } },
  };
}

function dataset(one: Artifact, modelVersion: string | null, producer: string): OlDataset {
  const version = one.kind === 'data' ? one.version : modelVersion;
  const versioned =
    version === null
      ? {}
      : { version: { _producer: producer, _schemaURL: VERSION_FACET, datasetVersion: version } };
  const own = facet(producer, 'DatasetFacet', artifactFacet(one));
  const facets = { ...versioned, [ARTIFACT_FACET]: own };
  switch (one.kind) {
    case 'data': {
      const name = one.name ?? `data.${one.version ?? one.hash ?? one.id}`;
      return { namespace: one.namespace ?? NAMESPACE, name, facets };
    }
    case 'features':
      return { namespace: NAMESPACE, name: `features.${one.orderHash ?? one.normStats}`, facets };
    case 'model':
      return { namespace: NAMESPACE, name: `model.${one.model}`, facets };
  }
}

function artifactFacet(one: Artifact): object {
  switch (one.kind) {
    case 'data':
      return { kind: one.kind, sha256: one.hash, period: one.period };
    case 'features': {
      const { kind, orderHash: orderSha256, normStats: normStatsSha256, names } = one;
      return { kind, orderSha256, normStatsSha256, names: [...names] };
    }
    case 'model':
      return { kind: one.kind, model: one.model, sha256: one.hash };
  }
}

/** A facet of our own; its schema is the base one, which lets it carry anything. */
function facet(producer: string, base: 'RunFacet' | 'DatasetFacet', content: object) {
  return { _producer: producer, _schemaURL: `${SPEC}#/$defs/${base}`, ...content };
}

/** The same name has the same UUID (RFC 9562, version 8), so that one run is one run everywhere. */
function uuidOf(name: string, sha256: Sha256): string {
  const hex = sha256(`vigia:${name}`);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
