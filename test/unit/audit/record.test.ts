import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import { openSource } from '../../../src/node/audit/source';
import { AbortedError, runSteps, runThrough, verifyLog } from '../../../src/node/audit/verifyLog';
import {
  type ExportOptions,
  exportFolder,
  exportLines,
  exportZip,
} from '../../../src/node/export/exportLog';
import { importRecord } from '../../../src/node/export/importRecord';
import { manifestSchema } from '../../../src/node/export/manifest';
import { rangeOf } from '../../../src/node/export/period';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { CSV_COLUMNS } from '../../../src/shared/audit/csv';
import { canonicalJson } from '../../../src/shared/log/canonical';
import type { SealedEvent } from '../../../src/shared/log/chain';
import { readCard } from '../../../src/shared/models/card';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { csvAs, FORMULA } from '../../support/csv';
import { card } from '../../support/models';
import {
  BEGAN,
  deskChain,
  HOSTILE,
  newRecord,
  type TestRecord,
  toldChain,
  writeRecord,
} from '../../support/record';

const COUNT = 240;
let record: TestRecord;
const at = (name: string): string => join(record.folder, name);
const signal = new AbortController().signal;

beforeAll(() => {
  record = newRecord(COUNT, [100, COUNT]);
});
afterAll(() => record.remove());

async function vigia(...args: string[]): Promise<{ code: number; said: string }> {
  const lines: string[] = [];
  const code = await run(args, (line) => lines.push(line));
  return { code, said: lines.join('\n') };
}

function options(change: Partial<ExportOptions> = {}): ExportOptions {
  const source = openSource([record.path]);
  return {
    source,
    range: rangeOf(source, null, null),
    period: { from: null, to: null },
    info: {
      madeAt: BEGAN,
      madeBy: 'ana',
      software: 'vigia test',
      desk: 'USD/COP',
      policies: { operations: '1' },
      time: { source: 'test', offsetMs: 3 },
    },
    publicKey: source.publicKey(),
    checkpoint: null,
    signal,
    onProgress: () => undefined,
    ...change,
  };
}

const manifestOf = (folder: string) =>
  manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));

const imported = (path: string, into: string) =>
  importRecord(path, at(into), sha256, signal, () => undefined);

/** A record with a model in it, so that an export has a document. */
function newStory(): TestRecord {
  const story = newRecord(1);
  const read = readCard(card('ppo'));
  if (!read.ok) throw new Error(read.error.message);
  const facts = [{ type: 'model.registered', data: { ...read.value, source: 'operator' } }];
  const chain = toldChain(facts, story.key);
  const path = join(story.folder, 'story.db');
  writeRecord(path, chain, story.key, [chain.length]);
  return { ...story, path, chain };
}

function stateOf(path: string) {
  const source = openSource([path]);
  const events = source.pick(source.rows(0, 10_000).map(({ seq }) => seq));
  source.close();
  return events.reduce(foldOps, INITIAL_OPS_STATE);
}

