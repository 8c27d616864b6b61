import type { HttpFailure } from '../../../node/fetchJson';
import { strictest } from '../../../shared/ops/mode';
import type { OpItem, OutsideChange } from '../../../shared/protocol/engine';
import type { Result } from '../../../shared/result';
import type { Mode } from '../../../shared/telemetry/types';
import type { Clock } from '../../../shared/time';
import type { InferenceApi, ServiceStatus } from './api';
import { timeOf } from './stream';

/** The service's mode as an engine's: the flag alone stops it, whatever the word beside it. */
export function modeOf(status: ServiceStatus): Mode {
  if (status.mode === 'killed') return 'killed';
  if (status.mode === 'paused') return 'paused';
  return status.kill_switch_active ? 'killed' : 'normal';
}

export interface ServiceSwitch {
  /** What the service was last seen in; null before it was seen. */
  mode(): Mode | null;
  /** What it is to be in. */
  wanted(): Mode;
  setWanted(mode: Mode): void;
  /** Sets the kill flag and looks whether it is set. */
  block(reason: string): Promise<OpItem>;
  /** Asks for every position to be closed, which sets the kill flag too. */
  close(): Promise<Result<unknown, HttpFailure>>;
  setMode(mode: Mode): Promise<OpItem>;
  /** Takes a mode where the service is not in it or a stricter one already. */
  ensure(mode: Mode): void;
  /** Looks, reports what others changed, and puts a stop back that others lifted. */
  look(): Promise<'answered' | 'silent'>;
  /** A stop that stands and is not ours, for `register`. */
  standing(): OutsideChange | null;
}

export interface SwitchDeps {
  readonly api: InferenceApi;
  /** Marks what is ours in the service's records. */
  readonly owner: string;
  readonly now: Clock;
  readonly onOutside: (change: OutsideChange) => void;
  /** The service's clock minus ours, as just measured, in ms. */
  readonly onClock: (offsetMs: number) => void;
  readonly say: (text: string) => void;
}

const DONE: OpItem = { kind: 'engine', id: 'engine', outcome: 'done' };

/**
 * The service's operating mode. Its answers prove nothing: each act counts by what `/operations/status`
 * says after it. What that call says and nobody here did was done elsewhere.
 */
