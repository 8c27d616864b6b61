import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sha256 } from '../../shared/log/chain';
import type { LogPosition } from '../../shared/log/event';
import { archivesOf } from '../audit/archives';
import { basePath } from '../audit/base';
import { type EventSource, openSource } from '../audit/source';
import { untouched } from '../audit/untouched';
import { type Findings, type Steps, verifyLog } from '../audit/verifyLog';
import { bodyOfLine } from '../eventRow';
import { sha256 } from '../sha256';
import { FILES } from './manifest';
import { readLines } from './readLines';
import { unzip } from './unzip';
import { verifyExport } from './verifyExport';

/** A record of whatever form: a log or mirror, an export's folder or its zip. */
export type RecordFile =
  | {
      readonly kind: 'database';
      readonly source: EventSource;
      /** Where a file beside it can be read with nothing written there either. */
      readonly beside: (path: string) => Promise<string>;
      close(): void;
    }
  | { readonly kind: 'export'; readonly folder: string; close(): void };

/**
 * Opens a record to be read, and writes nothing where it lies.
 *
 * @param work a folder for what must be unpacked or copied first; all of it goes when the record is closed.
 * @throws when it is none
 */
export async function openRecord(
  path: string,
  signal: AbortSignal,
  work = tmpdir(),
): Promise<RecordFile> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new Error(`${path}: there is no such file`);
  if (stat.isDirectory()) return { kind: 'export', folder: path, close: () => undefined };
  const folder = mkdtempSync(join(work, 'vigia-record-'));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    if (path.toLowerCase().endsWith('.zip')) {
      await unzip(path, folder, signal);
      return { kind: 'export', folder, close };
    }
    const beside = (file: string): Promise<string> => untouched(file, folder, signal);
    const files: string[] = [];
    for (const file of [...archivesOf(path), path]) files.push(await beside(file));
    // What is kept of years that were deleted goes with the file that it belongs to.
    const opened = files.at(-1) ?? path;
    const base = basePath(path);
    if (opened !== path && existsSync(base)) copyFileSync(base, basePath(opened));
    const source = openSource(files);
    return {
      ...{ kind: 'database', source, beside },
      close() {
        source.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Verifies a record, whatever its form. */
export function verifyRecord(record: RecordFile, hash: Sha256 = sha256): Steps<Findings> {
  return record.kind === 'database'
    ? verifyLog(record.source, hash, true)
    : verifyExport(record.folder, hash);
}

/** The places of a record's events, in order, as the record itself has them. */
export function* positionsOf(record: RecordFile): Generator<LogPosition> {
  if (record.kind === 'database') {
    let from = 0;
    for (;;) {
      const rows = record.source.rows(from, 2_000);
      for (const { seq, hash } of rows) yield { seq, hash };
      const last = rows.at(-1);
      if (!last) return;
      from = last.seq + 1;
    }
  }
  for (const line of readLines(join(record.folder, FILES.events))) {
    const parts = bodyOfLine(line);
    const seq = Number(/,"seq":(\d+),"ts":\d+,"type":"[^"]*"\}$/.exec(parts?.body ?? '')?.[1]);
    if (!parts || !Number.isSafeInteger(seq))
      throw new Error(`${FILES.events} has a line that is no event`);
    yield { seq, hash: parts.hash };
  }
}

/** How two records stand to each other. */
export type Comparison =
  | { readonly kind: 'same'; readonly from: number; readonly to: number }
  /** Both hold the same up to `to`, where `shorter` ends. */
  | {
      readonly kind: 'prefix';
      readonly from: number;
      readonly to: number;
      readonly shorter: 'a' | 'b';
    }
  | { readonly kind: 'parted'; readonly seq: number; readonly a: string; readonly b: string }
  /** They have no event in common to tell by. */
  | { readonly kind: 'apart' };

/** Compares where two records overlap: each event's hash stands for all that came before it. */
export function compareRecords(a: RecordFile, b: RecordFile): Comparison {
  const ones = positionsOf(a);
  const others = positionsOf(b);
  let one = ones.next();
  let other = others.next();
  while (!one.done && !other.done && one.value.seq !== other.value.seq) {
    if (one.value.seq < other.value.seq) one = ones.next();
    else other = others.next();
  }
  if (one.done || other.done) return { kind: 'apart' };
  const from = one.value.seq;
  let to = from;
  while (!one.done && !other.done) {
    const { seq, hash } = one.value;
    if (seq !== other.value.seq || hash !== other.value.hash) {
      return { kind: 'parted', seq: Math.min(seq, other.value.seq), a: hash, b: other.value.hash };
    }
    to = seq;
    one = ones.next();
    other = others.next();
  }
  if (one.done && other.done) return { kind: 'same', from, to };
  return { kind: 'prefix', from, to, shorter: one.done ? 'a' : 'b' };
}
