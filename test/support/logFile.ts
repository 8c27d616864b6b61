import type { KeyObject } from 'node:crypto';
import { sha256 } from '../../src/node/sha256';
import { signNote } from '../../src/node/signedNote';
import { SqliteEventStore, type StoredCheckpoint } from '../../src/node/sqliteEventStore';
import type { SealedEvent } from '../../src/shared/log/chain';
import { checkpointText, LOG_ORIGIN } from '../../src/shared/log/checkpoint';

/** A gateway's signature over a chain's event. */
export function signed(chain: readonly SealedEvent[], seq: number, key: KeyObject) {
  const { hash } = (chain[seq - 1] as SealedEvent).event;
  return { seq, note: signNote(checkpointText(LOG_ORIGIN, { seq, hash }), LOG_ORIGIN, key) };
}

/** Writes a chain and signatures over it to a log's file. */
export function writeLog(
  path: string,
  chain: readonly SealedEvent[],
  checkpoints: readonly StoredCheckpoint[] = [],
): void {
  const store = new SqliteEventStore(path, sha256);
  store.insert(chain);
  for (const one of checkpoints) store.putCheckpoint(one);
  store.close();
}

/** What a log's file holds: the events' sealed texts and hashes, and the signatures. */
export function readLog(path: string) {
  const store = new SqliteEventStore(path, sha256);
  const rows = store.database.prepare('SELECT * FROM events ORDER BY seq').all();
  const checkpoints = store.database.prepare('SELECT * FROM checkpoints ORDER BY seq').all();
  const verified = store.verify();
  store.close();
  return { rows, checkpoints, verified };
}
