import { parentPort, workerData } from 'node:worker_threads';
import { openSource } from '../../node/audit/source';
import { verifyIndex } from '../../node/audit/verifyIndex';
import { AbortedError, runSteps, verifyLog } from '../../node/audit/verifyLog';
import { exportFolder, exportLines, exportZip } from '../../node/export/exportLog';
import { importRecord } from '../../node/export/importRecord';
import { rangeOf } from '../../node/export/period';
import { sha256 } from '../../node/sha256';
import { beginsLine } from '../../shared/retention/retention';
import type { FromJob, JobOrder } from '../audit/messages';

/** One piece of work on the record, in a thread of its own that ends with it. */
const TELL_EVERY_MS = 100;
const port = parentPort;
if (!port) throw new Error('a job runs as a worker');
const post = (message: FromJob): void => port.postMessage(message);
const order = workerData as JobOrder;
const controller = new AbortController();
const { signal } = controller;
port.on('message', () => controller.abort(new AbortedError()));

let toldAt = 0;
function onProgress(progress: { readonly done: number; readonly of: number }): void {
  if (performance.now() - toldAt < TELL_EVERY_MS) return;
  toldAt = performance.now();
  post({ type: 'progress', ...progress });
}

async function verify(job: Extract<JobOrder, { kind: 'verify' }>): Promise<FromJob> {
  const source = openSource(job.paths);
  try {
    const steps = verifyLog(source, sha256, job.whole, job.publicKey);
    const findings = await runSteps(steps, signal, onProgress);
    // What is derived is compared with what holds; where the log itself does not, there is nothing to compare with.
    const index =
      findings.damage.length === 0
        ? await runSteps(verifyIndex(job.index, source), signal, onProgress)
        : null;
    const damage = index ? [...findings.damage, index] : findings.damage;
    const detail =
      damage.length === 0
        ? `ok to ${findings.head.seq} ${findings.head.hash}, signed to ${findings.signedTo ?? 'none'}${findings.deleted ? `; ${beginsLine(findings.deleted)}` : ''}`
        : damage.map(({ kind, seq, detail: text }) => `${kind} ${seq ?? ''}: ${text}`).join('; ');
    return { type: 'done', findings: { ...findings, damage }, detail, publicKey: job.publicKey };
  } finally {
    source.close();
  }
}

async function write(job: Extract<JobOrder, { kind: 'export' }>): Promise<FromJob> {
  const source = openSource(job.paths);
  try {
    const range = rangeOf(source, job.from, job.to);
    const of = Math.max(0, range.toSeq - range.fromSeq + 1);
    const publicKey = source.publicKey();
    const options = {
      ...{ source, range, publicKey, signal, info: job.info },
      period: { from: job.from, to: job.to },
      checkpoint: null,
      onProgress: (done: number) => onProgress({ done, of }),
    };
    if (job.format === 'folder') await exportFolder(options, job.target);
    else if (job.format === 'zip') await exportZip(options, job.target);
    else await exportLines(options, job.format, job.target);
    const detail = `${job.format} of events ${range.fromSeq} to ${range.toSeq}`;
    return { type: 'done', findings: null, detail, publicKey };
  } finally {
    source.close();
  }
}

async function bringIn(job: Extract<JobOrder, { kind: 'import' }>): Promise<FromJob> {
  const { findings, publicKey } = await importRecord(
    job.path,
    job.into,
    sha256,
    signal,
    onProgress,
  );
  const detail = `events ${findings.first} to ${findings.head.seq}`;
  return { type: 'done', findings, detail, publicKey };
}

async function run(): Promise<FromJob> {
  switch (order.kind) {
    case 'verify':
      return verify(order);
    case 'export':
      return write(order);
    case 'import':
      return bringIn(order);
  }
}

try {
  post(await run());
} catch (error) {
  const cancelled = signal.aborted;
  post(cancelled ? { type: 'cancelled' } : { type: 'failed', message: (error as Error).message });
}
port.close();
