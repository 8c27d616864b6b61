import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { CSV_HEADER, csvWriter } from '../../shared/audit/csv';
import { canonicalJson } from '../../shared/log/canonical';
import {
  type ChainFault,
  describeFault,
  type SealedEvent,
  type Sha256,
  verifyNext,
} from '../../shared/log/chain';
import type { LogEvent, LogPosition } from '../../shared/log/event';
import { EMPTY_LOG, logEventSchema } from '../../shared/log/event';
import { toDomainEvent } from '../../shared/ops/events';
import { type DeletedBefore, deletedBefore } from '../../shared/retention/retention';
import type { Damage, Findings, Steps } from '../audit/verifyLog';
import { checkCheckpoint, publicKeyOf } from '../checkpoint';
import { bodyOfLine, dataText } from '../eventRow';
import { pemOf } from '../signedNote';
import { FILES, type Manifest, manifestSchema } from './manifest';
import { readLines } from './readLines';

const STEP = 2_000;

/** A line of `events.jsonl` as the event that follows `previous`, or what does not hold. */
export function lineEvent(
  line: string,
  previous: LogPosition,
  sha256: Sha256,
):
  | { readonly ok: true; readonly sealed: SealedEvent }
  | { readonly ok: false; readonly fault: ChainFault } {
  const seq = previous.seq + 1;
  const unreadable = (detail: string) =>
    ({ ok: false, fault: { kind: 'unreadable', seq, detail } }) as const;
  const parts = bodyOfLine(line);
  if (!parts) return unreadable('the line has no hash in its place');
  let value: unknown;
  try {
    value = { ...JSON.parse(parts.body), hash: parts.hash };
  } catch (error) {
    return unreadable((error as Error).message);
  }
  const event = logEventSchema.safeParse(value);
  if (!event.success) return unreadable(event.error.issues[0]?.message ?? 'not an event');
  const next = verifyNext(event.data as LogEvent, previous, sha256);
  if (!next.ok) return next;
  return next.sealed.body === parts.body ? next : unreadable('the line is not canonical JSON');
}

/** What an export says of itself. @throws when it cannot be read */
export function readManifest(folder: string): Manifest {
  return manifestSchema.parse(JSON.parse(readFileSync(join(folder, FILES.manifest), 'utf8')));
}

