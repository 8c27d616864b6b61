import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeFault, type SealedEvent, type Sha256, verifyNext } from '../../shared/log/chain';
import type { LogPosition } from '../../shared/log/event';
import { EMPTY_LOG } from '../../shared/log/event';
import { openSource } from '../audit/source';
import { type Damage, type Findings, runSteps, verifyLog } from '../audit/verifyLog';
import { eventOfRow } from '../eventRow';
import { SqliteEventStore } from '../sqliteEventStore';
import { FILES } from './manifest';
import { readLines } from './readLines';
import { openRecord, type RecordFile } from './record';
import { lineEvent, readManifest, verifyExport } from './verifyExport';

const BATCH = 2_000;

export interface Imported {
  readonly findings: Findings;
  /** Name of the log, as its first event or its manifest has it. */
  readonly publicKey: string;
}

/**
 * Takes a record from elsewhere into a file of ours, where it can be browsed like our own. The
 * original is only read, and nothing is left of an import that fails or is called off. Each event is verified as it comes; at the first that does not hold it ends,
 * and what came before is there to be looked at.
 */
export async function importRecord(
  path: string,
  into: string,
  sha256: Sha256,
  signal: AbortSignal,
  onProgress: (progress: { readonly done: number; readonly of: number }) => void,
): Promise<Imported> {
  mkdirSync(dirname(into), { recursive: true });
  const record = await openRecord(path, signal, dirname(into));
  try {
    remove(into);
    // The export is looked at as a whole first: sums and manifest say more than the events alone.
    const outer =
      record.kind === 'export'
        ? await runSteps(verifyExport(record.folder, sha256), signal, onProgress)
        : null;
    const key = record.kind === 'export' ? keyOf(record.folder) : record.source.publicKey();
    const fault = await copy(record, into, sha256, signal, onProgress);
    const source = openSource([into]);
    try {
      const own = await runSteps(verifyLog(source, sha256, false, key), signal, onProgress);
      const damage = [
        ...(outer?.damage ?? []),
        ...(fault && !outer?.damage.some(({ seq }) => seq === fault.seq) ? [fault] : []),
        ...own.damage,
      ];
      return {
        findings: { ...own, damage, signedTo: outer?.signedTo ?? own.signedTo },
        publicKey: key,
      };
    } finally {
      source.close();
    }
  } catch (error) {
    remove(into);
    throw error;
  } finally {
    record.close();
  }
}

/** Removes a database and what SQLite keeps beside it. */
function remove(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

function keyOf(folder: string): string {
  try {
    return readManifest(folder).publicKey;
  } catch {
    return '';
  }
}

type Next =
  | { readonly ok: true; readonly sealed: SealedEvent }
  | { readonly ok: false; readonly damage: Damage };

async function copy(
  record: RecordFile,
  into: string,
  sha256: Sha256,
  signal: AbortSignal,
  onProgress: (progress: { readonly done: number; readonly of: number }) => void,
): Promise<Damage | null> {
  const store = new SqliteEventStore(into, sha256);
  try {
    let batch: SealedEvent[] = [];
    let done = 0;
    const of =
      record.kind === 'database' ? record.source.head().seq - record.source.start().seq : 0;
    for (const next of sealedOf(record, sha256)) {
      if (!next.ok) {
        store.insert(batch);
        return next.damage;
      }
      batch.push(next.sealed);
      done += 1;
      if (batch.length < BATCH) continue;
      store.insert(batch);
      batch = [];
      onProgress({ done, of });
      await new Promise((breathed) => setImmediate(breathed));
      signal.throwIfAborted();
    }
    store.insert(batch);
    for (const checkpoint of signaturesOf(record)) store.putCheckpoint(checkpoint);
    return null;
  } finally {
    store.close();
  }
}

function* sealedOf(record: RecordFile, sha256: Sha256): Generator<Next> {
  const checked = (next: ReturnType<typeof verifyNext>, head: LogPosition): Next =>
    next.ok
      ? next
      : {
          ok: false,
          damage: { kind: next.fault.kind, seq: head.seq + 1, detail: describeFault(next.fault) },
        };
  if (record.kind === 'database') {
    let head = record.source.start();
    for (;;) {
      const rows = record.source.rows(head.seq + 1, BATCH);
      for (const row of rows) {
        let next: Next;
        try {
          next = checked(verifyNext(eventOfRow(row), head, sha256), head);
        } catch (error) {
          const detail = (error as Error).message;
          next = { ok: false, damage: { kind: 'unreadable', seq: head.seq + 1, detail } };
        }
        yield next;
        head = { seq: row.seq, hash: row.hash };
      }
      if (rows.length < BATCH) return;
    }
  }
  let head: LogPosition | null = null;
  for (const line of readLines(join(record.folder, FILES.events))) {
    head ??= beginningOf(record.folder);
    const next = lineEvent(line, head, sha256);
    yield checked(next, head);
    if (!next.ok) return;
    head = { seq: next.sealed.event.seq, hash: next.sealed.event.hash };
  }
}

/** Where an export's chain begins, as its manifest says: its sums were verified before. */
function beginningOf(folder: string): LogPosition {
  try {
    const { first } = readManifest(folder);
    return first ? { seq: first.seq - 1, hash: first.prevHash } : EMPTY_LOG;
  } catch {
    return EMPTY_LOG;
  }
}

function signaturesOf(
  record: RecordFile,
): readonly { readonly seq: number; readonly note: string }[] {
  if (record.kind === 'database') return record.source.checkpoints();
  const path = join(record.folder, FILES.checkpoint);
  const note = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return note === '' ? [] : [{ seq: Number(note.split('\n')[1]), note }];
}
