import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dagre from '@dagrejs/dagre';
import { finish, indexSteps, type LineageGraph, runSliced } from '../../src/shared/lineage/graph';
import {
  layoutOf,
  layoutSteps,
  NODE_HEIGHT,
  NODE_WIDTH,
  noMemory,
} from '../../src/shared/lineage/layout';
import { trace } from '../../src/shared/lineage/trace';
import { TRADES_MAX } from '../../src/shared/trades/events';
import { openGateway } from '../support/desk';
import { closedTrade, largeGraph } from '../support/lineage';
import { stageModel } from '../support/walk';
import { median, percentile, print, round } from './figure';
import { type Inspected, inspectPage } from './inspect';
import { openDisplay, startElectron, TERMINAL } from './process';

const RUNS = 15;
const SLICE_MS = 8;
const DAY_MS = 86_400_000;

function took(run: () => unknown): number {
  const from = performance.now();
  run();
  return performance.now() - from;
}

function byDagre({ nodes, edges }: LineageGraph): void {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR' });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const { from, to } of edges) graph.setEdge(from, to);
  dagre.layout(graph);
}

// Layout, with dagre beside it at a size that it can do.
const small = largeGraph(1_000);
layoutOf(small);
const beside = took(() => byDagre(small));
const smallMs = median(Array.from({ length: RUNS }, () => took(() => layoutOf(small))));
print({
  figure: 'lineage.layout_1000',
  value: round(smallMs),
  unit: 'ms',
  floor: round(beside),
  ratio: round(smallMs / beside),
  target: '≤ 0.1 × dagre',
  met: smallMs / beside <= 0.1,
  runs: RUNS,
});
for (const [size, limit] of [
  [5_000, 100],
  [50_000, 500],
] as const) {
  const graph = largeGraph(size);
  const value = median(Array.from({ length: RUNS }, () => took(() => layoutOf(graph))));
  print({
    ...{ figure: `lineage.layout_${size}`, value: round(value), unit: 'ms', floor: null },
    ...{ ratio: null, target: `< ${limit} ms`, met: value < limit, runs: RUNS },
  });
}
const large = largeGraph(50_000);
const slices: number[] = [];
for (let run = 0; run < RUNS; run += 1) {
  let from = performance.now();
  await runSliced(layoutSteps(large, noMemory()), {
    budgetMs: SLICE_MS,
    now: () => performance.now(),
    pause: async () => {
      slices.push(performance.now() - from);
      await new Promise((done) => setImmediate(done));
      from = performance.now();
    },
  });
}
const longest = Math.max(...slices);
print({
  ...{ figure: 'lineage.layout_50000_longest_task', value: round(longest), unit: 'ms' },
  ...{ floor: null, ratio: null, target: '≤ 50 ms', met: longest <= 50, runs: RUNS },
});
const index = finish(indexSteps(large));
const days = large.nodes.flatMap(({ kind }, at) => (kind === 'trades' ? [at] : []));
const traced = Array.from({ length: 500 }, (_, at) =>
  took(() => trace(index, days[(at * 7_919) % days.length] as number, 'up')),
);
print({
  ...{
    figure: 'lineage.trade_to_data_walk_p99',
    value: round(percentile(traced, 0.99)),
    unit: 'ms',
  },
  ...{ floor: null, ratio: null, target: '≤ 300 ms', met: percentile(traced, 0.99) <= 300 },
  runs: traced.length,
});

// The view, on a terminal whose own files hold 50,000 nodes.
const MODELS = 22;
const DAYS = 2_300;
const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
chmodSync(folder, 0o755);
const gateway = await openGateway(folder);
for (let at = 1; at <= MODELS; at += 1) await stageModel(gateway.port, `m${at}`);
const userData = join(folder, 'terminal');
mkdirSync(userData);
const newest = Date.parse('2026-03-02T15:00:00Z');
for (let at = 1; at <= MODELS; at += 1) {
  const trades = Array.from({ length: DAYS }, (_, day) =>
    closedTrade(`t${day}`, newest - day * DAY_MS, { model: `m${at}` }),
  );
  for (let from = 0; from < DAYS; from += TRADES_MAX) {
    const some = trades.slice(from, from + TRADES_MAX);
    const data = { engine: `e${at}`, trades: some, missed: 0 };
    gateway.log.append({ type: 'trades.closed', data });
  }
}
const config = join(folder, 'terminal.json');
const token = 'ana.token-of-a-bench';
writeFileSync(config, JSON.stringify({ gateways: [`ws://127.0.0.1:${gateway.port}`], token }));
const display = await openDisplay();
const terminal = startElectron(TERMINAL, display, [
  ...['--remote-debugging-port=0', '--config', config, '--user-data-dir', userData],
]);
const pages = /ws:\S+/.exec(await terminal.line(/DevTools listening on ws:/))?.[0] ?? '';
await terminal.line(/ready panel/);
const panel = await inspectPage(pages, 'panel.html');
await panel.evaluate("window.vigia.call('window.openConsole', undefined)");
await terminal.line(/ready console/);
const page = await inspectPage(pages, 'console.html');

