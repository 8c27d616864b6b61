import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRetentionDesk } from '../../../src/main/retention/retentionDesk';
import type { LogEvent } from '../../../src/shared/log/event';
import type { Deletion } from '../../../src/shared/retention/retention';
import { modelsPolicy } from '../../support/desk';

const own = modelsPolicy.retention;
const LATE = Date.parse('2034-01-01T12:00:00Z');
const by = { id: 'luis', role: 'cto', terminal: 't1' };
const audit = { first: 1, last: 9, hash: 'a'.repeat(64), publicKey: 'k' };
const deletion = (kind: Deletion['kind'], seq: number): Deletion => ({
  ...{ kind, year: 2026, keptUntil: '2033-12-31', seq, at: LATE, by },
  audit: kind === 'audit' ? audit : null,
});

let folder: string;
let report: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-retention-'));
  report = join(folder, 'reports/r1/report.json');
  mkdirSync(join(folder, 'reports/r1'), { recursive: true });
  for (const [file, year] of [
    [report, 2026],
    [join(folder, 'audit-2026.db'), 2026],
  ] as const) {
    writeFileSync(file, 'contenido');
    utimesSync(file, new Date(`${year}-06-01`), new Date(`${year}-06-01`));
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Options {
  now?: number;
  policy?: typeof own;
  linked?: () => boolean;
  stuck?: boolean;
}

function desk(options: Options = {}) {
  const deletions: Deletion[] = [];
  const named: { id: string; params: { kind: string; count: number; files: object[] } }[] = [];
  const acts: string[] = [];
  const made = createRetentionDesk({
    mirror: join(folder, 'audit.db'),
    reports: join(folder, 'reports'),
    deletions: () => deletions,
    policies: () => [own, options.policy ?? own],
    clock: () => options.now ?? LATE,
    tradesOf: async (year, drop) => {
      if (drop && options.stuck) throw new Error('the disk refuses');
      if (drop) acts.push(`trades ${year}`);
      return { count: 3, sha256: 'c'.repeat(64), bytes: 30 };
    },
    indexTrades: async () => void acts.push('trades follow'),
    dropYear: async ({ year }) => {
      acts.push(`audit ${year}`);
      return null;
    },
    name(params) {
      if (options.linked?.() === false) return null;
      named.push({ id: `id${named.length}`, params });
      return named.at(-1)?.id ?? null;
    },
    refused: (detail) => acts.push(`refused ${detail}`),
  });
  const arrives = (commandId: string, type = 'retention.named') =>
    made.fresh([{ type, commandId } as LogEvent]);
  return { made, deletions, named, acts, arrives };
}

describe('the deletions at a terminal', () => {
  it('are named with what is held, and carried out only once that is on record', async () => {
    const { made, deletions, named, acts, arrives } = desk();
    deletions.push(deletion('audit', 20), deletion('trades', 21), deletion('artifacts', 22));
    made.look();
    await vi.waitFor(() => expect(named).toHaveLength(3));
    const [one, two, three] = named.map(({ params }) => params);
    expect(one).toMatchObject({
      kind: 'audit',
      count: 9,
      files: [{ name: 'audit-2026.db', bytes: 9 }],
    });
    expect(two).toMatchObject({ kind: 'trades', count: 3, files: [{ sha256: 'c'.repeat(64) }] });
    expect(three).toMatchObject({ kind: 'artifacts', files: [{ name: 'r1/report.json' }] });
    expect([acts, existsSync(report)]).toEqual([[], true]);
    arrives('of another terminal');
    arrives('id0', 'command.rejected');
    expect([acts, existsSync(report)]).toEqual([[], true]);
    for (const { id } of named) arrives(id);
    await vi.waitFor(() => expect(acts).toEqual(['audit 2026', 'trades 2026', 'trades follow']));
    expect(existsSync(join(folder, 'reports/r1'))).toBe(false);
    // The same events again do nothing twice.
    for (const { id } of named) arrives(id);
    expect(acts).toHaveLength(3);
  });

  it('say what could not be removed, and take nothing else with them', async () => {
    const { made, deletions, named, acts, arrives } = desk({ stuck: true });
    deletions.push(deletion('trades', 21), deletion('artifacts', 22));
    made.look();
    await vi.waitFor(() => expect(named).toHaveLength(2));
    for (const { id } of named) arrives(id);
    await vi.waitFor(() => expect(acts).toEqual(['refused trades 2026: the disk refuses']));
    expect(existsSync(report)).toBe(false);
  });

  it('of the record take what its events said out of the index of trades, also after a session that died between', async () => {
    rmSync(join(folder, 'audit-2026.db'));
    const { made, deletions, named, acts } = desk();
    deletions.push(deletion('audit', 20));
    made.look();
    await vi.waitFor(() => expect(acts).toEqual(['trades follow']));
    expect(named).toEqual([]);
  });

  it('are refused, and said to be, while their time is not over here, whatever the gateway’s clock says', async () => {
    const early = { now: Date.parse('2033-12-31T23:00:00-05:00') };
    for (const [options, why] of [
      [early, 'kept until 2033-12-31'],
      [{ policy: { ...own, auditYears: 10 } }, 'kept until 2036-12-31'],
      [{ policy: { ...own, hold: true } }, 'a hold'],
    ] as const) {
      const { made, deletions, named, acts } = desk(options);
      deletions.push(deletion('audit', 20));
      made.fresh([{ type: 'retention.deleted' } as LogEvent]);
      await vi.waitFor(() => expect(acts).toHaveLength(1));
      expect(acts[0]).toContain(`refused audit 2026: ${why}`);
      expect(named).toEqual([]);
    }
  });

  it('wait for a link, and begin again at a start after whatever broke them off', async () => {
    let linked = false;
    const { made, deletions, named } = desk({ linked: () => linked });
    deletions.push(deletion('artifacts', 22));
    made.look();
    linked = true;
    made.look();
    await vi.waitFor(() => expect(named).toHaveLength(1));
    // It dies here: named, not gone. The next one names it again, and it goes.
    const next = desk();
    next.deletions.push(deletion('artifacts', 22));
    next.made.look();
    await vi.waitFor(() => expect(next.named).toHaveLength(1));
    next.arrives('id0');
    expect(existsSync(report)).toBe(false);
  });
});
