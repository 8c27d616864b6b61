import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { buildGraph, tradeGraph } from '../../../src/shared/lineage/build';
import { finish, indexSteps, type LineageGraph } from '../../../src/shared/lineage/graph';
import { trace } from '../../../src/shared/lineage/trace';
import { canonicalJson } from '../../../src/shared/log/canonical';
import { deployed, foldSaid, registered, sumOf } from '../../support/lineage';
import { artifact } from '../../support/models';

const ids = (graph: LineageGraph) => graph.nodes.map(({ id }) => id).sort();
const pairs = ({ edges }: LineageGraph) => edges.map(({ from, to }) => `${from} → ${to}`).sort();
const node = (graph: LineageGraph, id: string) => graph.nodes.find((one) => one.id === id);

/** Ids of everything up (down) from a node. */
function walk(graph: LineageGraph, id: string, direction: 'up' | 'down'): string[] {
  const index = finish(indexSteps(graph));
  const { nodes } = trace(index, index.numberOf.get(id) ?? -1, direction);
  return [...nodes].map((number) => graph.nodes[number]?.id ?? '').sort();
}

const data = `data:${sha256('data')}`;
const order = sha256(canonicalJson(['ret_1', 'ret_5']));
const features = `features:${order}:${sha256('norm')}`;
const training = (change: object) => ({
  training: {
    dataset_hash: sha256('data'),
    dataset_version: 'dvc-1',
    dataset_period: '2024-01-01 to 2025-12-31',
    norm_stats_hash: sha256('norm'),
    mlflow_run_id: 'run_1',
    ...change,
  },
});

describe('the graph of the log’s facts', () => {
  it('leads from the data to the days of trades', () => {
    const state = foldSaid([registered('m1'), ...deployed('m1', 'e1', 1_000_000)]);
    const graph = buildGraph(state, [sumOf('m1', '2026-03-02', 2_000_000)]);
    const deployment = 'deployment:d-m1-1000000';
    expect(pairs(graph)).toEqual(
      [
        `${data} → ${features}`,
        `${features} → run:run_1`,
        'run:run_1 → model:m1',
        `model:m1 → ${deployment}`,
        `${deployment} → trades:2026-03-02:m1`,
      ].sort(),
    );
    expect(node(graph, data)).toMatchObject({ label: 'dvc-1', note: '2024-01-01 – 2025-12-31' });
    expect(node(graph, features)?.facts).toContainEqual(['orderHash', order]);
    expect(node(graph, 'model:m1')?.facts).toContainEqual(['hash', artifact('m1').hash]);
    const day = node(graph, 'trades:2026-03-02:m1');
    expect(day?.facts).toContainEqual(['pnl', '12.5 USD']);
    expect(day?.events).toBe(0);
    expect(node(graph, data)?.events).toBe(1);
    expect(walk(graph, 'trades:2026-03-02:m1', 'up')).toHaveLength(5);
    expect(walk(graph, data, 'down')).toContain('trades:2026-03-02:m1');
  });

  it('skips what a card does not name, and hangs trades without a deployment on the model', () => {
    const bare = { feature_order: [], training: { dataset_version: 'dvc-1' } };
    const state = foldSaid([registered('m1', bare)]);
    const graph = buildGraph(state, [
      sumOf('m1', '2026-03-02', 5),
      sumOf('unheard', '2026-03-02', 5),
    ]);
    expect(pairs(graph)).toEqual([
      'data:version:dvc-1 → model:m1',
      'model:m1 → trades:2026-03-02:m1',
      'model:unheard → trades:2026-03-02:unheard',
    ]);
  });

  it('tells under which deployment a day was traded, by engine and time', () => {
    const state = foldSaid([
      registered('m1'),
      registered('m2'),
      ...deployed('m1', 'e1', 1_000_000),
      ...deployed('m2', 'e1', 2_000_000),
      ...deployed('m1', 'e1', 3_000_000),
    ]);
    const graph = buildGraph(state, [
      sumOf('m1', '2026-03-01', 1_500_000),
      sumOf('m1', '2026-03-03', 3_500_000),
      sumOf('m2', '2026-03-02', 2_500_000),
      sumOf('m1', '2026-03-04', 3_600_000, { engine: 'elsewhere' }),
    ]);
    const into = (id: string) => pairs(graph).filter((one) => one.endsWith(id));
    expect(into('trades:2026-03-01:m1')).toEqual([
      'deployment:d-m1-1000000 → trades:2026-03-01:m1',
    ]);
    expect(into('trades:2026-03-03:m1')).toEqual([
      'deployment:d-m1-3000000 → trades:2026-03-03:m1',
    ]);
    expect(into('trades:2026-03-02:m2')).toEqual([
      'deployment:d-m2-2000000 → trades:2026-03-02:m2',
    ]);
    expect(into('trades:2026-03-04:m1')).toEqual(['model:m1 → trades:2026-03-04:m1']);
  });

  it('keeps what two cards say apart where they share a feature set', () => {
    const other = training({
      dataset_hash: sha256('other'),
      dataset_version: 'dvc-2',
      mlflow_run_id: 'run_2',
    });
    const graph = buildGraph(foldSaid([registered('m1'), registered('m2', other)]), []);
    expect(walk(graph, 'model:m1', 'up')).toEqual([data, features, 'run:run_1'].sort());
    expect(walk(graph, 'model:m2', 'up')).toContain(`data:${sha256('other')}`);
    expect(walk(graph, 'model:m2', 'up')).not.toContain(data);
    expect(walk(graph, data, 'down')).not.toContain('model:m2');
    expect(walk(graph, features, 'up')).toEqual([data, `data:${sha256('other')}`].sort());
  });

  it('puts trades beside their day, each with what is known of it', () => {
    const row = {
      ...{ engine: 'e1', tradeId: 't1', model: 'm1', instrument: 'USD/COP', side: 'long' as const },
      ...{ quantity: 1, entryPrice: 4_000, exitPrice: null, pnl: null, currency: 'USD' },
      ...{ openedAt: 1, closedAt: 2 },
    };
    const { nodes, edges } = tradeGraph([row], 'trades:d:m1');
    expect(edges).toEqual([{ from: 'trades:d:m1', to: 'trade:["e1","t1",2]', by: null }]);
    expect(nodes[0]?.facts).not.toContainEqual(['pnl', expect.anything()]);
    expect(nodes[0]?.facts).toContainEqual(['entry', '4000']);
  });
});

