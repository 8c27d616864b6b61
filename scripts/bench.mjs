// `npm run bench -- [group…]`: measures, prints one JSON line a figure, and a table on standard error.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { bundle } from './lib/bundle.mjs';
import { endWith, SetupProblem } from './lib/problem.mjs';
import { ensureBuild, nodePath, ROOT, setUp } from './lib/setup.mjs';

const folder = join(ROOT, 'test/bench');
const groups = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.replace('.bench.ts', ''));

try {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((group) => !existsSync(join(folder, `${group}.bench.ts`)));
  if (unknown) {
    throw new SetupProblem(`there is no bench group ${unknown}`, `Groups: ${groups.join(', ')}.`);
  }
  const runtime = await setUp();
  ensureBuild();
  const memory = Math.round(totalmem() / 2 ** 30);
  process.stderr.write(
    `${cpus().length} × ${cpus()[0]?.model}, ${memory} GiB, load ${loadavg()[0]}\n`,
  );
  const figures = [];
  let failed = false;
  for (const group of wanted.length > 0 ? wanted : groups) {
    const program = bundle(join(folder, `${group}.bench.ts`), `bench-${group}`);
    const result = spawnSync(nodePath(), [program], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        VIGIA_APP: ROOT,
        VIGIA_ELECTRON: runtime.path,
        VIGIA_ELECTRON_OFFICIAL: runtime.official ? '1' : '',
      },
    });
    process.stdout.write(result.stdout);
    if (result.status !== 0) {
      process.stderr.write(`${group} could not run\n`);
      failed = true;
    }
    for (const line of result.stdout.split('\n').filter(Boolean)) figures.push(JSON.parse(line));
  }
  for (const { figure, value, unit, floor, ratio, target, met, runs } of figures) {
    const beside = floor === null ? '' : ` | floor ${floor} | ratio ${ratio}`;
    process.stderr.write(
      `${met ? 'met   ' : 'MISSED'} ${figure} = ${value} ${unit}${beside} | target ${target} | ${runs} runs\n`,
    );
  }
  process.exit(failed ? 1 : 0);
} catch (error) {
  endWith(error);
}
