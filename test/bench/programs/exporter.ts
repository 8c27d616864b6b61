// Exports a record once, in a thread as a job of the terminal has it: `exporter folder|zip RECORD COUNT TARGET`. Says
// events a second and the memory at its most above idle, MiB.
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { JOB_LIMITS } from '../../../src/main/audit/messages';
import { openSource } from '../../../src/node/audit/source';
import { exportFolder, exportZip } from '../../../src/node/export/exportLog';

const LOOK_EVERY_MS = 20;

async function work(): Promise<void> {
  const [form = '', record = '', count = '0', target = ''] = workerData as string[];
  const source = openSource([record]);
  await (form === 'zip' ? exportZip : exportFolder)(
    {
      source,
      range: { fromSeq: 1, toSeq: Number(count) },
      period: { from: null, to: null },
      info: {
        madeAt: 0,
        ...{ madeBy: 'bench', software: 'bench', desk: 'bench', policies: {} },
        time: { source: 'bench', offsetMs: null },
      },
      publicKey: source.publicKey(),
      checkpoint: null,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    },
    target,
  );
  source.close();
}

function measure(): void {
  const told = process.argv.slice(2);
  const idle = process.memoryUsage.rss();
  let most = idle;
  const looking = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, LOOK_EVERY_MS);
  const started = performance.now();
  const file = fileURLToPath(import.meta.url);
  const worker = new Worker(file, { workerData: told, resourceLimits: JOB_LIMITS });
  worker.once('exit', () => {
    const seconds = (performance.now() - started) / 1_000;
    clearInterval(looking);
    process.stdout.write(`made ${Number(told[2]) / seconds} ${(most - idle) / 2 ** 20}\n`);
  });
}

if (isMainThread) measure();
else await work();
