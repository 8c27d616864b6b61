import type { Artifact, DataArtifact, FeaturesArtifact } from './artifacts';
import { deploymentNode, groupNode, modelNode, runNode } from './artifacts';
import { engineKey, engineOf } from './fold';
import type { FactName, LineageEdge, LineageGraph, LineageNode, Mismatch } from './graph';
import type { ArtifactPlaces, DeploymentFacts, LineageState, ModelFacts, RunFacts } from './state';
import { type TradeRow, type TradeSum, tradeNode } from './trades';

/** The graph that the log's facts make, and the events behind each node but those of trades. */
export interface BuiltGraph extends LineageGraph {
  readonly seqs: ReadonlyMap<string, readonly number[]>;
}

type Facts = (readonly [FactName, string | null])[];
type Draft = Omit<LineageNode, 'facts' | 'events' | 'mismatches'> & { readonly facts: Facts };

/** Builds the graph anew. Every edge joins two nodes that are there. */
export function buildGraph(state: LineageState, sums: readonly TradeSum[]): BuiltGraph {
  const nodes = new Map<string, Draft>();
  const seqs = new Map<string, number[]>();
  const edges = new Map<string, LineageEdge>();
  const mismatches = mismatchesOf(state);
  const groups = groupsOf(sums);

  function put(node: Draft, of: readonly number[]): void {
    const known = nodes.get(node.id);
    nodes.set(node.id, known ? joined(known, node) : node);
    const all = seqs.get(node.id) ?? [];
    all.push(...of);
    seqs.set(node.id, all);
  }

  function join(from: string, to: string, card: string | null): void {
    const key = JSON.stringify([from, to]);
    const known = edges.get(key);
    const by = card === null || known?.by === null ? null : [...(known?.by ?? []), card];
    edges.set(key, { from, to, by });
  }

  for (const [id, facts] of Object.entries(state.models)) {
    const { card, data, features, cards, at } = facts;
    const model = id.slice('model:'.length);
    put(modelDraft(id, model, facts, state.artifacts[id]), facts.seqs);
    if (!card) continue;
    const path: string[] = [];
    if (data) path.push(data.id);
    if (data) put(dataDraft(data, at), cards);
    if (features) path.push(features.id);
    if (features) put(featuresDraft(features, at), cards);
    const { runId } = card.training;
    if (runId !== null) {
      path.push(runNode(runId));
      put(runDraft(runId, at, []), cards);
    }
    path.push(id);
    for (const [place, to] of path.slice(1).entries()) join(path[place] as string, to, model);
  }
  for (const [id, run] of Object.entries(state.runs)) {
    put(runDraft(run.run, run.at, runFacts(run)), run.seqs);
    for (const [artifact, one] of Object.entries(run.inputs)) {
      put(artifactDraft(one, run.at), run.seqs);
      join(artifact, id, null);
    }
    for (const [artifact, one] of Object.entries(run.outputs)) {
      put(artifactDraft(one, run.at), run.seqs);
      join(id, artifact, null);
    }
  }
  for (const [id, deployment] of Object.entries(state.deployments)) {
    put(deploymentDraft(id, deployment), deployment.seqs);
    const model = modelNode(deployment.model);
    if (!nodes.has(model)) put(bareModel(deployment.model, deployment.at), []);
    join(model, id, null);
  }
  for (const [id, group] of groups) {
    put(group.node, []);
    const { model } = group;
    if (!nodes.has(modelNode(model))) put(bareModel(model, group.node.at), []);
    const under = group.spans.map((span) => deploymentsUnder(state, model, span));
    const deployments = new Set(under.flat().map(deploymentNode));
    for (const one of deployments) if (nodes.has(one)) join(one, id, null);
    // What ran without a deployment, at some time or on some engine, hangs on the model itself.
    if (under.some((ids) => ids.length === 0)) join(modelNode(model), id, null);
  }
  return {
    nodes: [...nodes.values()].map(({ facts, ...node }) => ({
      ...node,
      facts: facts.filter((one): one is readonly [FactName, string] => one[1] !== null),
      mismatches: mismatches.get(node.id) ?? [],
      events: groups.get(node.id)?.events ?? new Set(seqs.get(node.id)).size,
    })),
    edges: [...edges.values()],
    seqs,
  };
}

