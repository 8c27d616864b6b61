import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/**
 * What OpenLineage 2-0-2 asks of a run event, restated as JSON Schema: names, types, formats and what
 * must be there, in `Run`, `Job`, `Dataset` and the facets they carry. Extra members are allowed, as
 * there.
 */
const facets = { type: 'object', additionalProperties: { $ref: '#/$defs/BaseFacet' } };
const dataset = {
  type: 'object',
  required: ['namespace', 'name'],
  properties: { namespace: { type: 'string' }, name: { type: 'string' }, facets },
};
const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $defs: {
    BaseFacet: {
      type: 'object',
      required: ['_producer', '_schemaURL'],
      properties: {
        _producer: { type: 'string', format: 'uri' },
        _schemaURL: { type: 'string', format: 'uri' },
      },
    },
  },
  type: 'object',
  required: ['eventTime', 'producer', 'schemaURL', 'run', 'job'],
  properties: {
    eventTime: { type: 'string', format: 'date-time' },
    producer: { type: 'string', format: 'uri' },
    schemaURL: { type: 'string', format: 'uri' },
    eventType: { enum: ['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER'] },
    run: {
      type: 'object',
      required: ['runId'],
      properties: { runId: { type: 'string', format: 'uuid' }, facets },
    },
    job: {
      type: 'object',
      required: ['namespace', 'name'],
      properties: { namespace: { type: 'string' }, name: { type: 'string' }, facets },
    },
    inputs: { type: 'array', items: dataset },
    outputs: { type: 'array', items: dataset },
  },
};

const ajv = new Ajv2020({ allErrors: true });
formats.default(ajv);
const validate = ajv.compile(schema);

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