export function createSwitch(deps: SwitchDeps): ServiceSwitch {
  const { api, now } = deps;
  // The service keeps no name beside a pause, only the reason.
  const pauseReason = `paused from Vigía (${deps.owner})`;
  let wanted: Mode = 'paused';
  let seen: ServiceStatus | null = null;
  /** Counts changes of `wanted`: work begun for an older one stops. */
  let generation = 0;
  /** Acts of ours under way: what is seen meanwhile may be their doing. */
  let acting = 0;
  /** Ways to a weaker mode under way: a kill that overtakes them is given once more after them. */
  const weaker = new Set<Promise<unknown>>();

  async function read(priority: 'urgent' | 'look'): Promise<ServiceStatus | null> {
    const sentAt = now();
    const answer = await api.status(priority);
    if (!answer.ok) return null;
    const theirs = timeOf(answer.value.timestamp);
    if (theirs !== null) deps.onClock(theirs - (sentAt + now()) / 2);
    return answer.value;
  }

  async function act<T>(work: () => Promise<T>): Promise<T> {
    acting += 1;
    try {
      return await work();
    } finally {
      acting -= 1;
    }
  }

  /** Looks after an act of ours; what is seen is known from then on. */
  async function confirm(mode: Mode): Promise<boolean> {
    const status = await read('urgent');
    if (!status) return false;
    seen = status;
    const is = modeOf(status);
    return mode === 'normal' ? is === 'normal' : strictest(is, mode) === is;
  }

  async function block(reason: string): Promise<OpItem> {
    setWanted('killed');
    const overtaken = [...weaker];
    const item = await act(() => kill(reason));
    if (overtaken.length === 0) return item;
    await Promise.allSettled(overtaken);
    return act(() => kill(reason));
  }

  async function kill(reason: string): Promise<OpItem> {
    const answer = await api.kill(false, true, reason);
    if (await confirm('killed')) return DONE;
    const detail = answer.ok ? 'the service does not say that it is killed' : answer.error.message;
    const refused = !answer.ok && answer.error.code === 'http';
    return { ...DONE, outcome: refused ? 'rejected' : 'unknown', detail };
  }

  function setWanted(mode: Mode): void {
    if (mode !== wanted) generation += 1;
    wanted = mode;
  }

  async function setMode(mode: Mode): Promise<OpItem> {
    if (mode === 'killed') return block('killed in Vigía');
    setWanted(mode);
    const work = act(() => (mode === 'normal' ? toNormal() : toPaused(mode)));
    weaker.add(work);
    try {
      return await work;
    } finally {
      weaker.delete(work);
    }
  }

  /** The service knows no `reducing`: it is paused then, which is stricter. */
  async function toPaused(mode: Mode): Promise<OpItem> {
    const answer = await api.pause(pauseReason);
    if (await confirm('paused')) {
      return mode === 'reducing' ? { ...DONE, detail: 'paused: the service cannot reduce' } : DONE;
    }
    const detail = answer.ok ? 'the service does not say that it is paused' : answer.error.message;
    return { ...DONE, outcome: 'unknown', detail };
  }

  async function toNormal(): Promise<OpItem> {
    const mine = generation;
    const before = await read('urgent');
    if (!before) return { ...DONE, outcome: 'unknown', detail: 'the service does not answer' };
    if (changedElsewhere(before)) {
      const change = changeOf(before);
      seen = before;
      if (change.mode !== 'normal') {
        // Somebody stopped it a moment ago: that is for people to see before it runs again.
        deps.onOutside(change);
        const detail = `stopped elsewhere by ${change.by} meanwhile`;
        return { ...DONE, outcome: 'rejected', detail };
      }
    }
    return resume(mine);
  }

  async function resume(mine: number): Promise<OpItem> {
    const superseded: OpItem = { ...DONE, outcome: 'rejected', detail: 'another mode was ordered' };
    if (mine !== generation) return superseded;
    const answer = await api.resume();
    if (await confirm('normal')) return DONE;
    if (mine !== generation) return superseded;
    if (answer.ok && seen && !seen.kill_switch_active && modeOf(seen) === 'paused') {
      // The service resumes from a kill alone and answers `success` to the rest: so by way of one.
      deps.say('the service does not leave a pause by itself: through its kill flag and back');
      await api.kill(false, false, 'on the way out of a pause');
      // Seen by ourselves, so that it is nobody else's doing.
      await confirm('killed');
      if (mine !== generation) return superseded;
      await api.resume();
      if (await confirm('normal')) return DONE;
    }
    const detail = answer.ok ? 'the service does not say that it runs' : answer.error.message;
    return { ...DONE, outcome: 'unknown', detail };
  }

  function changedElsewhere(status: ServiceStatus): boolean {
    if (seen === null) return false;
    return modeOf(status) !== modeOf(seen) || status.kill_switch_active !== seen.kill_switch_active;
  }

  function changeOf(status: ServiceStatus): OutsideChange {
    const mode = modeOf(status);
    const by = mode === 'killed' ? status.activated_by : null;
    return {
      mode,
      by: (by || 'unknown').slice(0, 128),
      reason: status.reason?.slice(0, 1_000) ?? null,
      at: (mode === 'killed' ? timeOf(status.activated_at) : null) ?? now(),
    };
  }

  async function look(): Promise<'answered' | 'silent'> {
    const mine = generation;
    const status = await read('look');
    if (!status) return 'silent';
    // Read while something of ours was under way, it may be older than that or its doing.
    if (acting > 0 || mine !== generation) return 'answered';
    const elsewhere = changedElsewhere(status);
    seen = status;
    if (!elsewhere) return 'answered';
    const change = changeOf(status);
    deps.onOutside(change);
    const lifted = strictest(change.mode, wanted) !== change.mode;
    if (lifted) await act(() => putBack());
    return 'answered';
  }

  async function putBack(): Promise<void> {
    deps.say(`changed elsewhere: put back to ${wanted}`);
    if (wanted === 'killed') await kill('killed in Vigía, and not resumed there');
    else await toPaused(wanted);
  }

  return {
    mode: () => (seen ? modeOf(seen) : null),
    wanted: () => wanted,
    setWanted,
    block,
    close: () =>
      act(async () => {
        const answer = await api.kill(true, false, 'close every position');
        await confirm('killed');
        return answer;
      }),
    setMode,
    ensure(mode) {
      setWanted(mode);
      const is = seen ? modeOf(seen) : null;
      if (is === null || strictest(is, mode) !== is) void setMode(mode);
    },
    look,
    standing() {
      if (!seen || modeOf(seen) === 'normal') return null;
      const ours = seen.activated_by === deps.owner || seen.reason === pauseReason;
      return ours ? null : changeOf(seen);
    },
  };
}
