// An engine for measuring: the paper engine with a flood of telemetry, which says on standard output
// the very instant at which each mode was taken (`<mode> <CLOCK_MONOTONIC, ns>`).
import { createEngineLink } from '../../../src/gateway/engines/client/link';
import { createPaperEngine } from '../../../src/gateway/engines/paper/engine';
import { linkedPaper } from '../../../src/gateway/engines/paper/linked';
import { seededRandom, syntheticMarket } from '../../../src/gateway/engines/paper/market';

const [gateway = '', token = '', id = '', perSecond = '0'] = process.argv.slice(2);
const random = seededRandom(7);
const client = createEngineLink({
  ...{ gateway, token, random },
  uptime: () => performance.now(),
  say: (text) => process.stderr.write(`${id}: ${text}\n`),
  onRefused: () => process.exit(1),
});
const engine = createPaperEngine({
  ...{ instrument: 'USD/COP', size: 100_000, startEquity: 1_000_000 },
  ...{ fillMs: 40, clock: Date.now, random, bars: syntheticMarket(7, Date.now()) },
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
  send: client.send,
  telemetry(item) {
    if (item.kind === 'status') {
      process.stdout.write(`${item.mode} ${process.hrtime.bigint()}\n`);
    }
    client.telemetry(item);
  },
  cut: client.cut,
  sendRaw: client.sendRaw,
});
engine.warmUp(48);
setInterval(() => engine.step(), 1_000);
setInterval(() => engine.reportHoldings(), 1_000);
setInterval(() => engine.reportEquity(), 500);
const startedAt = performance.now();
let reported = 0;
setInterval(() => {
  const due = Math.floor(((performance.now() - startedAt) / 1_000) * Number(perSecond));
  engine.infer(due - reported);
  reported = due;
}, 20);
const identity = { id, name: id, instrument: 'USD/COP', software: 'bench', cards: () => [] };
client.attach(linkedPaper(engine, identity));
process.once('SIGTERM', () => process.exit(0));
