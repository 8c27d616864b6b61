import { z } from 'zod';
import { canonicalJson } from '../log/canonical';
import type { Sha256 } from '../log/chain';
import { modelHashSchema, type Registration } from '../models/model';
import type { OlDataset, RunEvent } from './runEvent';

/** How things are named, so that a card and a pipeline that mean the same thing meet in one node. */

export const modelNode = (model: string): string => `model:${model}`;
export const runNode = (run: string): string => `run:${run}`;
export const deploymentNode = (deployment: string): string => `deployment:${deployment}`;
export const groupNode = (model: string, day: string): string => `trades:${day}:${model}`;

export interface DataArtifact {
  readonly kind: 'data';
  readonly id: string;
  readonly hash: string | null;
  readonly version: string | null;
  readonly period: string | null;
  /** Where a pipeline says it is; null for one that only cards name. */
  readonly namespace: string | null;
  readonly name: string | null;
}
export interface FeaturesArtifact {
  readonly kind: 'features';
  readonly id: string;
  /** SHA-256 of the canonical JSON of the names in their order; null where the order is unknown. */
  readonly orderHash: string | null;
  readonly normStats: string | null;
  readonly names: readonly string[];
  /** What the names hash to in the order in which they were given; null where there are none. */
  readonly namesHash: string | null;
}
export interface ModelArtifact {
  readonly kind: 'model';
  readonly id: string;
  readonly model: string;
  readonly hash: string | null;
}
export type Artifact = DataArtifact | FeaturesArtifact | ModelArtifact;

/** A dataset of a card: known by its hash, else by its version; null where the card names none. */
export function dataOf({ hashes, training }: Registration): DataArtifact | null {
  const version = training.datasetVersion;
  const key = hashes.dataset ?? (version === null ? null : `version:${version}`);
  if (key === null) return null;
  const period =
    training.from !== null && training.to !== null ? `${training.from} – ${training.to}` : null;
  return {
    ...{ kind: 'data', id: `data:${key}`, hash: hashes.dataset, version, period },
    ...{ namespace: null, name: null },
  };
}

/** A card's feature set, known by the hash of its order and by that of its statistics. */
export function featuresOf(
  { featureOrder: names, hashes }: Registration,
  sha256: Sha256,
): FeaturesArtifact | null {
  const orderHash = names.length === 0 ? null : sha256(canonicalJson(names));
  return namedFeatures(orderHash, hashes.normStats, names, orderHash);
}

function namedFeatures(
  orderHash: string | null,
  normStats: string | null,
  names: readonly string[],
  namesHash: string | null,
): FeaturesArtifact | null {
  if (orderHash === null && normStats === null) return null;
  const id = `features:${orderHash ?? '-'}:${normStats ?? '-'}`;
  return { kind: 'features', id, orderHash, normStats, names, namesHash };
}

/** The facet by which Vigía says of a dataset what it is in its own log. */
export const ARTIFACT_FACET = 'vigia_artifact';
/** The facet by which a run says what it is called in MLflow. */
export const RUN_FACET = 'vigia_run';

export const artifactFacetSchema = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('data'),
    sha256: modelHashSchema.nullable(),
    period: z.string().max(64).nullable().default(null),
  }),
  z.looseObject({
    kind: z.literal('features'),
    orderSha256: modelHashSchema.nullable(),
    normStatsSha256: modelHashSchema.nullable(),
    names: z.array(z.string().min(1).max(128)).max(2_000).default([]),
  }),
  z.looseObject({
    kind: z.literal('model'),
    model: z.string().min(1).max(128),
    sha256: modelHashSchema.nullable(),
  }),
  /** Trades of the live service; engines tell of them, and nobody else. */
  z.looseObject({ kind: z.literal('trades') }),
]);
const versionFacet = z.looseObject({ datasetVersion: z.string().min(1).max(128) });
const runFacet = z.looseObject({ mlflowRunId: z.string().min(1).max(128) });

/** What a pipeline's dataset is; null for trades, which a pipeline does not tell us of. */
export function artifactOf(
  { namespace, name, facets }: OlDataset,
  sha256: Sha256,
): Artifact | null {
  const version = versionFacet.safeParse(facets?.version).data?.datasetVersion ?? null;
  const facet = artifactFacetSchema.safeParse(facets?.[ARTIFACT_FACET]).data;
  const place = { namespace, name };
  switch (facet?.kind) {
    case 'trades':
      return null;
    case 'model': {
      const { model, sha256: hash } = facet;
      return { kind: 'model', id: modelNode(model), model, hash };
    }
    case 'features': {
      const { orderSha256, normStatsSha256, names } = facet;
      const namesHash = names.length === 0 ? null : sha256(canonicalJson(names));
      const features = namedFeatures(orderSha256, normStatsSha256, names, namesHash);
      if (features) return features;
      break;
    }
    case 'data': {
      const { sha256: hash, period } = facet;
      const key = hash ?? (version === null ? null : `version:${version}`);
      if (key !== null) return { kind: 'data', id: `data:${key}`, hash, version, period, ...place };
    }
  }
  const id = `data:at:${JSON.stringify([namespace, name, version])}`;
  return { kind: 'data', id, hash: null, version, period: null, ...place };
}

/** The node of a pipeline's run: by its MLflow id where it has one. */
export function runIdOf({ run }: RunEvent): string {
  return runFacet.safeParse(run.facets?.[RUN_FACET]).data?.mlflowRunId ?? run.runId;
}
