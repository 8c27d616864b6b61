import { afterEach, beforeEach, expect, it } from 'vitest';
import { sealBucket, type TextBucket } from '../../../src/gateway/cluster/bucket';
import { openReportFiles, type ReportFiles } from '../../../src/gateway/reports/files';
import { sharePrintings } from '../../../src/gateway/reports/printings';
import { sha256 } from '../../../src/node/sha256';
import { INITIAL_OPS_STATE, type OpsState } from '../../../src/shared/ops/state';
import type { Deletion } from '../../../src/shared/retention/retention';
import { newDataDir, quickPolicies } from '../../support/desk';
import {
  closed,
  collected,
  DAY,
  incidentsPolicy,
  logOf,
  MONDAY,
  opened,
  reportsPolicy,
} from '../../support/reports';

const ID = '01890000-0000-7000-8000-000000000000';
const PDF = new Uint8Array(Buffer.from('%PDF-1.7 una hoja'));
const events = logOf([
  { ts: MONDAY, type: 'log.opened', data: opened },
  { ts: MONDAY + DAY / 2, type: 'monitor.day_closed', data: closed('2026-02-02') },
]);
const period = { from: MONDAY, to: MONDAY + DAY };

let dir: ReturnType<typeof newDataDir>;
let stored: Map<string, string>;
let state: OpsState;

beforeEach(async () => {
  dir = newDataDir();
  stored = new Map();
  const { report, sha256: hash } = await collected(events, {
    ...{ kind: 'daily', period, fromSeq: null, toSeq: null },
  });
  const made = {
    ...{ id: ID, seq: 3, at: MONDAY + DAY, kind: 'daily', ...report.range, period, sha256: hash },
    ...{ by: 'schedule', schedule: 'daily', dueAt: 0, languages: ['es'], delivered: null },
  } as unknown as OpsState['reports']['made'][number];
  state = { ...INITIAL_OPS_STATE, reports: { made: [made], latest: {} } };
});
afterEach(() => dir.remove());

function open(): ReportFiles {
  const bucket: TextBucket = {
    get: async (key) => stored.get(key) ?? null,
    put: async (key, text) => void stored.set(key, text),
    remove: async (key) => void stored.delete(key),
    keys: async () => [...stored.keys()],
  };
  return openReportFiles({
    log: {
      state: () => state,
      read: async (from, limit) => events.slice(from - 1, from - 1 + limit),
      savedHead: () => ({ seq: events.length, hash: events.at(-1)?.hash ?? '' }),
    },
    ...{ folder: dir.path, sha256, printed: () => 'taken' },
    policies: () =>
      ({
        ...Object.fromEntries(
          Object.entries(quickPolicies).map(([name, { document }]) => [name, document]),
        ),
        ...{ reports: reportsPolicy, incidents: incidentsPolicy },
      }) as never,
    shared: sharePrintings(sealBucket(bucket, new Uint8Array(32))),
  });
}

it('figures that the log does not give any more are not handed out as the report', async () => {
  const [made] = state.reports.made;
  expect(await open().read(ID, 'report.json')).not.toBeNull();
  dir.remove();
  state = {
    ...state,
    reports: { made: [{ ...(made as NonNullable<typeof made>), sha256: 'x' }], latest: {} },
  };
  await expect(open().read(ID, 'report.json')).rejects.toThrow('other figures');
});

it('printings that were altered at the servers, or exchanged, are none', async () => {
  const files = open();
  expect(await files.takePdf(ID, 'es', PDF)).toBe('taken');
  const [part = '', head = ''] = [...stored.keys()];
  const good = new Map(stored);
  for (const [key, text] of [
    [part, good.get(head) as string],
    [head, good.get(part) as string],
    [head, '{}'],
  ] as const) {
    dir.remove();
    stored = new Map(good).set(key, text);
    expect(await open().read(ID, 'es.pdf')).toBeNull();
  }
  stored = good;
  expect(await open().read(ID, 'es.pdf')).toEqual(PDF);
});

it('nothing of a year whose artifacts were deleted is kept, taken or made anew', async () => {
  const files = open();
  await files.takePdf(ID, 'es', PDF);
  stored.clear();
  await files.share();
  expect(stored.size).toBe(2);
  dir.remove();
  const gone = { kind: 'artifacts', year: 2026 } as unknown as Deletion;
  state = { ...state, retention: { ...state.retention, deleted: [gone] } };
  expect(await files.read(ID, 'report.json')).toBeNull();
  expect(await files.read(ID, 'es.pdf')).toBeNull();
  expect(await files.takePdf(ID, 'es', PDF)).toBe('unknown');
  await files.share();
  expect(stored.size).toBe(0);
});
