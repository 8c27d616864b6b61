import { entriesOf } from '../../../shared/bridges/freqtrade';
import { strictest } from '../../../shared/ops/mode';
import type { OpItem, OutsideChange } from '../../../shared/protocol/engine';
import type { Mode } from '../../../shared/telemetry/types';
import type { Clock } from '../../../shared/time';
import type { BotConfig, FreqtradeApi } from './api';

export interface BotSwitch {
  config(): BotConfig | null;
  /** The mode the bot is in, `killed` where it is stopped and that is what it is to be. */
  mode(): Mode | null;
  wanted(): Mode;
  block(): Promise<OpItem>;
  setMode(mode: Mode): Promise<OpItem>;
  /** Takes a stricter mode where the bot is not in it; a laxer one only by an operation. */
  ensure(mode: Mode): void;
  /** Looks, reports what others changed, and stops again what a restart let go. */
  look(): Promise<void>;
  /** A stop that stands and is not ours, for `register`. */
  standing(): OutsideChange | null;
  /** Bars all pairs by a lock, once a kill; the second wall behind the stop of entries. */
  lock(): Promise<void>;
}

export interface BotSwitchDeps {
  readonly api: FreqtradeApi;
  /** Marks our locks. */
  readonly owner: string;
  readonly now: Clock;
  readonly onOutside: (change: OutsideChange) => void;
  readonly say: (text: string) => void;
  /** Resolves after so many ms. */
  readonly after: (ms: number) => Promise<void>;
}

const DONE: OpItem = { kind: 'engine', id: 'engine', outcome: 'done' };
/** The bot's loop runs about every 5 s, and a reload shows only after it. */
const SETTLE_MS = 16_000;
const LOOK_MS = 500;
const LOCK_DAYS = 3_650;

/** freqtrade's entries: stopped, running, and put back after every restart and reload. */
export function createBotSwitch(deps: BotSwitchDeps): BotSwitch {
  const { api, now } = deps;
  const lockReason = `killed from Vigía (${deps.owner})`;
  let wanted: Mode = 'paused';
  /** Before a gateway has said what it is to be in, nothing is done to it. */
  let told = false;
  let seen: BotConfig | null = null;
  let stoppedByUs = false;
  let locked = false;
  let generation = 0;
  /** Resumes under way: a kill that overtakes them stops entries once more after them. */
  const resuming = new Set<Promise<unknown>>();
  let acting = 0;

  const isStopped = (config: BotConfig | null): boolean =>
    config !== null && entriesOf(config) === 'paused';

  function setWanted(mode: Mode): number {
    if (mode !== wanted) generation += 1;
    wanted = mode;
    told = true;
    return generation;
  }

  async function act<T>(work: () => Promise<T>): Promise<T> {
    acting += 1;
    try {
      return await work();
    } finally {
      acting -= 1;
    }
  }

  async function read(): Promise<BotConfig | null> {
    const answer = await api.config();
    return answer.ok ? answer.value : null;
  }

  async function stopEntries(): Promise<OpItem> {
    const answer = await api.stopEntry();
    const config = await read();
    if (config) seen = config;
    if (isStopped(config)) {
      stoppedByUs = true;
      return DONE;
    }
    const detail = answer.ok ? 'freqtrade still takes entries' : answer.error.message;
    const refused = !answer.ok && answer.error.code === 'http';
    return { ...DONE, outcome: refused ? 'rejected' : 'unknown', detail };
  }

  async function resume(mine: number): Promise<OpItem> {
    const superseded: OpItem = { ...DONE, outcome: 'rejected', detail: 'another mode was ordered' };
    await unlock();
    const before = await read();
    if (!before) return { ...DONE, outcome: 'unknown', detail: 'freqtrade does not answer' };
    if (mine !== generation) return superseded;
    if (entriesOf(before) === 'normal') return settled(before);
    // Versions that stop entries by a limit of 0 get it back from their configuration alone.
    const limited = before.state === 'running';
    const first = limited ? await api.reloadConfig() : await api.start();
    if (!first.ok && first.error.code === 'http') {
      return { ...DONE, outcome: 'rejected', detail: first.error.message };
    }
    const until = now() + SETTLE_MS;
    let started = !limited;
    while (now() < until) {
      const config = await read();
      // A kill given meanwhile comes after whatever was sent for this.
      if (mine !== generation) {
        await stopEntries();
        return superseded;
      }
      if (config && entriesOf(config) === 'normal') return settled(config);
      if (config && !started && /^(stopped|paused)$/.test(config.state)) {
        started = true;
        await api.start();
      }
      await deps.after(LOOK_MS);
    }
    return { ...DONE, outcome: 'unknown', detail: 'freqtrade does not say that it takes entries' };
  }

  function settled(config: BotConfig): OpItem {
    seen = config;
    stoppedByUs = false;
    return DONE;
  }

  async function unlock(): Promise<void> {
    const locks = await api.locks();
    if (!locks.ok) return;
    const ours = locks.value.filter(({ reason }) => reason === lockReason);
    for (const { id } of ours) await api.unlock(id);
    locked = false;
  }

  async function setMode(mode: Mode): Promise<OpItem> {
    const mine = setWanted(mode);
    if (mode !== 'normal') return act(stopEntries);
    const work = act(() => resume(mine));
    resuming.add(work);
    try {
      return await work;
    } finally {
      resuming.delete(work);
    }
  }

  async function look(): Promise<void> {
    const mine = generation;
    const config = await read();
    if (!config || acting > 0 || mine !== generation) return;
    const was = seen === null ? null : entriesOf(seen);
    const is = entriesOf(config);
    if (is === null) return;
    seen = config;
    if (was !== null && is !== was) deps.onOutside(changeOf(is, config));
    if (!told || wanted === 'normal' || is === 'paused') return;
    deps.say('entries are open again, by a restart or a reload: stopped once more');
    await act(stopEntries);
  }

  function changeOf(mode: 'normal' | 'paused', config: BotConfig): OutsideChange {
    if (mode === 'paused') stoppedByUs = false;
    const reason = `freqtrade is ${config.state}`;
    return { mode, by: 'freqtrade', reason, at: now() };
  }

  return {
    config: () => seen,
    mode() {
      if (!seen) return null;
      if (!isStopped(seen)) return 'normal';
      // It knows no difference between the two; which it is is what it was told.
      return wanted === 'killed' && stoppedByUs ? 'killed' : 'paused';
    },
    wanted: () => wanted,
    async block() {
      setWanted('killed');
      const overtaken = [...resuming];
      const item = await act(stopEntries);
      if (overtaken.length === 0) return item;
      await Promise.allSettled(overtaken);
      return act(stopEntries);
    },
    setMode,
    ensure(mode) {
      setWanted(mode);
      if (mode === 'normal') return;
      if (isStopped(seen)) stoppedByUs = true;
      else void act(stopEntries);
    },
    look,
    standing() {
      if (!seen || stoppedByUs || !isStopped(seen)) return null;
      return { mode: 'paused', by: 'freqtrade', reason: `found ${seen.state}`, at: now() };
    },
    async lock() {
      if (locked || strictest(wanted, 'killed') !== wanted) return;
      locked = true;
      const until = new Date(now() + LOCK_DAYS * 86_400_000);
      const answer = await api.lockAll(until, lockReason);
      if (answer.ok) return;
      deps.say(`no lock beside the stop of entries: ${answer.error.message}`);
      // A version without the call will not have it the next time.
      locked = /^HTTP (404|405)\b/.test(answer.error.message);
    },
  };
}
