import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { CSV_HEADER, csvWriter } from '../../shared/audit/csv';
import type { EventSource } from '../audit/source';
import { AbortedError } from '../audit/verifyLog';
import { checkCheckpoint } from '../checkpoint';
import { dataText, type EventRow, eventLine, eventOfRow } from '../eventRow';
import { sha256 as sha256Of } from '../sha256';
import { pemOf } from '../signedNote';
import type { StoredCheckpoint } from '../sqliteEventStore';
import { periodDocuments } from './documents';
import { type ExportInfo, FILES, type Manifest } from './manifest';
import { readmeEn, readmeEs, VERIFY_SH } from './readme';

export interface ExportOptions {
  readonly source: EventSource;
  /** First and last sequence, both included. */
  readonly range: { readonly fromSeq: number; readonly toSeq: number };
  /** As asked for, UTC ms; for the manifest. */
  readonly period: { readonly from: number | null; readonly to: number | null };
  readonly info: ExportInfo;
  readonly publicKey: string;
  /** A signature over the last event, where whoever exports can sign; else the newest one kept is used. */
  readonly checkpoint: StoredCheckpoint | null;
  readonly signal: AbortSignal;
  readonly onProgress: (events: number) => void;
}

/** JSON and CSV shrink to a tenth at the first level already; the higher ones cost several times as much. */
const COMPRESSION = 1;

/**
 * Rows read at a time: what else the thread does waits no longer than for these. What is being written while
 * the young heap is swept outlives it, so that few at a time is what keeps memory flat.
 */
const PAGE = 50;
/** Events between two words on how far it is. */
const TELL_EVERY = 250;

/** The events of the range, a chunk of text at a time. */
async function* pages(options: ExportOptions, write: Writer): AsyncGenerator<Buffer> {
  const { source, range, signal } = options;
  if (write.header !== '') yield Buffer.from(write.header);
  for (let from = range.fromSeq; from <= range.toSeq; from += PAGE) {
    if (signal.aborted) throw new AbortedError();
    const rows = source.rows(from, Math.min(PAGE, range.toSeq - from + 1));
    let text = '';
    for (const row of rows) text += write.line(row);
    yield Buffer.from(text);
    await new Promise((breathed) => setImmediate(breathed));
  }
}

/** Has events seen that are not of the range. */
async function look(
  { source, signal }: ExportOptions,
  fromSeq: number,
  toSeq: number,
  see: (row: EventRow) => void,
): Promise<void> {
  for (let from = fromSeq; from <= toSeq; from += PAGE) {
    if (signal.aborted) throw new AbortedError();
    for (const row of source.rows(from, Math.min(PAGE, toSeq - from + 1))) see(row);
    await new Promise((breathed) => setImmediate(breathed));
  }
}

interface Writer {
  readonly header: string;
  readonly line: (row: EventRow) => string;
}

function csvLines(): Writer {
  const line = csvWriter();
  return { header: CSV_HEADER, line: (row) => line(eventOfRow(row), dataText(row.body)) };
}

const JSONL: Writer = { header: '', line: (row) => `${eventLine(row.body, row.hash)}\n` };

/** The bare lines, for those who want no more. */
export function linesOf(options: ExportOptions, format: 'jsonl' | 'csv'): Readable {
  return Readable.from(pages(options, format === 'csv' ? csvLines() : JSONL));
}

/** What is put out, a file at a time, in the order in which it can be known. */
interface Part {
  readonly name: string;
  readonly content: AsyncIterable<Buffer>;
}