/** Verifies an export's folder: its sums, the chain, the signature, and that the manifest says what is there. */
export function* verifyExport(folder: string, sha256: Sha256): Steps<Findings> {
  const damage: Damage[] = [];
  const bad = (detail: string): void => void damage.push({ kind: 'file', seq: null, detail });
  const found = yield* hashesOf(folder);
  const sums = sumsOf(folder);
  for (const [name, hash] of found) {
    if (name === FILES.sums) continue;
    if (!sums.has(name)) bad(`${name} is not in ${FILES.sums}`);
    else if (sums.get(name) !== hash) bad(`${name} is not the file that was written`);
  }
  for (const name of sums.keys()) if (!found.has(name)) bad(`${name} is missing`);
  const manifest = manifestOf(folder, bad);
  for (const name of found.keys()) {
    if (!manifest || name === FILES.sums || name === FILES.manifest) continue;
    const said = sums.get(name) === found.get(name);
    if (said && manifest.files[name]?.sha256 !== found.get(name))
      bad(`the manifest has another ${name}`);
  }

  const start: LogPosition = manifest?.first
    ? { seq: manifest.first.seq - 1, hash: manifest.first.prevHash }
    : EMPTY_LOG;
  let head = start;
  let fault: ChainFault | null = null;
  let ts = 0;
  const clock = { regressions: 0, firstSeq: null as number | null, worstMs: 0 };
  const byType: Record<string, number> = {};
  const table = createHash('sha256').update(CSV_HEADER);
  const csvLine = csvWriter();
  const signed = existsSync(join(folder, FILES.checkpoint))
    ? readFileSync(join(folder, FILES.checkpoint), 'utf8')
    : '';
  const signedSeq = signed === '' ? null : Number(signed.split('\n')[1]);
  let signedHash: string | null = null;
  let firstBody: string | undefined;
  const claimed = manifest?.deletedBefore ?? null;
  let named: DeletedBefore | null = null;
  const eventsPath = join(folder, FILES.events);
  if (!existsSync(eventsPath)) bad(`${FILES.events} is missing`);
  else {
    for (const line of readLines(eventsPath)) {
      const next = lineEvent(line, head, sha256);
      if (!next.ok) {
        fault = next.fault;
        break;
      }
      const { event, body } = next.sealed;
      firstBody ??= body;
      table.update(csvLine(event, dataText(body)));
      byType[event.type] = (byType[event.type] ?? 0) + 1;
      if (event.ts < ts) {
        clock.regressions += 1;
        clock.firstSeq ??= event.seq;
        clock.worstMs = Math.max(clock.worstMs, ts - event.ts);
      }
      ts = event.ts;
      head = { seq: event.seq, hash: event.hash };
      if (event.seq === signedSeq) signedHash = event.hash;
      if (event.seq === claimed?.seq) named = deletedBefore(toDomainEvent(event));
      if (event.seq % STEP === 0) yield { done: head.seq - start.seq, of: manifest?.events ?? 0 };
    }
  }
  const events = head.seq - start.seq;
  if (fault) damage.unshift({ kind: fault.kind, seq: head.seq + 1, detail: describeFault(fault) });
  const late = beginsBadly();
  if (late !== null) damage.push({ kind: 'gap', seq: start.seq, detail: late });
  let signedTo: number | null = null;
  if (manifest && !fault) {
    if (events !== manifest.events)
      bad(`there are ${events} events, the manifest says ${manifest.events}`);
    const last = manifest.last;
    if (events > 0 && (last?.seq !== head.seq || last.hash !== head.hash)) {
      bad('the manifest names another last event');
    }
    if (canonicalJson(byType) !== canonicalJson(manifest.byType))
      bad('the manifest counts other types');
    if (found.get(FILES.table) !== table.digest('hex'))
      bad(`${FILES.table} does not say what the events say`);
    signedTo = signatureOf();
  }
  return { damage, events, first: start.seq + 1, deleted: claimed, head, signedTo, clock };

  /** What is wrong with where it begins; a period may begin anywhere, a whole record may not. */
  function beginsBadly(): string | null {
    if (start.seq === 0 || !manifest || fault) return null;
    const begins = `the record begins with event ${start.seq + 1}`;
    if (!claimed) {
      return manifest.period.from === null ? `${begins}, and says of no deletion before it` : null;
    }
    const fits = claimed.last === start.seq && claimed.hash === start.hash;
    // A period may end before the event that names what went before it.
    const isHeld = claimed.seq <= head.seq;
    if (fits && (!isHeld || canonicalJson(named) === canonicalJson(claimed))) return null;
    return `${begins}, and event ${claimed.seq} does not name what came before`;
  }

  /** Up to where the signature reaches; damage where it does not hold. */
  function signatureOf(): number | null {
    const key = manifest?.publicKey ?? '';
    const own = start.seq === 0 ? publicKeyOf(firstBody) : key;
    if (own !== key) bad('the manifest names another key than the first event');
    if (key !== '' && pemFile() !== expectedPem(key)) {
      bad(`${FILES.key} is another key than the manifest names`);
    }
    if (signed === '') {
      if (manifest?.signedTo !== null) bad(`${FILES.checkpoint} is empty`);
      return null;
    }
    const checked = checkCheckpoint(signed, key, (at) => (at === signedSeq ? signedHash : null));
    if (checked.ok) return checked.seq;
    damage.push({ kind: 'checkpoint', seq: signedSeq, detail: checked.cause });
    return null;
  }

  function pemFile(): string {
    const path = join(folder, FILES.key);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }
}

/** Null for what is no key. */
function expectedPem(key: string): string | null {
  try {
    return pemOf(key);
  } catch {
    return null;
  }
}

function manifestOf(folder: string, bad: (detail: string) => void): Manifest | null {
  try {
    return readManifest(folder);
  } catch (error) {
    bad(`${FILES.manifest} cannot be read: ${(error as Error).message.split('\n')[0]}`);
    return null;
  }
}

function sumsOf(folder: string): ReadonlyMap<string, string> {
  const path = join(folder, FILES.sums);
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

function* hashesOf(folder: string): Steps<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
  const chunk = Buffer.allocUnsafe(1 << 20);
  for (const name of names) {
    const file = openSync(join(folder, name), 'r');
    try {
      const hash = createHash('sha256');
      for (;;) {
        const length = readSync(file, chunk, 0, chunk.length, null);
        if (length === 0) break;
        hash.update(chunk.subarray(0, length));
        yield { done: 0, of: 0 };
      }
      hashes.set(name, hash.digest('hex'));
    } finally {
      closeSync(file);
    }
  }
  return hashes;
}