describe('one flipped bit', () => {
  it('anywhere in any column is found, and the event it is in is named', () => {
    const path = at('flip.db');
    copyFileSync(record.path, path);
    const writer = new Database(path);
    const source = openSource([path]);
    const columns = ['seq', 'id', 'ts', 'type', 'actor', 'command_id', 'hash', 'prev_hash', 'body'];
    const width = { seq: 16, ts: 48 };
    fc.assert(
      fc.property(
        fc.constantFrom(...columns),
        fc.integer({ min: 1, max: COUNT }),
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        (column, seq, place, bit) => {
          const select = writer.prepare(
            `SELECT CAST(${column} AS BLOB) AS v, ${column} AS was FROM events WHERE seq = ?`,
          );
          const { v, was } = select.get(seq) as { v: Buffer | null; was: unknown };
          const bytes = v === null || v.length === 0 ? Buffer.from('x') : Buffer.from(v);
          if (v !== null && v.length > 0) {
            const index = place % bytes.length;
            bytes[index] = (bytes[index] as number) ^ (1 << bit);
          }
          const type = typeof was === 'number' ? 'INTEGER' : 'TEXT';
          const value =
            typeof was === 'number'
              ? Number(BigInt(was) ^ (1n << BigInt(place % width[column as keyof typeof width])))
              : bytes;
          // A sequence that another event has already cannot be given to this one.
          const taken = column === 'seq' && Number(value) >= 1 && Number(value) <= COUNT;
          fc.pre(!taken);
          writer
            .prepare(`UPDATE events SET ${column} = CAST(? AS ${type}) WHERE seq = ?`)
            .run(value, seq);
          const { damage } = runThrough(verifyLog(source, sha256, true));
          const moved = column === 'seq' ? value : seq;
          writer.prepare(`UPDATE events SET ${column} = ? WHERE seq = ?`).run(was, moved);
          // One that was moved is missing at its place, but for the first and the last: a record may
          // begin and end anywhere, and then its new place is what is named.
          if (column === 'seq' && (value === 0 || seq === 1 || seq === COUNT)) {
            expect(damage.length).toBeGreaterThan(0);
          } else expect(damage[0]).toMatchObject({ seq });
        },
      ),
      { numRuns: 2_000 },
    );
    expect(runThrough(verifyLog(source, sha256, true)).damage).toEqual([]);
    source.close();
    writer.close();
  });

  it('anywhere in a signature, or in the sequence it is kept under, is found', () => {
    const small = newRecord(12, [5, 12]);
    const { path } = small;
    const writer = new Database(path);
    const source = openSource([path]);
    const damaged = (): unknown => runThrough(verifyLog(source, sha256, true)).damage;
    const read = writer.prepare('SELECT CAST(note AS BLOB) FROM checkpoints WHERE seq = 5').pluck();
    const good = read.get() as Buffer;
    const write = writer.prepare('UPDATE checkpoints SET note = CAST(? AS TEXT) WHERE seq = 5');
    for (let place = 0; place < good.length; place += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const bad = Buffer.from(good);
        bad[place] = (bad[place] as number) ^ (1 << bit);
        write.run(bad);
        expect(damaged(), `${place}`).toMatchObject([{ kind: 'checkpoint' }]);
      }
    }
    write.run(good);
    for (let bit = 0; bit < 20; bit += 1) {
      const moved = 5 ^ (1 << bit);
      if (moved === 12) continue;
      writer.prepare('UPDATE checkpoints SET seq = ? WHERE seq = 5').run(moved);
      expect(damaged(), `${moved}`).toMatchObject([{ kind: 'checkpoint' }]);
      writer.prepare('UPDATE checkpoints SET seq = 5 WHERE seq = ?').run(moved);
    }
    expect(damaged()).toEqual([]);
    source.close();
    writer.close();
    small.remove();
  });

  it('anywhere in an export is found', async () => {
    const told = newStory();
    const source = openSource([told.path]);
    await exportFolder(
      { ...options(), source, range: rangeOf(source, null, null), publicKey: source.publicKey() },
      at('to-flip'),
    );
    source.close();
    told.remove();
    const names = readdirSync(at('to-flip'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name !== 'documents',
    );
    expect(names).toContain('documents/model-ppo.yaml');
    for (let round = 0; round < 150; round += 1) {
      const name = names[round % names.length] as string;
      const path = join(at('to-flip'), name);
      const good = readFileSync(path);
      const bad = Buffer.from(good);
      const place = (round * 7_919) % bad.length;
      bad[place] = (bad[place] as number) ^ (1 << (round % 8));
      writeFileSync(path, bad);
      const { code, said } = await vigia('verify', at('to-flip'));
      expect(code, `${name} ${place}`).toBe(1);
      expect(said).toMatch(/^bad /);
      writeFileSync(path, good);
    }
    expect(await vigia('verify', at('to-flip'))).toMatchObject({ code: 0 });
  });
});

describe('times that go back', () => {
  it('are counted and said, and are no damage', async () => {
    const path = at('clock.db');
    // Set back by five seconds at event 7, as a clock that is corrected is.
    const chain = deskChain(
      10,
      record.key,
      '',
      (index) => BEGAN + index * 1_000 - (index > 5 ? 5_000 : 0),
    );
    writeRecord(path, chain, record.key, []);
    expect(await vigia('verify', path)).toEqual({
      code: 0,
      said: expect.stringContaining(
        'the clock went back 1 times, first at event 7, by 4000 ms at most',
      ),
    });
    const source = openSource([path]);
    // A period has every event that falls into it, and what lies between them.
    expect(rangeOf(source, BEGAN + 3_000, BEGAN + 4_000)).toEqual({ fromSeq: 4, toSeq: 9 });
    source.close();
  });
});

