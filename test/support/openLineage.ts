import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/**
 * OpenLineage 2-0-2 restated as JSON Schema, rule for rule: the three kinds of events of which one must
 * fit, `Run`, `Job` and datasets with every kind of facets they carry. Extra members are allowed, as
 * there.
 */
const string = { type: 'string' };
const uri = { type: 'string', format: 'uri' };
const ref = (name: string) => ({ $ref: `#/$defs/${name}` });
const object = (properties: object, required: readonly string[] = []) => ({
  ...{ type: 'object', properties, required },
});
const facetsOf = (facet: string) => ({ type: 'object', additionalProperties: ref(facet) });
const datasets = (kind: string) => ({ type: 'array', items: ref(kind) });
const deletable = { allOf: [ref('BaseFacet'), object({ _deleted: { type: 'boolean' } })] };
const named = (facet: string) =>
  object({ namespace: string, name: string, facets: facetsOf(facet) }, ['namespace', 'name']);

const schema = {
  $id: 'https://vigia.test/openlineage',
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $defs: {
    BaseFacet: object({ _producer: uri, _schemaURL: uri }, ['_producer', '_schemaURL']),
    RunFacet: ref('BaseFacet'),
    JobFacet: deletable,
    DatasetFacet: deletable,
    InputDatasetFacet: ref('BaseFacet'),
    OutputDatasetFacet: ref('BaseFacet'),
    Run: object({ runId: { type: 'string', format: 'uuid' }, facets: facetsOf('RunFacet') }, [
      'runId',
    ]),
    Job: named('JobFacet'),
    Dataset: named('DatasetFacet'),
    InputDataset: {
      allOf: [ref('Dataset'), object({ inputFacets: facetsOf('InputDatasetFacet') })],
    },
    OutputDataset: {
      allOf: [ref('Dataset'), object({ outputFacets: facetsOf('OutputDatasetFacet') })],
    },
    BaseEvent: object(
      { eventTime: { type: 'string', format: 'date-time' }, producer: uri, schemaURL: uri },
      ['eventTime', 'producer', 'schemaURL'],
    ),
    RunEvent: {
      allOf: [
        ref('BaseEvent'),
        object(
          {
            eventType: { enum: ['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER'] },
            ...{ run: ref('Run'), job: ref('Job') },
            ...{ inputs: datasets('InputDataset'), outputs: datasets('OutputDataset') },
          },
          ['run', 'job'],
        ),
      ],
    },
    DatasetEvent: {
      allOf: [ref('BaseEvent'), object({ dataset: ref('Dataset') }, ['dataset'])],
      not: { type: 'object', required: ['job', 'run'] },
    },
    JobEvent: {
      allOf: [
        ref('BaseEvent'),
        object(
          {
            ...{ job: ref('Job'), inputs: datasets('InputDataset') },
            outputs: datasets('OutputDataset'),
          },
          ['job'],
        ),
      ],
      not: { type: 'object', required: ['run'] },
    },
  },
  oneOf: [ref('RunEvent'), ref('DatasetEvent'), ref('JobEvent')],
};

/** The facets of the specification that Vigía writes, by the name of their schema. */
const FACETS: Readonly<Record<string, object>> = {
  'https://openlineage.io/spec/facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet': {
    allOf: [
      { $ref: 'https://vigia.test/openlineage#/$defs/JobFacet' },
      object({ processingType: string, integration: string, jobType: string }, [
        'processingType',
        'integration',
      ]),
    ],
  },
  'https://openlineage.io/spec/facets/1-0-0/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet':
    {
      allOf: [
        { $ref: 'https://vigia.test/openlineage#/$defs/DatasetFacet' },
        object({ datasetVersion: string }, ['datasetVersion']),
      ],
    },
};

const ajv = new Ajv2020({ allErrors: true });
formats.default(ajv);
const validate = ajv.compile(schema);
const facetRules = new Map(Object.entries(FACETS).map(([name, one]) => [name, ajv.compile(one)]));

/** What does not fit the schema that each facet in a value names, where it is one that Vigía writes. */
export function facetMisfits(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '_schemaURL' in value ? facetRules.get(String(value._schemaURL)) : undefined;
  const wrong = own && !own(value) ? ajv.errorsText(own.errors).split(', ') : [];
  return [...wrong, ...Object.values(value).flatMap(facetMisfits)];
}

/** What in a value does not fit the specification, by place. */
export function misfits(value: unknown): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** A run event as a pipeline sends it. */
export function runEvent(change: object = {}) {
  const facet = {
    _producer: 'https://airflow.example',
    _schemaURL: 'https://airflow.example/f.json',
  };
  return {
    eventType: 'COMPLETE',
    eventTime: '2026-03-02T14:00:00.000-05:00',
    producer: 'https://airflow.example/dag/1',
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
    run: { runId: '0197e3a0-0000-7000-8000-000000000001', facets: {} },
    job: { namespace: 'airflow', name: 'features.build' },
    inputs: [{ namespace: 'postgres://db', name: 'bars' }],
    outputs: [
      {
        namespace: 's3://bucket',
        name: 'features.parquet',
        facets: { version: { ...facet, datasetVersion: 'dvc-9' } },
      },
    ],
    ...change,
  };
}
