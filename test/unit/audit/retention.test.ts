import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import { MirrorCore } from '../../../src/main/mirror/core';
import type { MirrorStatus } from '../../../src/main/mirror/messages';
import { archivesOf } from '../../../src/node/audit/archives';
import { AuditIndex } from '../../../src/node/audit/auditIndex';
import { basePath, readBase } from '../../../src/node/audit/base';
import { Explorer } from '../../../src/node/audit/explorer';
import { openSource } from '../../../src/node/audit/source';
import { verifyIndex } from '../../../src/node/audit/verifyIndex';
import { runThrough, verifyLog } from '../../../src/node/audit/verifyLog';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { auditFilterSchema } from '../../../src/shared/audit/query';
import type { SealedEvent } from '../../../src/shared/log/chain';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import type { Deletion } from '../../../src/shared/retention/retention';
import { closedYears, keptUntil, whyKept } from '../../../src/shared/retention/retention';
import { modelsPolicy, quickPolicies } from '../../support/desk';
import { newRecord, noteOver, type TestRecord, writeRecord } from '../../support/record';
import { reportsPolicy } from '../../support/reports';
import { add, addDeletion, yearsChain } from '../../support/years';

const AT = Date.parse('2024-01-02T12:00:00Z');
const EACH = 20;
let record: TestRecord;
let path: string;
let chain: SealedEvent[];
let deletion: Deletion;
let status: MirrorStatus | null;

beforeEach(() => {
  record = newRecord(1);
  path = join(record.folder, 'years.db');
  chain = yearsChain(record.key, [2016, 2017], EACH);
  add(chain, 'terminal.reported', AT, { kind: 'drill', detail: 'hoy' });
  deletion = addDeletion(chain, record.key, { year: 2016, first: 1, last: EACH, ts: AT });
  writeRecord(path, chain, record.key, [EACH, EACH * 2, chain.length]);
});
afterEach(() => record.remove());

const whole = () => chain.map(({ event }) => event).reduce(foldOps, INITIAL_OPS_STATE);
const names = () => archivesOf(path).map((archive) => archive.slice(-13));

async function open() {
  const core = new MirrorCore({
    ...{ path, sha256, clock: () => AT },
    onStatus: (next) => {
      status = next;
    },
    onBadCheckpoint: (cause) => {
      throw new Error(cause);
    },
  });
  return { core, opened: await core.open() };
}

async function vigia(...args: string[]) {
  const lines: string[] = [];
  return { code: await run(args, (line) => lines.push(line)), said: lines.join('\n') };
}

const BEGINS = 'begins at seq 21: earlier years deleted under retention on 2024-01-02, by luis';