/** The nodes and edges of single trades, to be laid beside their group. */
export function tradeGraph(trades: readonly TradeRow[], group: string): LineageGraph {
  return {
    nodes: trades.map((trade) => {
      const pnl = trade.pnl === null ? null : `${trade.pnl} ${trade.currency}`;
      const facts: Facts = [
        ['engines', trade.engine],
        ['instrument', trade.instrument],
        ['side', trade.side],
        ['quantity', String(trade.quantity)],
        ['entry', text(trade.entryPrice)],
        ['exit', text(trade.exitPrice)],
        ['pnl', pnl],
        ['opened', String(trade.openedAt)],
        ['closed', String(trade.closedAt)],
      ];
      return {
        ...{ id: tradeNode(trade), kind: 'trade', label: trade.tradeId, note: pnl ?? '' },
        ...{ at: trade.closedAt, model: trade.model, mismatches: [], events: 1 },
        facts: facts.filter((one): one is readonly [FactName, string] => one[1] !== null),
      };
    }),
    edges: trades.map((trade) => ({ from: group, to: tradeNode(trade), by: null })),
  };
}

function text(value: number | null): string | null {
  return value === null ? null : String(value);
}

/** Two sources that name one thing: each fact once, what is said first kept. */
function joined(known: Draft, also: Draft): Draft {
  const said = new Set(known.facts.filter(([, value]) => value !== null).map(([name]) => name));
  const more = also.facts.filter(([name, value]) => value !== null && !said.has(name));
  const facts = [...known.facts.filter(([, value]) => value !== null), ...more];
  return { ...known, at: Math.min(known.at, also.at), note: known.note || also.note, facts };
}

function modelDraft(
  id: string,
  model: string,
  { card, stage, at }: ModelFacts,
  places: ArtifactPlaces | undefined,
): Draft {
  const { hashes = {}, leftAt = null } = places ?? {};
  const holders = Object.entries(hashes)
    .filter(([, hash]) => !card || hash === card.hashes.model)
    .map(([key]) => engineOf(key))
    .sort();
  return {
    ...{ id, kind: 'model', label: model, note: card ? `v${card.version}` : '', at, model },
    facts: [
      ['version', card?.version ?? null],
      ['stage', stage],
      ['hash', card?.hashes.model ?? null],
      ['owner', card?.owner ?? null],
      ['registered', card ? String(at) : null],
      ['artifact', holders.length === 0 ? null : holders.join(', ')],
      // Who never had it has not lost it.
      ['gone', holders.length > 0 || leftAt === null ? null : String(leftAt)],
    ],
  };
}

/** A model that trades, engines or pipelines name and no card does. */
function bareModel(model: string, at: number): Draft {
  return { id: modelNode(model), kind: 'model', label: model, note: '', at, model, facts: [] };
}

function dataDraft(
  { id, hash, version, period, namespace, name }: DataArtifact,
  at: number,
): Draft {
  const label = version ?? name ?? hash?.slice(0, 12) ?? id;
  return {
    ...{ id, kind: 'data', label, note: period ?? namespace ?? '', at, model: null },
    facts: [
      ['hash', hash],
      ['dvc', version],
      ['period', period],
      ['namespace', namespace === null ? null : `${namespace}/${name}`],
    ],
  };
}

function featuresDraft({ id, orderHash, normStats, names }: FeaturesArtifact, at: number): Draft {
  const label = (orderHash ?? normStats ?? '').slice(0, 12);
  return {
    ...{ id, kind: 'features', label, note: names.slice(0, 3).join(', '), at, model: null },
    facts: [
      ['orderHash', orderHash],
      ['normStats', normStats],
      ['featureCount', names.length === 0 ? null : String(names.length)],
      ['features', names.length === 0 ? null : names.join(', ')],
    ],
  };
}

