import type { DeploymentKind, Settlement } from '../models/events';
import type { Registration, Stage } from '../models/model';
import type { Artifact, DataArtifact, FeaturesArtifact } from './artifacts';

/** A model as its latest card has it. */
export interface ModelFacts {
  readonly card: Registration | null;
  readonly data: DataArtifact | null;
  readonly features: FeaturesArtifact | null;
  readonly stage: Stage;
  readonly at: number;
  /** Sequences of the events about it, oldest first; of these those that were its cards. */
  readonly seqs: readonly number[];
  readonly cards: readonly number[];
}

export interface DeploymentFacts {
  readonly id: string;
  readonly model: string;
  readonly hash: string;
  readonly kind: DeploymentKind;
  readonly by: string;
  readonly at: number;
  /** Each engine's latest answer. */
  readonly engines: Readonly<
    Record<string, { readonly outcome: Settlement; readonly hash: string | null }>
  >;
  readonly seqs: readonly number[];
}

/** From when on an engine is known to run a model; `deployment` is null where none brought it. */
export interface Load {
  readonly at: number;
  readonly model: string | null;
  readonly deployment: string | null;
}

/** Which engines have a model's artifact, and when one last ceased to have it as it was. */
export interface ArtifactPlaces {
  /** By engine: the hash of what it has. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly leftAt: number | null;
}

/** A pipeline's run, put together from its events. */
export interface RunFacts {
  readonly run: string;
  readonly job: string;
  readonly producer: string;
  readonly state: string;
  readonly at: number;
  readonly by: string;
  readonly inputs: Readonly<Record<string, Artifact>>;
  readonly outputs: Readonly<Record<string, Artifact>>;
  readonly seqs: readonly number[];
}

/** Everything the log says of where things come from. Keys carry a prefix: ids are from outside. */
export interface LineageState {
  /** Last event folded. */
  readonly seq: number;
  readonly models: Readonly<Record<string, ModelFacts>>;
  readonly deployments: Readonly<Record<string, DeploymentFacts>>;
  /** By engine, oldest first. */
  readonly loads: Readonly<Record<string, readonly Load[]>>;
  /** What each engine last said it runs. */
  readonly running: Readonly<
    Record<string, { readonly model: string; readonly hash: string; readonly seq: number } | null>
  >;
  /** By model, as engines last said what they have. */
  readonly artifacts: Readonly<Record<string, ArtifactPlaces>>;
  readonly runs: Readonly<Record<string, RunFacts>>;
}

export const NO_LINEAGE: LineageState = {
  seq: 0,
  models: {},
  deployments: {},
  loads: {},
  running: {},
  artifacts: {},
  runs: {},
};

/** The log's events that the lineage rests on. */
export const LINEAGE_TYPES = [
  'model.registered',
  'model.updated',
  'model.metrics_reported',
  'model.stage_changed',
  'engine.models_reported',
  'deployment.started',
  'deployment.engine_settled',
  'deployment.incomplete',
  'deployment.completed',
  'lineage.received',
] as const;
