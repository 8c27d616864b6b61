import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { print, round } from './figure';
import { program, start } from './process';
import { benchRecord, EVENTS } from './record';

/** Events exported; the flatness of memory is told as well by a part. */
const COUNT = Math.min(EVENTS, Number(process.env.VIGIA_BENCH_EXPORT ?? 1_000_000));
const record = await benchRecord();
const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));

// Each form by a process of its own: what the first left behind is not the second's idle.
for (const form of ['folder', 'zip'] as const) {
  const args = [form, record.path, String(COUNT), join(folder, form)];
  const exporter = start(process.execPath, [await program('exporter'), ...args]);
  const [, rate, mib] = (await exporter.line(/^made /)).split(' ').map(Number);
  await exporter.end();
  print({
    figure: `export.${form}_events_per_second`,
    value: round(rate ?? 0),
    unit: 'events/s',
    floor: null,
    ratio: null,
    target: `≥ 50000 (${COUNT} events: lines, table, sums and manifest)`,
    met: (rate ?? 0) >= 50_000,
    runs: 1,
  });
  print({
    figure: `export.${form}_memory_mib`,
    value: round(mib ?? 0),
    unit: 'MiB above idle',
    floor: null,
    ratio: null,
    target: '< 150, whatever the size',
    met: (mib ?? Number.POSITIVE_INFINITY) < 150,
    runs: 1,
  });
}
rmSync(folder, { recursive: true, force: true });