function runDraft(run: string, at: number, facts: Facts): Draft {
  const note = facts.find(([name]) => name === 'job')?.[1] ?? '';
  const own: Facts = [['run', run]];
  return {
    id: runNode(run),
    kind: 'run',
    label: run,
    note,
    at,
    model: null,
    facts: [...own, ...facts],
  };
}

function runFacts({ job, producer, state, by }: RunFacts): Facts {
  return [
    ['job', job],
    ['state', state],
    ['producer', producer],
    ['by', by],
  ];
}

function artifactDraft(one: Artifact, at: number): Draft {
  switch (one.kind) {
    case 'data':
      return dataDraft(one, at);
    case 'features':
      return featuresDraft(one, at);
    case 'model':
      return bareModel(one.model, at);
  }
}

function deploymentDraft(id: string, one: DeploymentFacts): Draft {
  const engines = Object.entries(one.engines).map(
    ([key, { outcome }]) => `${engineOf(key)}: ${outcome}`,
  );
  return {
    ...{ id, kind: 'deployment', label: one.kind, note: one.model, at: one.at, model: one.model },
    facts: [
      ['kind', one.kind],
      ['hash', one.hash],
      ['by', one.by],
      ['registered', String(one.at)],
      ['engines', engines.length === 0 ? null : engines.join(', ')],
    ],
  };
}

interface Group {
  readonly model: string;
  readonly node: Draft;
  readonly events: number;
  readonly spans: readonly TradeSum[];
}

function groupsOf(sums: readonly TradeSum[]): Map<string, Group> {
  const byGroup = new Map<string, TradeSum[]>();
  for (const sum of sums) {
    const id = groupNode(sum.model, sum.day);
    const members = byGroup.get(id);
    if (members) members.push(sum);
    else byGroup.set(id, [sum]);
  }
  const groups = new Map<string, Group>();
  for (const [id, spans] of byGroup) {
    const [first] = spans;
    if (!first) continue;
    const count = spans.reduce((all, one) => all + one.count, 0);
    const unknown = spans.reduce((all, one) => all + one.unknown, 0);
    const events = spans.reduce((all, one) => all + one.events, 0);
    const node: Draft = {
      ...{ id, kind: 'trades', label: first.day, note: pnlOf(spans), model: first.model },
      at: Math.min(...spans.map((one) => one.firstOpenedAt)),
      facts: [
        ['day', first.day],
        ['count', String(count)],
        ['pnl', pnlOf(spans)],
        ['unknownPnl', unknown === 0 ? null : String(unknown)],
        ['engines', [...new Set(spans.map(({ engine }) => engine))].sort().join(', ')],
      ],
    };
    groups.set(id, { model: first.model, node, events, spans });
  }
  return groups;
}

function pnlOf(spans: readonly TradeSum[]): string {
  const sums = new Map<string, number>();
  for (const { currency, pnl } of spans) sums.set(currency, (sums.get(currency) ?? 0) + pnl);
  return [...sums]
    .map(([currency, pnl]) => `${Math.round(pnl * 100) / 100} ${currency}`)
    .join(' + ');
}

/** The deployments under which an engine ran a model while these trades were open. */
function deploymentsUnder(state: LineageState, model: string, span: TradeSum): string[] {
  const loads = state.loads[engineKey(span.engine)] ?? [];
  const found: string[] = [];
  for (const [at, load] of loads.entries()) {
    const until = loads[at + 1]?.at ?? Number.POSITIVE_INFINITY;
    const apart = load.at > span.lastClosedAt || until < span.firstOpenedAt;
    if (!apart && load.model === model && load.deployment !== null) found.push(load.deployment);
  }
  return found;
}