describe('an archive whose deletion is on record', () => {
  it('goes, and what is left verifies, is searched, folded, reported and goes on as before', async () => {
    const { core } = await open();
    expect(names()).toEqual(['years-2016.db', 'years-2017.db']);
    core.drop(deletion);
    expect(names()).toEqual(['years-2017.db']);
    // It goes on where it was, with signatures over what comes.
    add(chain, 'terminal.reported', AT, { kind: 'drill', detail: 'mañana' });
    core.take([(chain.at(-1) as SealedEvent).event]);
    core.checkpoint(noteOver(chain, chain.length, record.key));
    core.flush();
    const wanted = { kind: 'period', period: { from: 0, to: AT + 1 }, fromSeq: 1, toSeq: null };
    const policies = { reports: reportsPolicy, incidents: quickPolicies.incidents.document };
    const made = await core.report({ wanted, policies } as never, async () => undefined, {});
    expect(made.report.range).toMatchObject({ fromSeq: EACH + 1 });
    core.close();
    expect(await vigia('verify', path)).toEqual({
      code: 0,
      said: expect.stringMatching(new RegExp(`^ok .*\n${BEGINS} .event 42.\nsigned .* to 43$`)),
    });

    const again = await open();
    again.core.close();
    expect(status).toMatchObject({ state: 'ok' });
    expect(again.opened.ops).toEqual(whole());
    // Nothing of it is left in any file beside.
    for (const name of readdirSync(record.folder).filter((one) => one.startsWith('years'))) {
      expect([name, readFileSync(join(record.folder, name)).includes('secreto2016')]).toEqual([
        name,
        false,
      ]);
    }
  });

  it('is found no more, and the past begins after it', async () => {
    const { core } = await open();
    const breathe = () => new Promise<void>((breathed) => setImmediate(breathed));
    const look = async (text: string) => {
      const explorer = new Explorer(
        [...archivesOf(path), path],
        join(record.folder, 'i.db'),
        breathe,
      );
      const filter = auditFilterSchema.parse({ text });
      const page = await explorer.page({ filter, offset: 0, limit: 100 }, () => false);
      const before = await explorer.past({ seq: 5 });
      const after = await explorer.past({ seq: EACH + 5 });
      explorer.close();
      return { total: page.total, before, after };
    };
    expect((await look('secreto2016')).total).toBe(EACH - 1);
    core.drop(deletion);
    core.close();
    expect(await look('secreto2016')).toMatchObject({ total: 0, before: null });
    const { total, after } = await look('secreto2017');
    expect(total).toBe(EACH);
    const upTo = chain.slice(0, EACH + 5).map(({ event }) => event);
    expect(after).toEqual(upTo.reduce(foldOps, INITIAL_OPS_STATE));
  });

  it('has the states in its index judged from where it begins, and a bent one found', async () => {
    const { core } = await open();
    core.drop(deletion);
    core.close();
    const source = openSource([...archivesOf(path), path]);
    const file = join(record.folder, 'i.db');
    const index = new AuditIndex(file, source);
    while (index.follow(100) > 0);
    const at = EACH + 5;
    const state = JSON.stringify(index.foldAt(at));
    index.close();
    const database = new Database(file);
    const write = database.prepare('INSERT OR REPLACE INTO folds (seq, state) VALUES (?, ?)');
    write.run(at, state);
    const found = () => runThrough(verifyIndex(file, source));
    expect(found()).toBeNull();
    write.run(at, state.replace('"desk":{"mode":"', '"desk":{"mode":"x'));
    expect(found()).toMatchObject({ kind: 'index', seq: at });
    database.close();
    source.close();
  });

  it('leaves one of the two on the disk whatever it dies at, and is finished at the next start', async () => {
    const { core } = await open();
    const [archive = ''] = archivesOf(path);
    copyFileSync(archive, join(record.folder, 'kept'));
    core.drop(deletion);
    core.close();
    copyFileSync(join(record.folder, 'kept'), archive);
    const { core: next, opened } = await open();
    next.close();
    expect(names()).toEqual(['years-2017.db']);
    expect(opened.ops).toEqual(whole());
    expect(status).toMatchObject({ state: 'ok' });
  });

  it('is kept where it is another than was named', async () => {
    const { core } = await open();
    const audit = deletion.audit as NonNullable<Deletion['audit']>;
    const others = [
      { ...deletion, year: 2017 },
      { ...deletion, audit: { ...audit, last: EACH - 1 } },
      { ...deletion, audit: { ...audit, hash: 'a'.repeat(64) } },
    ];
    for (const other of others) expect(() => core.drop(other)).toThrow();
    core.close();
    expect(names()).toHaveLength(2);
  });

  it('is missed where nothing on record names it, and the history is set aside', async () => {
    const { core } = await open();
    core.drop(deletion);
    core.close();
    const base = JSON.parse(readFileSync(basePath(path), 'utf8'));
    writeFileSync(basePath(path), JSON.stringify({ ...base, publicKey: 'another' }));
    const { core: next, opened } = await open();
    next.close();
    expect(opened.head.seq).toBe(0);
    expect(status).toMatchObject({ state: 'quarantined' });
    expect(existsSync(basePath(path))).toBe(false);
  });

  it('is told of by a comparison and by an export, which say so and verify', async () => {
    copyFileSync(path, join(record.folder, 'whole.db'));
    const { core } = await open();
    core.drop(deletion);
    core.close();
    expect(await vigia('compare', path, join(record.folder, 'whole.db'))).toEqual({
      code: 0,
      said: expect.stringMatching(new RegExp(`${BEGINS}.*\nsame: events 21 to 42`)),
    });
    const target = join(record.folder, 'out');
    expect((await vigia('export', path, target)).code).toBe(0);
    expect(readFileSync(join(target, 'README.en.md'), 'utf8')).toContain(BEGINS);
    expect(readFileSync(join(target, 'README.es.md'), 'utf8')).toContain(
      'Empieza en la secuencia 21',
    );
    const verified = await vigia('verify', target);
    expect(verified).toMatchObject({ code: 0, said: expect.stringContaining(BEGINS) });
    // A whole export that begins late and names no deletion is damaged, whatever its sums say.
    const manifest = readFileSync(join(target, 'manifest.json'), 'utf8');
    // The desk's name went with the year; the state kept of it has it still.
    expect(JSON.parse(manifest).desk).toBe('g');
    writeFileSync(
      join(target, 'manifest.json'),
      JSON.stringify({ ...JSON.parse(manifest), deletedBefore: null }),
    );
    expect((await vigia('verify', target)).said).toContain('says of no deletion before it');
  });

  it('has its state kept in a form that a later version can add to', async () => {
    const { core } = await open();
    core.drop(deletion);
    core.close();
    const base = JSON.parse(readFileSync(basePath(path), 'utf8'));
    delete base.state.bridges;
    delete base.state.models.exceptions;
    writeFileSync(basePath(path), JSON.stringify(base));
    const upTo = chain.slice(0, EACH).map(({ event }) => event);
    expect(readBase(path)?.state).toEqual(upTo.reduce(foldOps, INITIAL_OPS_STATE));
  });
});

