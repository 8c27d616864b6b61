import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchText } from '../../../src/gateway/cluster/batch';
import { createClusterLog, OtherHistoryError } from '../../../src/gateway/cluster/log';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import type { SealedEvent } from '../../../src/shared/log/chain';
import { newDataDir } from '../../support/desk';
import { readLog, writeLog } from '../../support/logFile';
import { add, yearsChain } from '../../support/years';
import { MemoryStream } from './memoryStream';
import '../../support/properties';

const { privateKey: key } = generateKeyPairSync('ed25519');

function opened(path: string, stream: MemoryStream, end = stream.end()) {
  return createClusterLog({
    ...{ store: new SqliteEventStore(path, sha256), stream: end, sha256, key, origin: 'test' },
    ...{ checkpointEvery: 1_000, random: randomBytes, clock: Date.now, signs: () => false },
    ...{ uptime: () => performance.now(), retryMs: 1, catchUpMs: 20 },
  });
}

/** A chain in messages of a few events, with messages between them that carry none or are nonsense. */
function messages(chain: readonly SealedEvent[], sizes: readonly number[]): string[] {
  const texts: string[] = [];
  for (let at = 0, turn = 0; at < chain.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    if (size === 0) texts.push(turn % 2 === 0 ? batchText([]) : 'nonsense');
    texts.push(batchText(chain.slice(at, at + Math.max(1, size))));
    at += Math.max(1, size);
  }
  return texts;
}

const history = fc.record({
  inStream: fc.nat(12),
  inCopy: fc.nat(12),
  /** From there on the stream has other events than the copy. */
  forkAt: fc.option(fc.integer({ min: 1, max: 12 }), { nil: null }),
  sizes: fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
  /** What the copy remembers of its place, which may be of a stream that is no more. */
  place: fc.nat(20),
});

describe('a copy and a stream', () => {
  it('go together when the stream has all that the copy has, else neither is changed', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(history, async ({ inStream, inCopy, forkAt, sizes, place }) => {
        const folder = newDataDir();
        const path = join(folder.path, 'log.db');
        const mine = yearsChain(key, [2026], 12);
        const theirs = forkAt === null ? [...mine] : mine.slice(0, forkAt - 1);
        while (theirs.length < 12)
          add(theirs, 'terminal.reported', 1, { kind: 'drill', detail: 'x' });
        const stream = new MemoryStream();
        stream.texts.push(...messages(theirs.slice(0, inStream), sizes));
        const texts = [...stream.texts];
        writeLog(path, mine.slice(0, inCopy));
        const store = new SqliteEventStore(path, sha256);
        store.database.exec(
          `CREATE TABLE place (at INTEGER NOT NULL); INSERT INTO place VALUES (${place})`,
        );
        store.close();

        const parted = forkAt !== null && forkAt <= Math.min(inStream, inCopy);
        const goes = !parted && inCopy <= inStream;
        try {
          const log = await opened(path, stream);
          expect(goes).toBe(true);
          expect(log.savedHead().seq).toBe(inStream);
          await log.stop();
          const { verified } = readLog(path);
          expect(verified).toMatchObject({ ok: true, head: { seq: inStream } });
          const { seq = 0, hash } = theirs[inStream - 1]?.event ?? {};
          if (seq > 0) expect(verified).toMatchObject({ head: { seq, hash } });
        } catch (error) {
          if (!(error instanceof OtherHistoryError)) throw error;
          refused += 1;
          expect(goes).toBe(false);
          expect(stream.texts).toEqual(texts);
          expect(readLog(path).rows).toHaveLength(inCopy);
        } finally {
          folder.remove();
        }
      }),
      { numRuns: 100 },
    );
    expect(refused).toBeGreaterThan(20);
  });

  it('say in words what each holds', async () => {
    const folder = newDataDir();
    const path = join(folder.path, 'log.db');
    const chain = yearsChain(key, [2026], 9);
    writeLog(path, chain);
    const stream = new MemoryStream();
    await expect(opened(path, stream)).rejects.toThrow(
      /copy of the log goes on to event 9, and the replicated log holds no event of it/,
    );
    stream.texts.push(batchText(chain.slice(0, 4)));
    await expect(opened(path, stream)).rejects.toThrow(/ends with its event 4/);
    const other = chain.slice(0, 4);
    add(other, 'terminal.reported', 1, { kind: 'drill', detail: 'other' });
    stream.texts.push(batchText(other.slice(4)));
    await expect(opened(path, stream)).rejects.toThrow(
      /event 5 of the replicated log is another than in this gateway’s copy, which goes on to event 9/,
    );
    folder.remove();
  });

  it('that do not go together are told when the stream answers only later, and nothing is written', async () => {
    const folder = newDataDir();
    const path = join(folder.path, 'log.db');
    const chain = yearsChain(key, [2026], 9);
    writeLog(path, chain);
    const stream = new MemoryStream();
    stream.texts.push(batchText(chain.slice(0, 4)));
    const end = stream.end();
    end.cutOff = true;
    const log = await opened(path, stream, end);
    log.append({ type: 'terminal.reported', data: { kind: 'drill', detail: 'a kill' } });
    const told = new Promise<string>((tell) => {
      log.onHealth(({ storeError }) => {
        if (storeError?.includes('goes on to event 9')) tell(storeError);
      });
    });
    end.cutOff = false;
    end.wake();
    expect(await told).toContain('ends with its event 4');
    expect(log.health().unsavedEvents).toBe(1);
    const refusal = await new Promise((settled) => log.propose(() => [], settled));
    expect(refusal).toMatchObject({ ok: false, error: { name: 'NoQuorumError' } });
    expect(stream.texts).toHaveLength(1);
    await log.stop();
    folder.remove();
  });
});
