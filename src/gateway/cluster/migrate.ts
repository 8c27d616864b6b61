import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type EventSource, FileInUseError, openSource } from '../../node/audit/source';
import { verifyLog } from '../../node/audit/verifyLog';
import { checkCheckpoint } from '../../node/checkpoint';
import { type EventRow, eventOfRow } from '../../node/eventRow';
import { syncFolder } from '../../node/latchFile';
import { SqliteEventStore } from '../../node/sqliteEventStore';
import type { SealedEvent, Sha256 } from '../../shared/log/chain';
import { EMPTY_LOG, type LogPosition } from '../../shared/log/event';
import { batchText, fillBatch, readBatch } from './batch';
import { type LogStream, MovedOnError, StreamUnavailableError } from './stream';

/** A log cannot be taken there; the message says what is there, and nothing of it was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

type Step = 'events verified' | 'events compared' | 'events written' | 'messages read';

export interface MigrationOptions {
  readonly sha256: Sha256;
  /** Hears how far each step is. */
  readonly onProgress: (what: Step, done: number, of: number) => void;
  /** Between two attempts at a stream that does not answer, of which there are {@link ATTEMPTS}. */
  readonly retryMs?: number;
  /** A stream that says nothing for so long is given up. */
  readonly silenceMs?: number;
}

const PAGE = 2_000;
const RETRY_MS = 1_000;
const SILENCE_MS = 30_000;
/** Longer than servers take to agree on a leader anew. */
const ATTEMPTS = 20;

/**
 * Takes a log into a stream that is empty or holds a beginning of that very log: after whatever
 * interrupted it, it goes on from there.
 *
 * @returns the place after the log's last event.
 * @throws {MigrationError} when the log does not hold, or something else is in the stream.
 * @throws {StreamUnavailableError}
 */
export async function toStream(
  source: EventSource,
  stream: LogStream,
  options: MigrationOptions,
): Promise<LogPosition> {
  const { onProgress, retryMs = RETRY_MS } = options;
  const head = verifySource(source, options);
  const there = await compare(source, head, stream, options);
  let { place } = there;
  let done = there.seq;
  const checkpoints = source.checkpoints().filter(({ seq }) => !there.signed.has(seq));
  const put = async (text: string): Promise<void> => {
    place = await putSurely(stream, text, place, retryMs);
  };
  for (const note of checkpoints.filter(({ seq }) => seq <= done)) await put(batchText([], note));
  const rest = checkpoints.filter(({ seq }) => seq > done);
  while (done < head.seq) {
    // A signature goes with the event that it is over, so that it is there with it or not at all.
    const [note] = rest;
    const until = note?.seq ?? head.seq;
    const waiting = source.rows(done + 1, Math.min(PAGE, until - done)).map(sealedRow);
    const batch = fillBatch(waiting);
    done += batch.length;
    await put(batchText(batch, note?.seq === done ? (rest.shift() ?? null) : null));
    onProgress('events written', done, head.seq);
  }
  const after = await compare(source, head, stream, options);
  if (after.seq < head.seq) {
    throw new MigrationError(
      `the stream ends with event ${after.seq} of ${head.seq}: run this again`,
    );
  }
  return head;
}

/**
 * Writes the log of a stream, as far as it is at this moment, to a file of its own. What there is
 * while it is written lies beside it as `.part`.
 *
 * @returns the place after its last event.
 * @throws {MigrationError} when the file is there already, the stream holds no event, or what was written does not hold.
 * @throws {StreamUnavailableError}
 */
export async function toFile(
  stream: LogStream,
  path: string,
  options: MigrationOptions,
): Promise<LogPosition> {
  const { sha256, onProgress } = options;
  refuseExisting(path);
  const part = `${path}.part`;
  clearPart(part);
  const last = await stream.last();
  const store = new SqliteEventStore(part, sha256);
  try {
    chmodSync(part, 0o600);
    const hashAt = (seq: number) => store.hashAt(seq);
    await readThrough(stream, last, options, async (place, text) => {
      const { sealed, note } = readBatch(text, store.head(), hashAt, sha256);
      await store.append(sealed, store.head().seq);
      if (note && checkCheckpoint(note.note, store.publicKey(), hashAt).ok) {
        store.putCheckpoint(note);
      }
      onProgress('messages read', place, last);
    });
    if (store.head().seq === 0) throw new MigrationError('the stream holds no event');
    // One file alone, without a log ahead of it.
    store.database.pragma('journal_mode = DELETE');
  } catch (error) {
    store.close();
    clearPart(part);
    throw error;
  }
  store.close();
  const source = openSource([part]);
  let head: LogPosition;
  try {
    head = verifySource(source, options);
  } finally {
    source.close();
  }
  syncFile(part);
  refuseExisting(path);
  renameSync(part, path);
  syncFolder(dirname(path));
  return head;
}

