import { generateKeyPairSync } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { batchText } from '../../../src/gateway/cluster/batch';
import { type MigrationOptions, toFile, toStream } from '../../../src/gateway/cluster/migrate';
import type { LogStream } from '../../../src/gateway/cluster/stream';
import { openSource } from '../../../src/node/audit/source';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { newDataDir } from '../../support/desk';
import { readLog, signed, writeLog } from '../../support/logFile';
import { add, yearsChain } from '../../support/years';
import { type Fate, MemoryStream } from './memoryStream';
import '../../support/properties';

const { privateKey: key } = generateKeyPairSync('ed25519');
const options: MigrationOptions = {
  ...{ sha256, onProgress: () => undefined, retryMs: 0, silenceMs: 200 },
};

let folder: ReturnType<typeof newDataDir>;
let log: string;
let out: string;
beforeEach(() => {
  folder = newDataDir();
  log = join(folder.path, 'log.db');
  out = join(folder.path, 'out.db');
});
afterEach(() => folder.remove());

async function migrate(stream: LogStream, path = log) {
  const source = openSource([path], true);
  try {
    return await toStream(source, stream, options);
  } finally {
    source.close();
  }
}

/** A stream's end at which the program is ended in the middle: after some publishes nothing is done any more. */
function endedAfter(stream: MemoryStream, publishes: number, fates: readonly Fate[]): LogStream {
  const end = stream.end();
  end.fates.push(...fates);
  let left = publishes;
  return {
    ...end,
    async publish(text, after) {
      left -= 1;
      if (left < 0) throw new Ended();
      return end.publish(text, after);
    },
  };
}
class Ended extends Error {}

describe('a log that is taken into a stream and out of it again', () => {
  it('is the same, event by event and signature by signature, however often it was interrupted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          events: fc.integer({ min: 1, max: 700 }),
          signedAt: fc.uniqueArray(fc.integer({ min: 1, max: 700 }), { maxLength: 8 }),
          ends: fc.array(fc.nat(4), { maxLength: 5 }),
          fates: fc.array(fc.constantFrom<Fate>('kept', 'lost', 'unanswered', 'refused'), {
            maxLength: 8,
          }),
        }),
        async ({ events, signedAt, ends, fates }) => {
          const own = newDataDir();
          const [from, to] = [join(own.path, 'log.db'), join(own.path, 'out.db')];
          const chain = yearsChain(key, [2026], events);
          const seqs = signedAt.filter((seq) => seq <= events);
          writeLog(
            from,
            chain,
            seqs.map((seq) => signed(chain, seq, key)),
          );
          const before = readLog(from);
          const stream = new MemoryStream();
          for (const publishes of ends) {
            await migrate(endedAfter(stream, publishes, fates), from).catch((error) => {
              expect(error).toBeInstanceOf(Ended);
            });
          }
          const head = await migrate(stream.end(), from);
          expect(await migrate(stream.end(), from)).toEqual(head);
          expect(await toFile(stream.end(), to, options)).toEqual(head);
          expect(readLog(to)).toEqual(before);
          own.remove();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('takes signatures that were made since', async () => {
    const chain = yearsChain(key, [2026], 5);
    writeLog(log, chain);
    const stream = new MemoryStream();
    await migrate(stream.end());
    const late = signed(chain, 5, key);
    writeLog(log, [], [late]);
    await migrate(stream.end());
    await toFile(stream.end(), out, options);
    expect(readLog(out).checkpoints).toEqual([late]);
  });
});

describe('a stream is left as it is, and the words say what is there', () => {
  const chain = yearsChain(key, [2026], 6);
  const stranger = yearsChain(generateKeyPairSync('ed25519').privateKey, [2026], 3);
  const longer = [...chain];
  add(longer, 'terminal.reported', 1, { kind: 'drill', detail: 'more' });

  it.each([
    ['another log', [batchText(stranger)], /holds another log: its event 1 is not this log’s/],
    ['more of this log', [batchText(longer)], /goes on past this log, which ends with event 6/],
    ['no log at all', ['hello'], /message 1 of the stream is no part of a log/],
  ])('%s', async (_, texts, words) => {
    writeLog(log, chain);
    const stream = new MemoryStream();
    stream.texts.push(...texts);
    await expect(migrate(stream.end())).rejects.toThrow(words);
    expect(stream.texts).toEqual(texts);
  });

  it('a log that does not hold is not taken there', async () => {
    writeLog(log, chain);
    const store = new SqliteEventStore(log, sha256);
    store.database.exec(
      "UPDATE events SET body = replace(body, 'secreto2026 2', 'nada') WHERE seq = 3",
    );
    store.close();
    const stream = new MemoryStream();
    await expect(migrate(stream.end())).rejects.toThrow(
      /the log does not hold: event 3 was altered/,
    );
    writeLog(join(folder.path, 'empty.db'), []);
    await expect(migrate(stream.end(), join(folder.path, 'empty.db'))).rejects.toThrow(/no event/);
    expect(stream.texts).toEqual([]);
  });

  it('another that writes meanwhile ends it', async () => {
    writeLog(log, chain);
    const stream = new MemoryStream();
    const end = stream.end();
    const publish = end.publish;
    end.publish = (text, after) => {
      stream.texts.push(batchText(stranger));
      return publish(text, after);
    };
    await expect(migrate(end)).rejects.toThrow(/another has written to the stream meanwhile/);
  });
});

describe('a file', () => {
  const chain = yearsChain(key, [2026], 6);

  it('that is there is not written over, and what an interrupted run left is', async () => {
    const stream = new MemoryStream();
    stream.texts.push(batchText(chain));
    writeFileSync(out, 'mine');
    await expect(toFile(stream.end(), out, options)).rejects.toThrow(/is there already/);
    const other = join(folder.path, 'other.db');
    writeFileSync(`${other}.part`, '');
    await toFile(stream.end(), other, options);
    expect(readLog(other).rows).toHaveLength(6);
    expect(existsSync(`${other}.part`)).toBe(false);
  });

  it('is not begun where the stream is empty, and given up where it says nothing', async () => {
    const stream = new MemoryStream();
    await expect(toFile(stream.end(), out, options)).rejects.toThrow('the stream holds no event');
    stream.texts.push(batchText(chain));
    const mute = { ...stream.end(), follow: () => () => undefined };
    await expect(toFile(mute, out, options)).rejects.toThrow(/says nothing for/);
    expect([out, `${out}.part`].filter(existsSync)).toEqual([]);
  });

  it('that is in use is neither read for a migration nor written', async () => {
    writeLog(log, chain);
    const gateway = new SqliteEventStore(log, sha256);
    const stream = new MemoryStream();
    await expect(migrate(stream.end())).rejects.toThrow(`${log} is in use`);
    gateway.close();
    const source = openSource([log], true);
    // The other way about: nothing begins on it while it is taken away.
    const late = new Database(log, { timeout: 50 });
    expect(() => late.pragma('journal_mode = WAL')).toThrow(/locked/);
    late.close();
    source.close();
  });
});
