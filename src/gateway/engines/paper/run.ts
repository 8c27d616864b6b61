import { VERSION } from '../../../shared/version';
import { createEngineLink } from '../client/link';
import { type Bar, readBars } from './bars';
import { createPaperEngine, type PaperEngine } from './engine';
import { linkedPaper } from './linked';
import { seededRandom, syntheticMarket } from './market';
import { backtest, cardOf, LOOK_BACK, PAPER_MODELS } from './models';

export interface PaperEngineSettings {
  readonly gateway: string;
  readonly token: string;
  readonly id: string;
  readonly name: string;
  /** How many times faster than the clock the five-minute bars come. */
  readonly speed: number;
  readonly seed: number;
  /** A CSV or CSV.gz of bars; the synthetic market when there is none. */
  readonly barsFile?: string | undefined;
  /** Extra inferences a second, to load what listens. */
  readonly flood?: number | undefined;
}

const INSTRUMENT = 'USD/COP';
const BAR_MS = 300_000;
const FILL_MS = 40;
const FLOOD_TICK_MS = 20;
const HOLDINGS_MS = 1_000;
const EQUITY_MS = 500;
/** Days of a made market that the models' backtests trade. */
const BACKTEST_DAYS = 90;
const BARS_A_DAY = 288;

/**
 * Starts a paper engine in this process.
 *
 * @param onRefused called when the gateway will have no more of this engine: it is stopped for good.
 * @returns the engine and the call that stops it.
 */
export function runPaperEngine(
  settings: PaperEngineSettings,
  say: (text: string) => void,
  onRefused: () => void = () => undefined,
): { engine: PaperEngine; stop(): void } {
  const random = seededRandom(settings.seed);
  const timers = new Set<NodeJS.Timeout>();
  const link = createEngineLink({
    ...settings,
    uptime: () => performance.now(),
    random,
    say,
    onRefused,
  });
  const engine = createPaperEngine({
    instrument: INSTRUMENT,
    bars: barsOf(settings, say),
    size: 100_000,
    startEquity: 1_000_000,
    fillMs: FILL_MS,
    clock: Date.now,
    random,
    after(ms, action) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        action();
      }, ms);
      timers.add(timer);
      return () => {
        clearTimeout(timer);
        timers.delete(timer);
      };
    },
    send: link.send,
    telemetry: link.telemetry,
    cut: link.cut,
    sendRaw: link.sendRaw,
  });
  engine.warmUp(LOOK_BACK);
  const steps = setInterval(
    () => {
      if (engine.step()) return;
      clearInterval(steps);
      say('the bars have run out');
    },
    Math.max(1, BAR_MS / settings.speed),
  );
  const holdings = setInterval(() => engine.reportHoldings(), HOLDINGS_MS);
  const equity = setInterval(() => engine.reportEquity(), EQUITY_MS);
  const flood = settings.flood ? startFlood(engine, settings.flood) : null;
  link.attach(
    linkedPaper(engine, {
      ...{ id: settings.id, name: settings.name, instrument: INSTRUMENT },
      software: `vigia-paper ${VERSION}`,
      cards: () =>
        PAPER_MODELS.map((model) => cardOf(model, backtest(model, pastBars(settings.seed)))),
    }),
  );
  return {
    engine,
    stop() {
      for (const timer of [steps, holdings, equity]) clearInterval(timer);
      if (flood) clearInterval(flood);
      for (const timer of timers) clearTimeout(timer);
      link.stop();
    },
  };
}

/** Reports by the time gone by and not by ticks, which come late under load. */
function startFlood(engine: PaperEngine, itemsPerSecond: number): NodeJS.Timeout {
  const startedAt = performance.now();
  let reported = 0;
  return setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * itemsPerSecond);
    engine.infer(due - reported);
    reported = due;
  }, FLOOD_TICK_MS);
}

/** A market of its own for backtests: what is traded next has not been seen. */
function* pastBars(seed: number): Generator<Bar> {
  const days = syntheticMarket(seed + 1, Date.UTC(2026, 0, 5));
  for (let bar = 0; bar < BACKTEST_DAYS * BARS_A_DAY; bar += 1) yield days.next().value;
}

function barsOf(settings: PaperEngineSettings, say: (text: string) => void): Iterator<Bar> {
  if (!settings.barsFile) return syntheticMarket(settings.seed, Date.now());
  const { bars, findings } = readBars(settings.barsFile);
  say(`bars: ${JSON.stringify(findings)}`);
  return bars[Symbol.iterator]();
}
