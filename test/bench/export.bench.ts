import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSource } from '../../src/node/audit/source';
import { exportFolder, exportZip } from '../../src/node/export/exportLog';
import { print, round } from './figure';
import { benchRecord, EVENTS } from './record';

/** Events exported; the flatness of memory is told as well by a part. */
const COUNT = Math.min(EVENTS, Number(process.env.VIGIA_BENCH_EXPORT ?? 1_000_000));
const record = await benchRecord();
const source = openSource([record.path]);
const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));

async function measured(write: typeof exportFolder, name: string): Promise<[number, number]> {
  const idle = process.memoryUsage().rss;
  let most = 0;
  const started = performance.now();
  await write(
    {
      source,
      range: { fromSeq: 1, toSeq: COUNT },
      period: { from: null, to: null },
      info: {
        madeAt: 0,
        ...{ madeBy: 'bench', software: 'bench', desk: 'bench', policies: {} },
        time: { source: 'bench', offsetMs: null },
      },
      publicKey: source.publicKey(),
      checkpoint: null,
      signal: new AbortController().signal,
      onProgress: () => {
        most = Math.max(most, process.memoryUsage().rss);
      },
    },
    join(folder, name),
  );
  const seconds = (performance.now() - started) / 1_000;
  return [COUNT / seconds, (most - idle) / 2 ** 20];
}

for (const [name, write] of [
  ['folder', exportFolder],
  ['zip', exportZip],
] as const) {
  const [rate, mib] = await measured(write, name);
  print({
    figure: `export.${name}_events_per_second`,
    value: round(rate),
    unit: 'events/s',
    floor: null,
    ratio: null,
    target: `≥ 50000 (${COUNT} events: lines, table, sums and manifest)`,
    met: rate >= 50_000,
    runs: 1,
  });
  print({
    figure: `export.${name}_memory_mib`,
    value: round(mib),
    unit: 'MiB above idle',
    floor: null,
    ratio: null,
    target: '< 150, whatever the size',
    met: mib < 150,
    runs: 1,
  });
}
source.close();
rmSync(folder, { recursive: true, force: true });
