import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { MirrorCore } from '../../src/main/mirror/core';
import { sha256 } from '../../src/node/sha256';
import type { SealedEvent } from '../../src/shared/log/chain';
import { MAX_EVENTS_PER_FRAME } from '../../src/shared/protocol/wire';
import { chainOf } from './events';
import { median, print, round } from './figure';

// What arrives is text: reading it is part of the work, and of the floor's work too.
const COUNT = 50_000;
const RUNS = 5;
/** Rows a transaction, as the mirror's thread writes them in a replay; the floor's are the same. */
const BATCH = 4_096;
const sealed = chainOf(COUNT);
const frames: string[] = [];
for (let from = 0; from < COUNT; from += MAX_EVENTS_PER_FRAME) {
  const events = sealed.slice(from, from + MAX_EVENTS_PER_FRAME).map(({ event }) => event);
  frames.push(JSON.stringify({ events }));
}

async function mirrored(folder: string): Promise<number> {
  const path = join(folder, 'audit.db');
  const core = new MirrorCore({
    path,
    sha256,
    clock: Date.now,
    onStatus: () => undefined,
    onBadCheckpoint: () => undefined,
  });
  await core.open();
  const started = performance.now();
  for (const frame of frames) {
    if (core.take(JSON.parse(frame).events) >= BATCH) core.flush();
  }
  core.flush();
  const seconds = (performance.now() - started) / 1_000;
  if (core.hasPending()) throw new Error('not everything was written');
  core.close();
  return COUNT / seconds;
}

/** The same rows into the same table and indexes, with nothing verified. */
function bare(folder: string): number {
  const database = new Database(join(folder, 'bare.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(`CREATE TABLE events (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, ts INTEGER NOT NULL,
    type TEXT NOT NULL, actor TEXT NOT NULL, command_id TEXT, hash TEXT NOT NULL,
    prev_hash TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX events_command ON events (command_id) WHERE command_id IS NOT NULL;`);
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const write = database.transaction((batch: readonly SealedEvent[]) => {
    for (const { event, body } of batch) {
      const { seq, id, ts, type, actor, commandId, hash, prevHash } = event;
      insert.run(seq, id, ts, type, actor.id, commandId, hash, prevHash, body);
    }
  });
  const started = performance.now();
  for (let from = 0; from < COUNT; from += BATCH) write(sealed.slice(from, from + BATCH));
  const seconds = (performance.now() - started) / 1_000;
  database.close();
  return COUNT / seconds;
}

const ours: number[] = [];
const floors: number[] = [];
for (let run = 0; run < RUNS; run += 1) {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
  ours.push(await mirrored(folder));
  floors.push(bare(folder));
  rmSync(folder, { recursive: true, force: true });
}
const value = median(ours);
const floor = median(floors);
print({
  figure: 'mirror.verified_events_per_second',
  value: round(value),
  unit: 'events/s',
  floor: round(floor),
  ratio: round(value / floor),
  target: '≥ 40000 and ≥ 0.3 × a bare batch insert',
  met: value >= 40_000 && value / floor >= 0.3,
  runs: RUNS,
});
