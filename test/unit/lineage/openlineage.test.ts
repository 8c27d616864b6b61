import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { buildGraph } from '../../../src/shared/lineage/build';
import { finish, indexSteps } from '../../../src/shared/lineage/graph';
import { readRunEvents, toRunEvents } from '../../../src/shared/lineage/openlineage';
import {
  MAX_RUN_EVENT,
  type RunEvent,
  runEventSchema,
  unrecordable,
} from '../../../src/shared/lineage/runEvent';
import type { LineageState } from '../../../src/shared/lineage/state';
import { trace } from '../../../src/shared/lineage/trace';
import { deployed, foldSaid, registered } from '../../support/lineage';
import { facetMisfits, misfits, runEvent } from '../../support/openLineage';

const PRODUCER = 'urn:vigia:terminal:t1';
const received = (event: unknown) => ({ type: 'lineage.received', data: { event } });
const exported = (state: LineageState, before: readonly RunEvent[] = []) =>
  toRunEvents(state, before, PRODUCER, sha256);

function madeOf(state: LineageState, id: string): string[] {
  const index = finish(indexSteps(buildGraph(state, [])));
  const { nodes } = trace(index, index.numberOf.get(id) ?? -1, 'up');
  return [...nodes].map((node) => index.graph.nodes[node]?.id ?? '').sort();
}

describe('what goes out', () => {
  const other = {
    model_hash: sha256('m2'),
    training: { mlflow_run_id: 'run_2' },
    feature_order: ['a'],
  };
  const state = foldSaid([
    registered('m1'),
    registered('m2', other),
    ...deployed('m1', 'e1', 1_000_000),
  ]);

  it('fits the specification: trainings and the live service', () => {
    const events = exported(state);
    expect(events.flatMap(misfits)).toEqual([]);
    expect(facetMisfits(events)).toEqual([]);
    expect(events.map(({ eventType, job }) => [eventType, job.name])).toEqual([
      ['COMPLETE', 'train.m1'],
      ['COMPLETE', 'train.m2'],
      ['RUNNING', 'trading'],
    ]);
    expect(events[2]?.job.facets?.jobType).toMatchObject({ processingType: 'SERVICE' });
    expect(exported(state)).toEqual(events);
  });

  it('comes back as the same things, made from the same', () => {
    const events = readRunEvents(JSON.stringify(exported(state))).events;
    const again = foldSaid(
      events.filter(({ eventType }) => eventType === 'COMPLETE').map(received),
    );
    for (const model of ['model:m1', 'model:m2']) {
      expect(madeOf(again, model)).toEqual(madeOf(state, model));
    }
  });

  it('is as it came for what a pipeline said', () => {
    const event = runEventSchema.parse(runEvent());
    const all = exported(foldSaid([received(event)]), [event]);
    expect(all).toEqual([runEvent()]);
    expect(all.flatMap(misfits)).toEqual([]);
  });
});

