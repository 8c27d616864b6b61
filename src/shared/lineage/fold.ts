import type { Sha256 } from '../log/chain';
import type { LogEvent } from '../log/event';
import type { DomainEvent, EventOf } from '../ops/events';
import { toDomainEvent } from '../ops/events';
import type { Artifact } from './artifacts';
import {
  artifactOf,
  dataOf,
  deploymentNode,
  featuresOf,
  modelNode,
  runIdOf,
  runNode,
} from './artifacts';
import type { OlDataset } from './runEvent';
import type { ArtifactPlaces, DeploymentFacts, LineageState, Load, ModelFacts } from './state';

/** Events remembered of one node; the log has them all. */
const SEQS_KEPT = 500;

/** Folds one event of the log into the lineage. Events already folded change nothing. */
export function foldLineage(state: LineageState, event: LogEvent, sha256: Sha256): LineageState {
  if (event.seq <= state.seq) return state;
  const known = toDomainEvent(event);
  const next = known ? apply(state, known, sha256) : state;
  return { ...next, seq: event.seq };
}

function apply(state: LineageState, event: DomainEvent, sha256: Sha256): LineageState {
  switch (event.type) {
    case 'model.registered': {
      const { source: _, before: __, ...card } = event.data;
      const about = { card, data: dataOf(card), features: featuresOf(card, sha256) };
      return withModel(state, card.model, event, (one) => ({
        ...one,
        ...about,
        cards: kept(one.cards, event.seq),
      }));
    }
    case 'model.updated': {
      const { model, owner, backupOwner } = event.data;
      return withModel(state, model, event, (one) =>
        one.card ? { ...one, card: { ...one.card, owner, backupOwner } } : one,
      );
    }
    case 'model.metrics_reported':
      return withModel(state, event.data.model, event, (one) => one);
    case 'model.stage_changed':
      return withModel(state, event.data.model, event, (one) => ({ ...one, stage: event.data.to }));
    case 'engine.models_reported':
      return reported(state, event);
    case 'deployment.started': {
      const { deployment: id, model, hash, kind } = event.data;
      const begun: DeploymentFacts = {
        ...{ id, model, hash, kind, by: event.actor.id, at: event.ts, engines: {} },
        seqs: [event.seq],
      };
      return { ...state, deployments: { ...state.deployments, [deploymentNode(id)]: begun } };
    }
    case 'deployment.engine_settled':
      return settled(state, event);
    case 'deployment.incomplete':
    case 'deployment.completed':
      return withDeployment(state, event.data.deployment, event.seq, (one) => one);
    case 'lineage.received':
      return received(state, event, sha256);
    default:
      return state;
  }
}

function kept(seqs: readonly number[], seq: number): readonly number[] {
  return [...seqs, seq].slice(-SEQS_KEPT);
}

function withModel(
  state: LineageState,
  model: string,
  event: { readonly seq: number; readonly ts: number },
  change: (facts: ModelFacts) => ModelFacts,
): LineageState {
  const id = modelNode(model);
  const before: ModelFacts = state.models[id] ?? {
    ...{ card: null, data: null, features: null, stage: 'development' },
    ...{ at: event.ts, seqs: [], cards: [] },
  };
  const after = change({ ...before, seqs: kept(before.seqs, event.seq) });
  return { ...state, models: { ...state.models, [id]: after } };
}

function withDeployment(
  state: LineageState,
  deployment: string,
  seq: number,
  change: (facts: DeploymentFacts) => DeploymentFacts,
): LineageState {
  const id = deploymentNode(deployment);
  const before = state.deployments[id];
  if (!before) return state;
  const after = change({ ...before, seqs: kept(before.seqs, seq) });
  return { ...state, deployments: { ...state.deployments, [id]: after } };
}