it('a record that begins late holds just where an event in it names its very beginning', () => {
  const cut = fc.integer({ min: 0, max: EACH * 2 });
  const bend = fc.constantFrom('none', 'hash', 'kind', 'missing') as fc.Arbitrary<string>;
  let files = 0;
  fc.assert(
    fc.property(cut, cut, bend, (from, named, bent) => {
      files += 1;
      const file = join(record.folder, `cut-${files}.db`);
      const own = chain.slice(0, EACH * 2);
      const kind = bent === 'kind' ? 'trades' : 'audit';
      const hash = bent === 'hash' ? 'b'.repeat(64) : (own[named - 1]?.event.hash ?? '');
      const publicKey = deletion.audit?.publicKey ?? '';
      const audit = kind === 'audit' ? { first: 1, last: named, hash, publicKey } : null;
      const data = { kind, year: 2016, keptUntil: '2023-12-31', audit };
      if (bent !== 'missing' && named > 0) add(own, 'retention.deleted', AT, data);
      else add(own, 'terminal.reported', AT, { kind: 'drill', detail: 'x' });
      const store = new SqliteEventStore(file, sha256);
      store.insert(own.slice(from));
      store.close();
      const source = openSource([file]);
      const { damage, deleted } = runThrough(verifyLog(source, sha256, true));
      source.close();
      const fits = from > 0 && from === named && bent === 'none';
      expect(deleted !== null).toBe(fits);
      expect(damage.length === 0).toBe(from === 0 || fits);
    }),
    {
      numRuns: 100,
      examples: [
        [7, 7, 'none'],
        [7, 7, 'hash'],
        [7, 7, 'kind'],
        [7, 8, 'none'],
        [7, 7, 'missing'],
      ],
    },
  );
});

describe('a year may be deleted', () => {
  const policy = { ...modelsPolicy.retention };
  const day = (text: string) => Date.parse(`${text}T17:00:00Z`);
  const state = () => whole();

  it('once its time is over in the desk’s calendar, counted from the year’s end, and not a day before', () => {
    const before = { ...state(), retention: { ...state().retention, deleted: [] } };
    expect(closedYears(before.retention).map(({ year }) => year)).toEqual([2016, 2017]);
    expect(closedYears(before.retention)[0]).toMatchObject({ first: 1, last: EACH });
    for (const [kind, until] of [
      ['audit', '2023-12-31'],
      ['trades', '2023-12-31'],
      ['artifacts', '2018-12-31'],
    ] as const) {
      expect(keptUntil(kind, 2016, policy)).toBe(until);
      expect(whyKept(before, policy, kind, 2016, day(until))).toBe('until');
      // Seven in the evening in Bogota is the next day in UTC.
      expect(whyKept(before, policy, kind, 2016, Date.parse(`${until}T23:59:59-05:00`))).toBe(
        'until',
      );
      expect(
        whyKept(before, policy, kind, 2016, Date.parse(`${until}T23:59:59-05:00`) + 1_000),
      ).toBeNull();
    }
    const late = day('2030-01-01');
    expect(whyKept(before, policy, 'audit', 2017, late)).toBe('older_first');
    expect(whyKept(before, policy, 'trades', 2017, late)).toBeNull();
    expect(whyKept(before, policy, 'audit', 2024, late)).toBe('not_closed');
    expect(whyKept(before, { ...policy, hold: true }, 'audit', 2016, late)).toBe('hold');
    expect(whyKept(state(), policy, 'audit', 2016, late)).toBe('deleted');
    expect(whyKept(state(), policy, 'audit', 2017, late)).toBeNull();
    const incidents = { ...before.incidents, incidents: [{ closed: null }] } as never;
    expect(whyKept({ ...before, incidents }, policy, 'audit', 2016, late)).toBe('incident');
  });
});