describe('what comes in', () => {
  const place = { namespace: 'x', name: 'y' };
  const from = { _producer: PRODUCER, _schemaURL: PRODUCER };

  it('becomes nodes and edges; several events of a run are one run', () => {
    const start = runEvent({ eventType: 'START', outputs: [] });
    const state = foldSaid([received(start), received(runEvent())]);
    const graph = buildGraph(state, []);
    const run = 'run:0197e3a0-0000-7000-8000-000000000001';
    expect(graph.edges.map(({ from, to }) => [from === run, to === run])).toEqual([
      [false, true],
      [true, false],
    ]);
    const node = graph.nodes.find(({ id }) => id === run);
    expect(node).toMatchObject({ events: 2, note: 'airflow/features.build' });
    expect(node?.facts).toContainEqual(['state', 'COMPLETE']);
  });

  it('a model’s other hash is a mismatch at the model', () => {
    const base = { _producer: PRODUCER, _schemaURL: PRODUCER };
    const facet = { ...base, kind: 'model', model: 'm1', sha256: sha256('forged') };
    const outputs = [{ namespace: 'x', name: 'm', facets: { vigia_artifact: facet } }];
    const state = foldSaid([registered('m1'), received(runEvent({ outputs }))]);
    const model = buildGraph(state, []).nodes.find(({ id }) => id === 'model:m1');
    expect(model?.mismatches).toMatchObject([{ kind: 'reported_hash' }]);
  });

  it.each([
    ['neither a run nor a job', { run: undefined, job: undefined }],
    ['a run id that is none', { run: { runId: '7' } }],
    ['a day for a time', { eventTime: '2026-03-02' }],
    ['another type', { eventType: 'MAYBE' }],
    ['a facet without its producer', { run: { runId: runEvent().run.runId, facets: { a: {} } } }],
    ['a producer that is no URI', { producer: 'airflow' }],
    ['a producer with a character no URI has', { producer: 'https://airflow.example/<dag>' }],
    ['a time without seconds', { eventTime: '2026-03-02T14:00Z' }],
    ['a time without a zone', { eventTime: '2026-03-02T14:00:00' }],
    ['an input facet that is none', { inputs: [{ ...place, inputFacets: { q: {} } }] }],
    ['an output facet that is none', { outputs: [{ ...place, outputFacets: { q: {} } }] }],
    ['a dataset’s facet that is none', { inputs: [{ ...place, facets: { q: {} } }] }],
    [
      'a facet deleted with a word',
      { job: { ...place, facets: { q: { ...from, _deleted: 'yes' } } } },
    ],
  ])('%s is refused, by the specification and here', (_, change) => {
    expect(misfits(JSON.parse(JSON.stringify(runEvent(change)))).length).toBeGreaterThan(0);
    expect(runEventSchema.safeParse(runEvent(change)).success).toBe(false);
  });

  it('of a job or a dataset alone fits the specification and is not taken: only runs are', () => {
    const job = JSON.parse(JSON.stringify(runEvent({ run: undefined })));
    const { inputs: _, outputs: __, ...about } = { ...job, job: undefined, dataset: place };
    for (const event of [job, JSON.parse(JSON.stringify(about))]) {
      expect(misfits(event)).toEqual([]);
      expect(runEventSchema.safeParse(event).success).toBe(false);
    }
  });

  it('with facets of inputs and outputs that are facets is taken, and goes out as it came', () => {
    const event = runEvent({
      inputs: [{ ...place, inputFacets: { q: { ...from, rowCount: 3 } } }],
      outputs: [{ ...place, outputFacets: { q: { ...from, size: 9 } } }],
    });
    expect(misfits(event)).toEqual([]);
    expect(exported(foldSaid([received(event)]), [runEventSchema.parse(event)])).toEqual([event]);
  });

  it('that is taken is never one that the specification refuses', () => {
    const text = fc.oneof(
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc.stringMatching(/^[a-z]{1,3}:[!-~é ]{0,12}$/),
      fc.stringMatching(/^a:\/\/[!-~]{0,12}$/),
      fc.constantFrom('urn:a:b', 'a:', 'a://h:9/%zz', 'a:b#c#d', 'http://[::1]/x', 'a:%41?b/c'),
    );
    const when = fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.stringMatching(/^20\d\d-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d)?(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)?$/),
    );
    const facet = fc.record(
      { _producer: text, _schemaURL: text, _deleted: fc.json() },
      {
        requiredKeys: [],
      },
    );
    const facets = fc.dictionary(fc.string(), facet, { maxKeys: 1 });
    const set = fc.record(
      {
        namespace: fc.string(),
        name: fc.string(),
        facets,
        inputFacets: facets,
        outputFacets: facets,
      },
      { requiredKeys: ['namespace', 'name'] },
    );
    const change = fc.record(
      {
        ...{ producer: text, schemaURL: text, eventTime: when, dataset: set, job: set },
        ...{ inputs: fc.array(set, { maxLength: 1 }), outputs: fc.array(set, { maxLength: 1 }) },
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(change, (changed) => {
        const event = runEventSchema.safeParse(runEvent(changed));
        if (event.success) expect(misfits(runEvent(changed))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('takes the URIs that people write', () => {
    for (const producer of [
      'https://github.com/OpenLineage/OpenLineage/tree/1.54.0/client/python',
      'urn:vigia:terminal:t1',
      'https://user@host.example:8080/a%20b?c=d&e#f',
      'file:///opt/airflow/dags',
    ]) {
      expect(runEventSchema.safeParse(runEvent({ producer })).success, producer).toBe(true);
    }
  });

  it('more than the log takes is refused, and what has no canonical form', () => {
    const large = runEventSchema.parse(runEvent({ extra: 'x'.repeat(MAX_RUN_EVENT) }));
    expect(unrecordable(large)).toMatch(/the most/);
    expect(unrecordable(runEventSchema.parse(runEvent({ extra: '\ud800' })))).toMatch(/surrogate/);
    expect(unrecordable(runEventSchema.parse(runEvent()))).toBeNull();
  });

  it('a file may hold one event, an array or lines; each fault is named', () => {
    const one = JSON.stringify(runEvent());
    expect(readRunEvents(one).events).toHaveLength(1);
    expect(readRunEvents(`[${one},${one}]`).events).toHaveLength(2);
    const lines = readRunEvents(`${one}\nnot json\n{"run":1}\n`);
    expect(lines.events).toHaveLength(1);
    expect(lines.faults).toEqual(['2: not JSON', expect.stringMatching(/^3: /)]);
  });

  it('no text at all makes it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(Array.isArray(readRunEvents(text).faults)).toBe(true);
      }),
    );
  });
});
