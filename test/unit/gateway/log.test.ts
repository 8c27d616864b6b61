import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Fact } from '../../../src/gateway/facts';
import { createLog, type GatewayLog } from '../../../src/gateway/log';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import type { SealedEvent } from '../../../src/shared/log/chain';

let folder: string;
let log: GatewayLog;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-log-'));
});
afterEach(async () => {
  await log.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A store as slow as one over a network: it has taken a batch when it says so. */
class SlowStore extends SqliteEventStore {
  readonly batches: number[][] = [];
  letGo: () => void = () => undefined;

  override async append(events: readonly SealedEvent[], expectedSeq: number): Promise<void> {
    this.batches.push(events.map(({ event }) => event.seq));
    await new Promise<void>((resolve) => {
      this.letGo = resolve;
    });
    return super.append(events, expectedSeq);
  }
}

function open(store: SqliteEventStore): Promise<GatewayLog> {
  const { privateKey: key } = generateKeyPairSync('ed25519');
  return createLog({
    ...{ store, sha256, key, origin: 'test', checkpointEvery: 256 },
    clock: () => 1_700_000_000_000,
    random: randomBytes,
  });
}

const fact = (detail: string): Fact => ({
  type: 'terminal.reported',
  data: { kind: 'drill', detail },
});

it('says of each event of one turn that it is saved, once the disk has it', async () => {
  log = await open(new SqliteEventStore(join(folder, 'log.db'), sha256));
  for (const detail of ['a', 'b', 'c']) {
    const [event] = log.append(fact(detail));
    expect(log.isSaved({ seq: event?.seq ?? 0, commandId: null })).toBe(true);
  }
  expect(log.health()).toEqual({ unsavedEvents: 0, storeError: null });
});

it('gives a slow store one batch at a time, and nothing twice', async () => {
  const store = new SlowStore(join(folder, 'log.db'), sha256);
  log = await open(store);
  const saved = (): Promise<void> => new Promise((resolve) => log.onSaved(resolve));
  for (const detail of ['a', 'b', 'c']) log.append(fact(detail));
  expect(log.isSaved({ seq: 1, commandId: null })).toBe(false);
  expect(store.batches).toEqual([[1]]);
  for (const [batches, head] of [
    [[[1], [2, 3]], 1],
    [[[1], [2, 3]], 3],
  ] as const) {
    const next = saved();
    store.letGo();
    await next;
    expect(log.savedHead().seq).toBe(head);
    expect(store.batches).toEqual(batches);
  }
});