function reported(state: LineageState, event: EventOf<'engine.models_reported'>): LineageState {
  const { engine, loaded } = event.data;
  const key = engineKey(engine);
  const running = loaded && { model: loaded.model, hash: loaded.hash, seq: event.seq };
  const now = { ...placed(state, event), running: { ...state.running, [key]: running } };
  const last = state.loads[key]?.at(-1);
  if ((last?.model ?? null) === (loaded?.model ?? null)) return now;
  return withLoad(now, engine, { at: event.ts, model: loaded?.model ?? null, deployment: null });
}

/** An engine says which artifacts it has; what it does not name, it has no longer. */
function placed(state: LineageState, event: EventOf<'engine.models_reported'>): LineageState {
  const { engine, loaded, available } = event.data;
  const key = engineKey(engine);
  // What lies there counts before what it runs: it may run other bytes than those it has.
  const has = new Map(
    [...(loaded ? [loaded] : []), ...available].map(({ model, hash }) => [modelNode(model), hash]),
  );
  const artifacts: Record<string, ArtifactPlaces> = { ...state.artifacts };
  const models: Record<string, ModelFacts> = { ...state.models };
  for (const id of new Set([...has.keys(), ...Object.keys(artifacts)])) {
    const { hashes, leftAt }: ArtifactPlaces = artifacts[id] ?? { hashes: {}, leftAt: null };
    const { [key]: before, ...others } = hashes;
    const hash = has.get(id);
    if (before === hash) continue;
    artifacts[id] = {
      hashes: hash === undefined ? others : { ...others, [key]: hash },
      leftAt: before === undefined ? leftAt : event.ts,
    };
    const model = models[id];
    if (model) models[id] = { ...model, seqs: kept(model.seqs, event.seq) };
  }
  return { ...state, artifacts, models };
}

function settled(state: LineageState, event: EventOf<'deployment.engine_settled'>): LineageState {
  const { deployment, engine, outcome, hash } = event.data;
  const next = withDeployment(state, deployment, event.seq, (one) => ({
    ...one,
    engines: { ...one.engines, [engineKey(engine)]: { outcome, hash } },
  }));
  const model = next.deployments[deploymentNode(deployment)]?.model;
  if (outcome !== 'loaded' || model === undefined) return next;
  return withLoad(next, engine, { at: event.ts, model, deployment });
}

/** An engine's own word that it runs a model may come before the deployment's; it is one load. */
function withLoad(state: LineageState, engine: string, load: Load): LineageState {
  const key = engineKey(engine);
  const before = state.loads[key] ?? [];
  const last = before.at(-1);
  const same = last?.model === load.model && last.deployment === null && load.deployment !== null;
  const started =
    load.deployment === null ? null : state.deployments[deploymentNode(load.deployment)];
  const joined = same && started && last.at >= started.at;
  const loads = joined ? [...before.slice(0, -1), { ...load, at: last.at }] : [...before, load];
  return { ...state, loads: { ...state.loads, [key]: loads } };
}

function received(
  state: LineageState,
  event: EventOf<'lineage.received'>,
  sha256: Sha256,
): LineageState {
  const said = event.data.event;
  const run = runIdOf(said);
  const id = runNode(run);
  const before = state.runs[id];
  const facts = {
    run,
    job: `${said.job.namespace}/${said.job.name}`,
    producer: said.producer,
    state: said.eventType ?? before?.state ?? 'OTHER',
    at: before?.at ?? event.ts,
    by: event.actor.id,
    inputs: { ...before?.inputs, ...artifacts(said.inputs ?? [], sha256) },
    outputs: { ...before?.outputs, ...artifacts(said.outputs ?? [], sha256) },
    seqs: kept(before?.seqs ?? [], event.seq),
  };
  return { ...state, runs: { ...state.runs, [id]: facts } };
}

function artifacts(datasets: readonly OlDataset[], sha256: Sha256): Record<string, Artifact> {
  const found = datasets.map((one) => artifactOf(one, sha256)).filter((one) => one !== null);
  return Object.fromEntries(found.map((one) => [one.id, one]));
}

/** An engine's id as a key that is never JavaScript's own. */
export const engineKey = (engine: string): string => `engine:${engine}`;
export const engineOf = (key: string): string => key.slice('engine:'.length);