/** Everything that does not agree, by the node it is shown at. */
function mismatchesOf(state: LineageState): Map<string, Mismatch[]> {
  const found = new Map<string, Mismatch[]>();
  const add = (id: string, one: Mismatch): void => {
    const all = found.get(id);
    if (all) all.push(one);
    else found.set(id, [one]);
  };
  const registered = (id: string) => state.models[id]?.card?.hashes.model ?? null;
  for (const [key, running] of Object.entries(state.running)) {
    const expected = running && registered(modelNode(running.model));
    if (running && expected && expected !== running.hash) {
      const about = engineOf(key);
      const one: Mismatch = { kind: 'engine_hash', about, expected, found: running.hash };
      add(modelNode(running.model), one);
    }
  }
  for (const [id, { engines, hash: expected }] of Object.entries(state.deployments)) {
    for (const [key, { hash }] of Object.entries(engines)) {
      if (hash === null || hash === expected) continue;
      add(id, { kind: 'deployment_hash', about: engineOf(key), expected, found: hash });
    }
  }
  const madeBy = new Map<string, string[]>();
  for (const [model, { card }] of Object.entries(state.models)) {
    if (card?.training.runId == null) continue;
    const run = runNode(card.training.runId);
    madeBy.set(run, [...(madeBy.get(run) ?? []), model]);
  }
  for (const [id, run] of Object.entries(state.runs)) {
    const said = [...Object.values(run.inputs), ...Object.values(run.outputs)];
    const features = said.filter((one) => one.kind === 'features');
    const about = run.run;
    for (const one of features) {
      const { orderHash: found, namesHash: expected } = one;
      if (found === null || expected === null || found === expected) continue;
      add(one.id, { kind: 'feature_order_hash', about, expected, found });
    }
    for (const model of new Set([...(madeBy.get(id) ?? []), ...Object.keys(run.outputs)])) {
      const own = state.models[model]?.features;
      // A run may read several sets; one that is the card's is enough.
      if (!own || features.some((one) => differences(own, one).length === 0)) continue;
      for (const one of features) {
        for (const { kind, expected, found } of differences(own, one)) {
          add(one.id, { kind, about, expected, found });
          add(own.id, { kind, about, expected, found });
        }
      }
    }
  }
  const versions = new Map<string, Map<string, DataArtifact>>();
  const note = (data: DataArtifact): void => {
    if (data.version === null || data.hash === null) return;
    const known = versions.get(data.version) ?? new Map<string, DataArtifact>();
    versions.set(data.version, known.set(data.hash, data));
  };
  for (const { data } of Object.values(state.models)) if (data) note(data);
  for (const [id, { inputs, outputs }] of Object.entries(state.runs)) {
    for (const one of [...Object.values(inputs), ...Object.values(outputs)]) {
      if (one.kind === 'data') note(one);
      if (one.kind !== 'model' || one.hash === null) continue;
      const expected = registered(one.id);
      if (expected === null || expected === one.hash) continue;
      const about = id.slice('run:'.length);
      add(one.id, { kind: 'reported_hash', about, expected, found: one.hash });
    }
  }
  for (const [version, hashes] of versions) {
    const [first, ...others] = [...hashes.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    if (!first?.hash) continue;
    for (const other of others) {
      if (!other.hash) continue;
      const about = version;
      add(other.id, { kind: 'dataset_hash', about, expected: first.hash, found: other.hash });
      add(first.id, { kind: 'dataset_hash', about, expected: other.hash, found: first.hash });
    }
  }
  return found;
}

/** In what a feature set is not the one that a card names. What either leaves open is no difference. */
function differences(
  card: FeaturesArtifact,
  said: FeaturesArtifact,
): readonly Omit<Mismatch, 'about'>[] {
  const pairs = [
    ['feature_order_hash', card.orderHash, said.orderHash],
    ['norm_stats_hash', card.normStats, said.normStats],
  ] as const;
  return pairs.flatMap(([kind, expected, found]) =>
    expected === null || found === null || expected === found ? [] : [{ kind, expected, found }],
  );
}
