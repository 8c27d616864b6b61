// Exports a record once, as a job of the terminal does: `exporter folder|zip RECORD COUNT TARGET`. Says events a
// second and the memory at its most above idle, MiB.
import { openSource } from '../../../src/node/audit/source';
import { exportFolder, exportZip } from '../../../src/node/export/exportLog';

const [form = '', record = '', count = '0', target = ''] = process.argv.slice(2);
const LOOK_EVERY_MS = 20;
const source = openSource([record]);
const idle = process.memoryUsage.rss();
let most = idle;
const looking = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, LOOK_EVERY_MS);
const started = performance.now();
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
const seconds = (performance.now() - started) / 1_000;
clearInterval(looking);
source.close();
process.stdout.write(`made ${Number(count) / seconds} ${(most - idle) / 2 ** 20}\n`);