describe('mismatches', () => {
  it('an engine that runs other bytes than the registered ones, until it runs the right ones', () => {
    const wrong = { ...artifact('m1'), hash: sha256('forged') };
    const report = (loaded: object) => ({
      type: 'engine.models_reported',
      data: { engine: 'e1', loaded, available: [] },
    });
    const state = foldSaid([registered('m1'), report(wrong)]);
    const found = node(buildGraph(state, []), 'model:m1')?.mismatches;
    expect(found).toEqual([
      {
        ...{ kind: 'engine_hash', about: 'e1' },
        ...{ expected: artifact('m1').hash, found: wrong.hash },
      },
    ]);
    const after = foldSaid([report(artifact('m1'))], state);
    expect(node(buildGraph(after, []), 'model:m1')?.mismatches).toEqual([]);
  });

  it('a deployment that an engine answered with another hash', () => {
    const [started] = deployed('m1', 'e1', 1_000_000);
    const settled = {
      ...{ deployment: 'd-m1-1000000', engine: 'e1', attempt: 1, outcome: 'wrong_hash' },
      ...{ hash: sha256('forged'), detail: '' },
    };
    const said = [
      registered('m1'),
      started as never,
      { type: 'deployment.engine_settled', data: settled },
    ];
    const graph = buildGraph(foldSaid(said), []);
    expect(node(graph, 'deployment:d-m1-1000000')?.mismatches).toHaveLength(1);
  });

  it('one version of the data with two hashes, on both', () => {
    const other = training({ dataset_hash: sha256('changed'), mlflow_run_id: 'run_2' });
    const graph = buildGraph(foldSaid([registered('m1'), registered('m2', other)]), []);
    for (const id of [data, `data:${sha256('changed')}`]) {
      expect(node(graph, id)?.mismatches).toMatchObject([{ kind: 'dataset_hash', about: 'dvc-1' }]);
    }
  });

  it('names from outside are never JavaScript’s own', () => {
    const state = foldSaid([
      {
        type: 'engine.models_reported',
        data: { engine: '__proto__', loaded: artifact('constructor'), available: [] },
      },
    ]);
    const graph = buildGraph(state, [sumOf('__proto__', '2026-03-02', 5)]);
    expect(ids(graph)).toEqual(['model:__proto__', 'trades:2026-03-02:__proto__']);
  });
});