describe('an export', () => {
  it('says what is in it, is whole, and is verified by sha256sum and openssl alone', async () => {
    await exportFolder(options(), at('whole'));
    const manifest = manifestOf(at('whole'));
    expect(manifest).toMatchObject({
      events: COUNT,
      signedTo: COUNT,
      first: { seq: 1 },
      last: { seq: COUNT },
    });
    const lines = readFileSync(join(at('whole'), 'events.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines).toEqual(record.chain.map(({ event }) => canonicalJson(event)));
    const shell = spawnSync('sh', ['verify.sh'], { cwd: at('whole'), encoding: 'utf8' });
    expect(shell.stderr).toBe('');
    expect(shell.stdout).toContain(`chain: ${COUNT} events ok`);
    expect(shell.stdout).toContain(`signature: ok, up to event ${COUNT}`);
    expect(shell.status).toBe(0);
  });

  it('is found out by that page of shell when it was altered consistently in all its sums', async () => {
    await exportFolder(options(), at('forged'));
    const events = join(at('forged'), 'events.jsonl');
    writeFileSync(events, readFileSync(events, 'utf8').replace('Revisión', 'Ejecución'));
    const resum = () =>
      spawnSync(
        'sh',
        ['-c', 'find . -type f ! -name SHA256SUMS | sed "s|^./||" | xargs sha256sum > SHA256SUMS'],
        {
          cwd: at('forged'),
        },
      );
    resum();
    const shell = spawnSync('sh', ['verify.sh'], { cwd: at('forged'), encoding: 'utf8' });
    expect(shell.stdout).toMatch(/BAD: line \d+ was altered/);
    expect(shell.status).toBe(1);
    expect(await vigia('verify', at('forged'))).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^bad \d+ altered/),
    });
  });

  it.each(['README.es.md', 'README.en.md'])(
    'is verified by the page in its own %s too',
    async (readme) => {
      const folder = at(`page-${readme}`);
      await exportFolder(options(), folder);
      const page = readFileSync(join(folder, readme), 'utf8');
      const block = page.split('\n').filter((line) => line.startsWith('    '));
      const script = block.map((line) => `${line.slice(4)}\n`).join('');
      const verify = (path = process.env.PATH) =>
        spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8', env: { PATH: path } });
      expect(verify()).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(`signature: ok, up to event ${COUNT}`),
      });
      for (const name of Object.keys(manifestOf(folder).files)) {
        if (!name.startsWith('documents/')) expect(page).toContain(name);
      }
      for (const { name } of CSV_COLUMNS) expect(page).toContain(`- \`${name}\`: `);

      // An openssl before 3.0 knows no -rawin: it cannot tell, which is not that the signature is bad.
      const old = at(`old-${readme}`);
      mkdirSync(old);
      const openssl = spawnSync('sh', ['-c', 'command -v openssl'], {
        encoding: 'utf8',
      }).stdout.trim();
      writeFileSync(
        join(old, 'openssl'),
        `#!/bin/sh\ncase "$*" in version) echo "OpenSSL 1.1.1w"; exit;; pkeyutl*) echo "Usage: pkeyutl -verify -sigfile" >&2; exit 1;; esac\nexec ${openssl} "$@"\n`,
        { mode: 0o755 },
      );
      const cannot = verify(`${old}:${process.env.PATH}`);
      expect(cannot.stdout).toContain(`chain: ${COUNT} events ok`);
      expect(cannot.stdout).toContain('CANNOT: the signature was not checked');
      expect(cannot.stdout).not.toContain('BAD');
      expect(cannot.status).toBe(2);

      const note = join(folder, 'checkpoint.txt');
      const good = readFileSync(note, 'utf8');
      writeFileSync(
        note,
        good.replace(/(vigia\/log .{20})(.)/, (_, a, c) => a + (c === 'A' ? 'B' : 'A')),
      );
      spawnSync('sh', ['-c', 'sha256sum $(cut -c67- SHA256SUMS) > s && mv s SHA256SUMS'], {
        cwd: folder,
      });
      expect(verify()).toMatchObject({
        status: 1,
        stdout: expect.stringContaining('BAD: the signature is not by this key'),
      });
      writeFileSync(note, good);
      const altered = verify();
      expect(altered).toMatchObject({ status: 1, stdout: expect.stringContaining('FAILED') });
      expect(altered.stdout).not.toContain('files: ok');
    },
  );

  it('has a table in which nothing runs and every cell is where it belongs', async () => {
    await exportFolder(options(), at('table'));
    const text = readFileSync(join(at('table'), 'events.csv'), 'utf8');
    for (const separator of [';', '\t']) {
      for (const cell of csvAs(text, separator).flat()) expect(cell).not.toMatch(FORMULA);
    }
    const rows = csvAs(text, ',');
    expect(rows).toHaveLength(COUNT + 1);
    const [header, ...events] = rows as [string[], ...string[][]];
    for (const [index, row] of events.entries()) {
      expect(row).toHaveLength(header.length);
      for (const cell of row) expect(cell).not.toMatch(FORMULA);
      const { event } = record.chain[index] as (typeof record.chain)[number];
      const reason = row[header.indexOf('reason')] ?? '';
      expect(reason.replaceAll("'", '')).toBe((event.reason ?? '').replaceAll("'", ''));
      expect(JSON.parse(row[header.indexOf('data')] ?? '')).toEqual(event.data);
    }
    expect(HOSTILE.some((text) => events.some((row) => row.includes(`'${text}`)))).toBe(true);
  });

  it('of a period holds one whole piece of the chain, and its shell verifies', async () => {
    const source = openSource([record.path]);
    const period = { from: BEGAN + 20_000, to: BEGAN + 120_000 };
    const range = rangeOf(source, period.from, period.to);
    expect(range).toEqual({ fromSeq: 21, toSeq: 120 });
    await exportZip(options({ range, period }), at('part.zip'));
    expect(await vigia('verify', at('part.zip'))).toEqual({
      code: 0,
      said: expect.stringContaining('signed by the gateway up to 100'),
    });
    const folder = at('unpacked');
    mkdirSync(folder);
    spawnSync('unzip', ['-q', at('part.zip'), '-d', folder]);
    const shell = spawnSync('sh', ['verify.sh'], { cwd: folder, encoding: 'utf8' });
    expect(shell.stdout).toContain('signature: ok, up to event 100');
    source.close();
  });

  it('comes back as the same events and the same state', async () => {
    await exportZip(options(), at('round.zip'));
    const { findings } = await imported(at('round.zip'), 'round/audit.db');
    expect(findings).toMatchObject({ damage: [], events: COUNT, signedTo: COUNT });
    expect(stateOf(at('round/audit.db'))).toEqual(stateOf(record.path));
    const part = openSource([record.path]);
    const middleOf = { range: { fromSeq: 50, toSeq: 150 }, period: { from: BEGAN, to: null } };
    await exportFolder(options(middleOf), at('middle'));
    part.close();
    const middle = await imported(at('middle'), 'middle-in/audit.db');
    expect(middle.findings).toMatchObject({ damage: [], events: 101, first: 50, signedTo: 100 });
  });

  it('leaves nothing behind when it is called off or the disk fills, whatever its form', async () => {
    const controller = new AbortController();
    const calledOff = options({ signal: controller.signal, onProgress: () => controller.abort() });
    const big = newRecord(2_000);
    const source = openSource([big.path]);
    const long = { ...calledOff, source, range: rangeOf(source, null, null) };
    await expect(exportFolder(long, at('off'))).rejects.toThrow(AbortedError);
    await expect(exportZip({ ...long }, at('off.zip'))).rejects.toThrow(AbortedError);
    for (const format of ['jsonl', 'csv'] as const) {
      await expect(exportLines(long, format, at(`off.${format}`))).rejects.toThrow(AbortedError);
    }
    const steps = verifyLog(source, sha256, true);
    await expect(runSteps(steps, controller.signal, () => undefined)).rejects.toThrow(AbortedError);
    source.close();
    big.remove();
    // A device that is always full, where the system has one.
    if (existsSync('/dev/full')) {
      for (const [name, write] of [
        ['full.zip', exportZip],
        ['full.jsonl', (all: ExportOptions, target: string) => exportLines(all, 'jsonl', target)],
        ['full.csv', (all: ExportOptions, target: string) => exportLines(all, 'csv', target)],
      ] as const) {
        symlinkSync('/dev/full', `${at(name)}.partial`);
        await expect(write(options(), at(name)), name).rejects.toThrow(/ENOSPC/);
      }
      for (const name of ['events.csv', 'manifest.json', 'SHA256SUMS']) {
        const whole = options();
        const rows = (...args: [number, number]) => {
          // The folder is there by now, and the file is not.
          const path = join(`${at('full')}.partial`, name);
          if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
            symlinkSync('/dev/full', path);
          return whole.source.rows(...args);
        };
        const source = { ...whole.source, rows };
        await expect(exportFolder({ ...whole, source }, at('full')), name).rejects.toThrow(
          /ENOSPC/,
        );
      }
    }
    expect(readdirSync(record.folder).filter((name) => /^(off|full)/.test(name))).toEqual([]);
  });
});

