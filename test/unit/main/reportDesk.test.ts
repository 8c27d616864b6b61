import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrintError } from '../../../src/main/documents/printer';
import { createReportDesk, type ReportDeskDeps } from '../../../src/main/reports/reportDesk';
import { createShelf } from '../../../src/node/reports/shelf';
import type { LogEvent } from '../../../src/shared/log/event';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE, type OpsState } from '../../../src/shared/ops/state';
import { collected, DAY, logOf, MONDAY, opened, started, type Told } from '../../support/reports';

const PDF = new TextEncoder().encode('%PDF-1.7');
const period = { from: MONDAY, to: MONDAY + DAY };
const begun: Told[] = [
  { ts: MONDAY, type: 'log.opened', data: opened },
  { ts: MONDAY, type: 'gateway.started', data: started },
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-reports-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function desk(change: Partial<ReportDeskDeps> = {}) {
  let log: readonly LogEvent[] = logOf(begun);
  const recorded: Parameters<ReportDeskDeps['record']>[0][] = [];
  const uploads: string[] = [];
  const saved: { name: string; content: string | Uint8Array }[] = [];
  const ops = (): OpsState => log.reduce(foldOps, INITIAL_OPS_STATE);
  const reports = createReportDesk({
    ops,
    shelf: createShelf(folder),
    collect: (wanted, signal, onProgress) => collected(log, wanted, { signal, onProgress }),
    printer: { print: async () => PDF },
    save: async (name, content) => {
      saved.push({ name, content });
      return `/documents/${name}`;
    },
    record: (params) => recorded.push(params) > 0,
    acts: () => true,
    upload: async (id, language) => void uploads.push(`${id}/${language}`),
    onProgress: () => undefined,
    newUuid: randomUUID,
    clock: () => MONDAY + DAY,
    ...change,
  });
  /** The log goes on with these. */
  const tell = (facts: readonly Told[]): void => {
    log = logOf([...begun, ...facts]);
  };
  return { reports, recorded, uploads, saved, tell };
}

/** A report by schedule as the gateway puts it on record, with the hash of the log given. */
async function bySchedule(id: string): Promise<Told> {
  const { sha256 } = await collected(logOf(begun), {
    ...{ kind: 'daily', period, fromSeq: 1, toSeq: 2 },
  });
  const about = { report: id, kind: 'daily', period, fromSeq: 1, toSeq: 2, sha256 };
  const data = { ...about, by: 'schedule', schedule: 'daily', dueAt: 1, languages: ['es'] };
  return { ts: MONDAY + 1, type: 'report.made', data };
}

/** Once the desk's own work in the background is done. */
async function settled(done: () => boolean): Promise<void> {
  await expect.poll(done).toBe(true);
}

describe('a report made at the terminal', () => {
  it('is kept whole, put on the record and listed', async () => {
    const { reports, recorded } = desk();
    const made = await reports.make({ kind: 'daily', period, language: 'en' });
    expect(made).toMatchObject({ recorded: true, printed: true });
    expect(recorded).toMatchObject([{ report: made.id, fromSeq: 1, toSeq: 2, language: 'en' }]);
    expect(readdirSync(join(folder, made.id)).sort()).toEqual([
      ...['about.json', 'en.html', 'en.pdf', 'report.json'],
    ]);
    expect(await reports.list()).toMatchObject([{ id: made.id, sha256: recorded[0]?.sha256 }]);
  });

  it('is kept without its PDF where printing fails, and without a record where there is no link', async () => {
    const { reports } = desk({
      printer: { print: () => Promise.reject(new PrintError('timed_out', 'late')) },
      record: () => false,
    });
    const made = await reports.make({ kind: 'daily', period, language: 'es' });
    expect(made).toMatchObject({ recorded: false, printed: false });
    expect(await reports.open(made.id, false)).toMatchObject({ source: 'kept', same: true });
  });

  it('leaves nothing when it is cancelled, and the next one can be made', async () => {
    const { reports, recorded } = desk({
      onProgress: (progress) => progress?.done === 0 && reports.cancel(),
      collect: (wanted, signal, onProgress) => {
        if (recorded.length === 0) onProgress(0, 2);
        return collected(logOf(begun), wanted, { signal });
      },
    });
    const args = { kind: 'daily', period, language: 'es' } as const;
    await expect(reports.make(args)).rejects.toMatchObject({ failure: { code: 'cancelled' } });
    expect(await reports.list()).toEqual([]);
    expect(recorded).toEqual([]);
  });

  it('is one at a time, of a period that is one', async () => {
    const { reports } = desk();
    const args = { kind: 'daily', period, language: 'es' } as const;
    const first = reports.make(args);
    await expect(reports.make(args)).rejects.toMatchObject({ failure: { code: 'busy' } });
    await first;
    const backwards = { ...args, period: { from: 5, to: 5 } };
    await expect(reports.make(backwards)).rejects.toMatchObject({
      failure: { code: 'bad_params' },
    });
  });

  it('is worked out anew where its file was changed, and says whether it is the same', async () => {
    const { reports } = desk();
    const { id } = await reports.make({ kind: 'daily', period, language: 'es' });
    writeFileSync(join(folder, id, 'report.json'), '{"format":1,"kind":"daily"}');
    expect(await reports.open(id, false)).toMatchObject({ source: 'anew', same: true });
  });

  it('is not the same where the record says another hash', async () => {
    const { reports, tell } = desk();
    const id = randomUUID();
    const told = await bySchedule(id);
    tell([{ ...told, data: { ...told.data, sha256: '0'.repeat(64) } }]);
    expect(await reports.open(id, true)).toMatchObject({ source: 'anew', same: false });
    await expect(reports.open(randomUUID(), false)).rejects.toMatchObject({
      failure: { code: 'unknown_report' },
    });
  });

  it('is exported as what was kept', async () => {
    const { reports, saved } = desk();
    const { id } = await reports.make({ kind: 'daily', period, language: 'es' });
    for (const format of ['json', 'html', 'pdf'] as const) await reports.export(id, format, 'es');
    expect(saved.map(({ name }) => name.replace(/-[0-9a-f]{8}-[0-9a-f]{8}-/, '-…-'))).toEqual([
      ...['informe-daily-2026-02-02-…-es.json', 'informe-daily-2026-02-02-…-es.html'],
      'informe-daily-2026-02-02-…-es.pdf',
    ]);
  });
});

describe('a report that the gateway made by schedule', () => {
  it('is printed once, kept and given back by the terminal that acts as the monitor', async () => {
    const { reports, uploads, tell } = desk();
    const id = randomUUID();
    tell([await bySchedule(id)]);
    reports.look();
    reports.look();
    await settled(() => uploads.length > 0);
    reports.look();
    expect(uploads).toEqual([`${id}/es`]);
    expect(await reports.list()).toMatchObject([{ id }]);
  });

  it('is printed by no other terminal, and never with figures that are not those on record', async () => {
    const watching = desk({ acts: () => false });
    const id = randomUUID();
    const told = await bySchedule(id);
    watching.tell([told]);
    watching.reports.look();
    let asked = 0;
    const other = desk({
      collect: async (wanted) => {
        asked += 1;
        return { ...(await collected(logOf(begun), wanted)), sha256: '0'.repeat(64) };
      },
    });
    other.tell([told]);
    other.reports.look();
    await settled(() => asked > 0);
    expect(await other.reports.list()).toEqual([]);
    expect([...watching.uploads, ...other.uploads]).toEqual([]);
  });
});

describe('the success metrics', () => {
  it('are of the whole log', async () => {
    const { success, range } = await desk().reports.success();
    expect(range).toEqual({ fromSeq: 1, toSeq: 2 });
    expect(success.map(({ id }) => id)).toEqual([
      ...['audit_score', 'kill', 'rollback', 'notification', 'uptime'],
      ...['mttd', 'mttr', 'change_failure_rate', 'deployment_frequency'],
    ]);
  });
});