function verifySource(source: EventSource, { sha256, onProgress }: MigrationOptions): LogPosition {
  const steps = verifyLog(source, sha256, true);
  for (;;) {
    const step = steps.next();
    if (!step.done) {
      onProgress('events verified', step.value.done, step.value.of);
      continue;
    }
    const { damage, first, head } = step.value;
    if (damage[0]) throw new MigrationError(`the log does not hold: ${damage[0].detail}`);
    if (first !== 1) {
      throw new MigrationError(
        `the log begins with event ${first}, what came before was deleted; a stream begins with event 1`,
      );
    }
    if (head.seq === 0) throw new MigrationError('the log holds no event');
    return head;
  }
}

/** How far a stream holds a log, and which signatures. @throws {MigrationError} when it holds anything else */
async function compare(
  source: EventSource,
  head: LogPosition,
  stream: LogStream,
  options: MigrationOptions,
): Promise<{ readonly place: number; readonly seq: number; readonly signed: ReadonlySet<number> }> {
  const last = await stream.last();
  const signed = new Set<number>();
  let reached = EMPTY_LOG;
  await readThrough(stream, last, options, (place, text) => {
    const { sealed, note, fault } = readBatch(
      ...([text, reached, (seq: number) => source.hashAt(seq), options.sha256] as const),
    );
    if (fault)
      throw new MigrationError(`message ${place} of the stream is no part of a log: ${fault}`);
    for (const { event } of sealed) {
      const { seq, hash } = event;
      if (seq > head.seq) {
        throw new MigrationError(
          `the stream goes on past this log, which ends with event ${head.seq}: gateways have written to it`,
        );
      }
      if (source.hashAt(seq) !== hash) {
        throw new MigrationError(
          `the stream holds another log: its event ${seq} is not this log’s (begun ${new Date(event.ts).toISOString()})`,
        );
      }
      reached = { seq, hash };
    }
    if (note) signed.add(note.seq);
    options.onProgress('events compared', reached.seq, head.seq);
  });
  return { place: last, seq: reached.seq, signed };
}

/** Hears each text up to a place, one after the other. @throws what `hear` does; {StreamUnavailableError} */
function readThrough(
  stream: LogStream,
  last: number,
  { silenceMs = SILENCE_MS }: MigrationOptions,
  hear: (place: number, text: string) => void | Promise<void>,
): Promise<void> {
  if (last === 0) return Promise.resolve();
  return new Promise((done, failed) => {
    let hearing: Promise<void> = Promise.resolve();
    let silence = setTimeout(silent, silenceMs);
    const leave = stream.follow(0, (place, text) => {
      clearTimeout(silence);
      if (place > last) return;
      silence = setTimeout(silent, silenceMs);
      hearing = hearing.then(() => hear(place, text));
      hearing.then(
        () => {
          if (place === last) end(done);
        },
        (error) => end(() => failed(error)),
      );
    });
    function end(how: () => void): void {
      clearTimeout(silence);
      leave();
      how();
    }
    function silent(): void {
      const message = `the replicated log says nothing for ${silenceMs / 1_000} s`;
      end(() => failed(new StreamUnavailableError(message, false)));
    }
  });
}

/** Publishes until the stream says that it has it, or that another has written. */
async function putSurely(
  stream: LogStream,
  text: string,
  after: number,
  retryMs: number,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await stream.publish(text, after);
    } catch (error) {
      if (error instanceof MovedOnError) {
        // An answer that was lost: it is there already.
        if ((await stream.at(after + 1)) === text) return after + 1;
        throw new MigrationError(
          'another has written to the stream meanwhile: stop every gateway, and begin with an empty stream',
        );
      }
      if (attempt === ATTEMPTS) throw error;
      await delay(retryMs);
    }
  }
}

function sealedRow(row: EventRow): SealedEvent {
  return { event: eventOfRow(row), body: row.body };
}

function refuseExisting(path: string): void {
  if (!existsSync(path)) return;
  throw new MigrationError(`${path} is there already; nothing is written over`);
}

/** Takes away what an interrupted run has left. @throws {FileInUseError} where one runs still */
function clearPart(part: string): void {
  try {
    if (existsSync(part)) openSource([part], true).close();
  } catch (error) {
    // One that was ended before it had a table in it is no log yet.
    if (error instanceof FileInUseError) throw error;
  }
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(part + suffix, { force: true });
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