/** Every file of an export. Each is taken up only when the one before it was read to its end. */
async function* parts(options: ExportOptions): AsyncGenerator<Part> {
  const { source, range, info } = options;
  const files: Record<string, { sha256: string; bytes: number }> = {};
  const byType = new Map<string, number>();
  const written = periodDocuments(source, range);
  let events = 0;

  async function* measured(name: string, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    files[name] = { sha256: hash.digest('hex'), bytes };
  }
  const part = (name: string, content: AsyncIterable<Buffer>): Part => ({
    name,
    content: measured(name, content),
  });
  const text = (name: string, content: string): Part => part(name, once(content));

  const counted: Writer = {
    header: '',
    line(row) {
      byType.set(row.type, (byType.get(row.type) ?? 0) + 1);
      events += 1;
      if (events % TELL_EVERY === 0) options.onProgress(events);
      written.see(row);
      return JSONL.line(row);
    },
  };
  // A card is what the whole log up to its moment says, and a post-mortem is written after its incident.
  await look(options, source.start().seq + 1, range.fromSeq - 1, written.see);
  yield part(FILES.events, pages(options, counted));
  yield part(FILES.table, pages(options, csvLines()));
  const note = options.checkpoint ?? newestSignature(options);
  yield text(FILES.checkpoint, note?.note ?? '');
  // A part of a log may be held without its first event, which names the key.
  yield text(FILES.key, options.publicKey === '' ? '' : pemOf(options.publicKey));
  yield text(FILES.script, VERIFY_SH);
  const isFirst = range.fromSeq === source.start().seq + 1;
  const deletedBefore = isFirst ? source.deleted() : null;
  yield text('README.es.md', readmeEs(deletedBefore));
  yield text('README.en.md', readmeEn(deletedBefore));
  await look(options, range.toSeq + 1, source.head().seq, written.see);
  const used = new Set<string>();
  for (const { name, content } of written.documents()) yield text(plainName(name, used), content);

  const [first] = source.rows(range.fromSeq, 1);
  const [last] = range.toSeq >= range.fromSeq ? source.rows(range.toSeq, 1) : [];
  const manifest: Manifest = {
    format: 'vigia-export-1',
    madeAt: new Date(info.madeAt).toISOString(),
    madeBy: info.madeBy,
    software: info.software,
    desk: info.desk,
    policies: { ...info.policies },
    time: { ...info.time, granularityMs: 1, timeZone: 'America/Bogota' },
    period: { from: isoOf(options.period.from), to: isoOf(options.period.to) },
    events,
    first:
      first && last
        ? { seq: first.seq, hash: first.hash, prevHash: first.prev_hash, ts: first.ts }
        : null,
    last: last ? { seq: last.seq, hash: last.hash, ts: last.ts } : null,
    deletedBefore,
    byType: Object.fromEntries([...byType].sort(([a], [b]) => (a < b ? -1 : 1))),
    signedTo: note?.seq ?? null,
    publicKey: options.publicKey,
    files: { ...files },
  };
  yield text(FILES.manifest, `${JSON.stringify(manifest, null, 2)}\n`);
  const sums = Object.entries(files).map(([name, file]) => `${file.sha256}  ${name}\n`);
  yield { name: FILES.sums, content: once(sums.join('')) };
  options.onProgress(events);
}

/** Writes an export as a folder; it has its name only once it is whole. @throws {AbortedError}, errors of the disk */
export async function exportFolder(options: ExportOptions, target: string): Promise<void> {
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  try {
    mkdirSync(join(partial, 'documents'), { recursive: true, mode: 0o700 });
    for await (const { name, content } of parts(options)) {
      const path = join(partial, name);
      await pipeline(Readable.from(content), createWriteStream(path, { mode: 0o600 }));
      await synced(path);
    }
    // Their names too, before the one name by which all of it is taken for whole.
    await synced(join(partial, 'documents'));
    await synced(partial);
    renameSync(partial, target);
    await synced(dirname(target));
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Writes an export as a zip; it has its name only once it is whole. @throws {AbortedError}, errors of the disk */
export async function exportZip(options: ExportOptions, target: string): Promise<void> {
  await writeWhole(target, zipOf(options));
}

/** Writes the bare lines; the file has its name only once it is whole. */
export async function exportLines(
  options: ExportOptions,
  format: 'jsonl' | 'csv',
  target: string,
): Promise<void> {
  await writeWhole(target, linesOf(options, format));
}

async function writeWhole(target: string, content: Readable): Promise<void> {
  const partial = `${target}.partial`;
  try {
    await pipeline(content, createWriteStream(partial, { mode: 0o600 }));
    await synced(partial);
    renameSync(partial, target);
    await synced(dirname(target));
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** An export as a zip while it is made; an error of the reading ends it as an error of the stream. */
export function zipOf(options: ExportOptions): Readable {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  const mtime = new Date(options.info.madeAt);
  async function fill(): Promise<void> {
    for await (const { name, content } of parts(options)) {
      const stream = Readable.from(content);
      zip.addReadStream(stream, name, { mtime, mode: 0o100600, compressionLevel: COMPRESSION });
      await finished(stream);
    }
    zip.end();
  }
  zip.on('error', (error) => output.destroy(error as Error));
  fill().catch((error: Error) => output.destroy(error));
  return output;
}

/** The newest signature over an event of the range. */
function newestSignature({ source, range, publicKey }: ExportOptions): StoredCheckpoint | null {
  for (const { seq, note } of [...source.checkpoints()].reverse()) {
    if (seq < range.fromSeq || seq > range.toSeq) continue;
    if (checkCheckpoint(note, publicKey, source.hashAt).ok) return { seq, note };
  }
  return null;
}

/** A name that any file system takes, for a document of which none of `used` has it. */
function plainName(name: string, used: Set<string>): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  const cut = plain.slice(-100).replace(/^[^A-Za-z0-9]+/, '') || 'document';
  // Two names may come to one when what a file system does not take is left out; some take `A` for `a`.
  const own = used.has(cut.toLowerCase()) ? `${sha256Of(name).slice(0, 12)}-${cut}` : cut;
  used.add(own.toLowerCase());
  return `documents/${own}`;
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

function isoOf(ts: number | null): string | null {
  return ts === null ? null : new Date(ts).toISOString();
}

async function synced(path: string): Promise<void> {
  // Windows cannot open a folder; its rename is journalled.
  if (process.platform === 'win32') return;
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