describe('what is brought in', () => {
  it('is verified as it comes, and what is before the damage can be looked at', async () => {
    const path = at('bad.db');
    copyFileSync(record.path, path);
    const writer = new Database(path);
    writer.exec("UPDATE events SET body = replace(body, 'Revisión', 'Ejecución') WHERE seq > 60");
    writer.close();
    const { findings } = await imported(path, 'bad-in/audit.db');
    expect(findings.damage[0]).toMatchObject({ kind: 'altered' });
    expect(findings.head.seq).toBe((findings.damage[0]?.seq ?? 0) - 1);
  });

  it('may be a zip with names that lead elsewhere, which are not followed', async () => {
    const zip = spawnSync(
      'sh',
      [
        '-c',
        'mkdir -p z/documents && echo x > z/documents/a && cd z && zip -q ../evil.zip documents/../../outside 2>/dev/null || true',
      ],
      { cwd: record.folder },
    );
    expect(zip.status).toBe(0);
    const script =
      "import zipfile; z = zipfile.ZipFile('evil.zip', 'w'); z.writestr('../outside', 'x'); z.close()";
    spawnSync('python3', ['-c', script], { cwd: record.folder });
    await expect(imported(at('evil.zip'), 'evil/audit.db')).rejects.toThrow(
      /outside|invalid relative path/,
    );
    expect(existsSync(join(record.folder, '..', 'outside'))).toBe(false);
  });
});