/** Waits in the page, frame by frame, until an expression holds. */
const until = (condition: string) =>
  `await new Promise((done) => { const look = () => (${condition}) ? done() : requestAnimationFrame(look); look(); });`;
const drawn = "document.querySelectorAll('[data-lineage]').length > 0";
const opened = Number(
  await page.evaluate(`(async () => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: 'longtask' });
    const from = performance.now();
    [...document.querySelectorAll('nav button')].find((one) => /Linaje/.test(one.textContent)).click();
    ${until(`${drawn} && /5\\d[.,]\\d{3} nodos/.test(document.body.textContent)`)}
    return performance.now() - from;
  })()`),
);
print({
  ...{ figure: 'lineage.view_of_50000_opened', value: round(opened), unit: 'ms', floor: null },
  ...{ ratio: null, target: 'none', met: true, runs: 1 },
});
// What is asked while the log is still being read is answered by what has been read.
const shown =
  "Number(/(5\\d[.,]\\d{3}) nodos/.exec(document.body.textContent)?.[1].replace(/[.,]/, ''))";
await page.evaluate(`(async () => { ${until(`${shown} > ${MODELS * (DAYS + 1)}`)} })()`);
const clicks = (await page.evaluate(`(async () => {
  const times = [];
  for (let run = 0; run < 40; run += 1) {
    const all = [...document.querySelectorAll('[data-lineage^="trades:"]')];
    const one = all[(run * 7) % all.length];
    const from = performance.now();
    one.click();
    ${until(`(() => { const detail = document.querySelector('section[aria-label="Detalle del nodo"]');
      return detail && detail.querySelector('h2').textContent === one.dataset.lineage.slice(7, 17) &&
        one.getAttribute('aria-pressed') === 'true' &&
        [...detail.querySelectorAll('button')].some((button) => button.textContent === 'dvc-1'); })()`)}
    times.push(performance.now() - from);
  }
  return times;
})()`)) as number[];
const click = percentile(clicks, 0.99);
print({
  ...{
    figure: 'lineage.trade_to_data_one_click_p99',
    value: round(click),
    unit: 'ms',
    floor: null,
  },
  ...{ ratio: null, target: '≤ 300 ms', met: click <= 300, runs: clicks.length },
});
const fps = await panned(page);
const longTask = Number(await page.evaluate('window.longest'));
// The floor: the same React Flow with a single node in it.
await page.evaluate(`(async () => {
  for (const box of [...document.querySelectorAll('fieldset input')].slice(1)) {
    box.click();
    await new Promise((done) => requestAnimationFrame(done));
  }
  ${until("document.querySelectorAll('[data-lineage]').length <= 1")}
})()`);
await page.evaluate('window.longest = 0');
const empty = await panned(page);
const emptyTask = Number(await page.evaluate('window.longest'));
print({
  ...{ figure: 'lineage.panning', value: round(fps), unit: 'frames/s', floor: round(empty) },
  ...{ ratio: round(fps / empty), target: '≥ 50 frames/s or ≥ 0.9 × React Flow with one node' },
  ...{ met: fps >= 50 || fps / empty >= 0.9, runs: 1 },
});
print({
  ...{ figure: 'lineage.view_longest_task', value: round(longTask), unit: 'ms (0: none above 50)' },
  ...{ floor: round(emptyTask), ratio: emptyTask > 0 ? round(longTask / emptyTask) : null },
  ...{ target: '≤ 50 ms', met: longTask <= 50, runs: 1 },
});
page.close();
panel.close();
await terminal.end();
display.close();
await gateway.stop();
rmSync(folder, { recursive: true, force: true });

/** Frames a second while the plane is dragged to and fro for three seconds. */
async function panned(where: Inspected): Promise<number> {
  return Number(
    await where.evaluate(`(async () => {
      const pane = document.querySelector('.react-flow__pane');
      const { left, top, width, height } = pane.getBoundingClientRect();
      const at = (x, y, buttons) => ({ clientX: left + x, clientY: top + y, buttons, bubbles: true, cancelable: true, view: window });
      const middle = [width / 2, height / 2];
      pane.dispatchEvent(new MouseEvent('mousedown', at(...middle, 1)));
      const from = performance.now();
      let frames = 0;
      while (performance.now() - from < 3000) {
        const swing = Math.sin((performance.now() - from) / 400);
        window.dispatchEvent(new MouseEvent('mousemove', at(middle[0] + swing * 60, middle[1] - (frames * 12) % 4000, 1)));
        await new Promise((done) => requestAnimationFrame(done));
        frames += 1;
      }
      const seconds = (performance.now() - from) / 1000;
      window.dispatchEvent(new MouseEvent('mouseup', at(...middle, 0)));
      return frames / seconds;
    })()`),
  );
}
