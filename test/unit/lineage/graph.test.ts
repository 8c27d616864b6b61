import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { buildGraph, tradeGraph } from '../../../src/shared/lineage/build';
import { finish, indexSteps, type LineageGraph } from '../../../src/shared/lineage/graph';
import { NO_LINEAGE } from '../../../src/shared/lineage/state';
import { trace } from '../../../src/shared/lineage/trace';
import { tradeOf } from '../../../src/shared/lineage/trades';
import { canonicalJson } from '../../../src/shared/log/canonical';
import { closedTrade, deployed, foldSaid, registered, sumOf } from '../../support/lineage';
import { artifact } from '../../support/models';
import { runEvent } from '../../support/openLineage';

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
    expect(day?.events).toBe(2);
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
      ...closedTrade('t1', 2, { entryPrice: 4_000, exitPrice: null, pnl: null }),
      ...{ engine: 'e1', seq: 9 },
    };
    const { nodes, edges } = tradeGraph([row], 'trades:d:m1');
    expect(edges).toEqual([{ from: 'trades:d:m1', to: 'trade:["e1","t1",2]', by: null }]);
    expect(nodes[0]?.facts).not.toContainEqual(['pnl', expect.anything()]);
    expect(nodes[0]?.facts).toContainEqual(['entry', '4000']);
    expect(nodes[0]?.events).toBe(1);
    expect(tradeOf(nodes[0]?.id ?? '')).toEqual(['e1', 't1', 2]);
    expect([tradeOf('trades:d:m1'), tradeOf('trade:[1]'), tradeOf('trade:x')]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('counts the events of a day of trades over its engines and currencies', () => {
    const sums = [
      sumOf('m1', '2026-03-02', 5),
      sumOf('m1', '2026-03-02', 5, { currency: 'COP', events: 0 }),
      sumOf('m1', '2026-03-02', 5, { engine: 'e2', events: 3 }),
    ];
    expect(node(buildGraph(NO_LINEAGE, sums), 'trades:2026-03-02:m1')?.events).toBe(5);
  });
});

describe('a model’s artifact', () => {
  const report = (engine: string, ...available: object[]) => ({
    type: 'engine.models_reported',
    data: { engine, loaded: null, available },
  });
  const facts = (...said: Parameters<typeof foldSaid>[0]) =>
    Object.fromEntries(
      node(buildGraph(foldSaid([registered('m1'), ...said]), []), 'model:m1')?.facts ?? [],
    );

  it('is where engines say they have it', () => {
    const found = facts(report('e2', artifact('m1')), report('e1', artifact('m1')));
    expect(found).toMatchObject({ artifact: 'e1, e2' });
    expect(found).not.toHaveProperty('gone');
  });

  it('is gone once the last engine has it no longer, or has other bytes under its name', () => {
    const both = [report('e1', artifact('m1')), report('e2', artifact('m1'))];
    expect(facts(...both, report('e1'))).toMatchObject({ artifact: 'e2' });
    expect(facts(...both, report('e1'), report('e2'))).toMatchObject({ gone: '300000' });
    const forged = { ...artifact('m1'), hash: sha256('forged') };
    expect(facts(report('e1', artifact('m1')), report('e1', forged))).toMatchObject({
      gone: '180000',
    });
    expect(facts(...both, report('e1'), report('e2'))).not.toHaveProperty('artifact');
  });

  it('is back when one has it again, and not lost by who never had it', () => {
    const lost = [report('e1', artifact('m1')), report('e1')];
    expect(facts(...lost, report('e1', artifact('m1')))).not.toHaveProperty('gone');
    const found = facts(report('e1', artifact('m9')), report('e1'));
    expect(found).not.toHaveProperty('gone');
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

  describe('of the features', () => {
    const facet = { _producer: 'urn:x', _schemaURL: 'urn:x', kind: 'features' };
    const said = (change: object, runId = 'run_1') => ({
      type: 'lineage.received',
      data: {
        event: runEvent({
          run: {
            runId: runEvent().run.runId,
            facets: { vigia_run: { ...facet, mlflowRunId: runId } },
          },
          inputs: [
            { namespace: 'x', name: 'f', facets: { vigia_artifact: { ...facet, ...change } } },
          ],
          outputs: [],
        }),
      },
    });
    const wrong = (said: Parameters<typeof foldSaid>[0]) =>
      buildGraph(foldSaid(said), []).nodes.flatMap(({ id, mismatches }) =>
        mismatches.map(({ kind, about, expected, found }) => ({
          id,
          kind,
          about,
          expected,
          found,
        })),
      );
    const own = { orderSha256: order, normStatsSha256: sha256('norm') };

    it('norm_stats of the model’s run that are not the card’s, on both', () => {
      const mismatch = {
        ...{ kind: 'norm_stats_hash', about: 'run_1' },
        ...{ expected: sha256('norm'), found: sha256('others') },
      };
      const found = wrong([registered('m1'), said({ ...own, normStatsSha256: sha256('others') })]);
      expect(found).toEqual([
        { id: features, ...mismatch },
        { id: `features:${order}:${sha256('others')}`, ...mismatch },
      ]);
    });

    it('an order of features that is not the card’s', () => {
      const other = sha256(canonicalJson(['ret_5', 'ret_1']));
      const found = wrong([registered('m1'), said({ ...own, orderSha256: other })]);
      expect(found).toMatchObject([
        { id: features, kind: 'feature_order_hash', expected: order, found: other },
        { id: `features:${other}:${sha256('norm')}`, kind: 'feature_order_hash' },
      ]);
    });

    it('names that do not have the hash that was said of them', () => {
      const names = ['ret_1', 'ret_5'];
      expect(wrong([said({ ...own, names })])).toEqual([]);
      expect(wrong([said({ ...own, names: [...names].reverse() })])).toMatchObject([
        { kind: 'feature_order_hash', found: order, about: 'run_1' },
      ]);
    });

    it('not what agrees, what is left open, or what another run read', () => {
      const others = { ...own, normStatsSha256: sha256('others') };
      expect(wrong([registered('m1'), said(own)])).toEqual([]);
      expect(wrong([registered('m1'), said({ ...own, normStatsSha256: null })])).toEqual([]);
      expect(wrong([registered('m1'), said(others, 'run_9')])).toEqual([]);
    });
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