describe('vigia compare', () => {
  const compare = async (a: string, b: string) => {
    const { code, said } = await vigia('compare', at(a), at(b));
    return `${code} ${said.replaceAll(`${record.folder}/`, '')}`;
  };
  const part = (name: string, fromSeq: number, toSeq: number) =>
    exportFolder(
      options({
        range: { fromSeq, toSeq },
        period: { from: fromSeq > 1 ? BEGAN : null, to: null },
      }),
      at(name),
    );

  it('says the same, a prefix, or where they part', async () => {
    writeRecord(at('short.db'), record.chain.slice(0, 200), record.key, []);
    // Its clock was another from event 151 on: up to there it is the same log.
    const other = deskChain(
      160,
      record.key,
      '',
      (index) => BEGAN + index * 1_000 + (index >= 150 ? 1 : 0),
    );
    writeRecord(at('other.db'), other, record.key, []);
    await exportFolder(options(), at('compared'));
    expect(await compare('audit.db', 'compared')).toBe(`0 same: events 1 to ${COUNT}`);
    expect(await compare('audit.db', 'short.db')).toBe('0 same from 1 to 200, where short.db ends');
    expect(await compare('short.db', 'audit.db')).toBe('0 same from 1 to 200, where short.db ends');
    const hash = (chain: readonly SealedEvent[]): string =>
      `${chain[150]?.event.hash.slice(0, 12)}…`;
    expect(await compare('audit.db', 'other.db')).toBe(
      `1 parted at 151: ${hash(record.chain)} and ${hash(other)}`,
    );
    expect(await compare('other.db', 'compared')).toBe(
      `1 parted at 151: ${hash(other)} and ${hash(record.chain)}`,
    );
  });

  it('says it of two exports, as far as they overlap', async () => {
    await part('first', 1, 120);
    await part('middle-part', 80, 200);
    await part('last', 150, COUNT);
    await part('inner', 90, 100);
    expect(await compare('first', 'first')).toBe('0 same: events 1 to 120');
    expect(await compare('first', 'middle-part')).toBe('0 same from 80 to 120, where first ends');
    expect(await compare('last', 'middle-part')).toBe(
      '0 same from 150 to 200, where middle-part ends',
    );
    expect(await compare('inner', 'first')).toBe('0 same from 90 to 100, where inner ends');
    expect(await compare('first', 'last')).toBe(
      '1 they have no event in common, so nothing can be told',
    );
  });
});

describe('vigia export', () => {
  it('writes what it is asked for and nothing over what is there', async () => {
    expect(await vigia('export', record.path, at('cli'), '--from', '2026-03-01')).toMatchObject({
      code: 0,
    });
    expect(await vigia('verify', at('cli'))).toMatchObject({ code: 0 });
    expect(await vigia('export', record.path, at('cli'))).toMatchObject({ code: 2 });
    expect(await vigia('export', record.path, at('x'), '--from', 'ayer')).toMatchObject({
      code: 2,
    });
    expect(await vigia('export', record.path, at('lines.csv'), '--format', 'csv')).toMatchObject({
      code: 0,
    });
    cpSync(record.path, at('damaged.db'));
    const store = new SqliteEventStore(at('damaged.db'), sha256);
    store.database.exec("UPDATE events SET actor = 'eva' WHERE seq = 9");
    store.close();
    expect(await vigia('export', at('damaged.db'), at('never'))).toMatchObject({ code: 1 });
    expect(existsSync(at('never'))).toBe(false);
  });
});
