import type { EngineChain } from '@shared/kill/chain';
import { isBlocked, isProvenFlat } from '@shared/kill/chain';
import { strictest } from '@shared/ops/mode';
import type { EngineRecord, OpsState } from '@shared/ops/state';
import type { Mode } from '@shared/telemetry/types';
import type { DeskView, LocalKill } from '@shared/view/desk';
import type { Left } from './left.state';
import { leftOf } from './left.state';

/** The one word that may be shown for the desk, never more than the log and the link bear out. */
export type StatusWord =
  | 'unknown'
  | 'disconnected'
  | 'normal'
  | 'reducing'
  | 'paused'
  | 'sent'
  | 'accepted'
  | 'unconfirmed'
  | 'partial'
  | 'halted'
  | 'flat';

export interface DeskStatus {
  readonly word: StatusWord;
  /** Since when, on the clock of this terminal or of the log. */
  readonly since: number | null;
  /** Whole seconds a kill has waited for its confirmation. */
  readonly waitingSeconds: number | null;
  /** What is open still, by name. */
  readonly left: readonly Left[];
  /** Engines under the kill, and those that go on. */
  readonly killed: readonly string[];
  readonly free: readonly string[];
  /** Engines of the kill of which nothing is known now. */
  readonly unreachable: readonly string[];
  /** Why the word is as last known: the link is not live, or what is at its other end stores nothing. */
  readonly stale: 'link' | 'log' | null;
  /** A kill was taken and carried out as far as it says, and the log does not have it yet. */
  readonly unlogged: boolean;
  /** With the link down, the word the mirror's last event bears out. */
  readonly lastKnown: StatusWord | null;
}

export function deskStatus(view: DeskView, now: number): DeskStatus {
  const waiting = oldestUnacknowledged(view.kills);
  const logged = loggedStatus(view, now);
  if (waiting) {
    const waited = now - waiting.issuedAt;
    const late = waiting.alarm || waited >= view.policy.kill.alarmAfterMs;
    return {
      ...logged,
      word: late ? 'unconfirmed' : 'sent',
      since: waiting.issuedAt,
      waitingSeconds: wholeSeconds(waited),
    };
  }
  // One that is carried out to its end and that no disk has taken yet is not in the log either.
  const unlogged = view.kills.find(
    (kill) =>
      (kill.stage === 'accepted' || (kill.stage === 'done' && kill.unsaved)) &&
      !view.ops.kills.some((one) => one.commandId === kill.id),
  );
  if (unlogged) {
    return { ...logged, word: 'accepted', since: unlogged.acknowledgedAt, unlogged: true };
  }
  if (view.ops.epoch === null) return { ...logged, word: 'unknown', since: null };
  if (view.link.state === 'down' || view.link.state === 'connecting') {
    return {
      ...logged,
      word: 'disconnected',
      since: view.link.since,
      waitingSeconds: null,
      lastKnown: logged.word,
    };
  }
  return logged;
}

/** The mode an engine must obey: the stricter of the desk's and its own. */
export function modeOf(ops: OpsState, engine: string): Mode {
  return strictest(ops.desk.mode, ops.engines[engine]?.own.mode ?? 'normal');
}

function loggedStatus(view: DeskView, now: number): DeskStatus {
  const { ops } = view;
  const ids = Object.keys(ops.engines);
  const killed = ids.filter((id) => modeOf(ops, id) === 'killed');
  const deskKilled = ops.desk.mode === 'killed';
  // A gateway whose log takes nothing may have heard of nothing either.
  const logStale = view.gateway.storeError === null ? null : 'log';
  const stale = view.link.state === 'live' ? logStale : 'link';
  const base = {
    since: ops.desk.since || null,
    waitingSeconds: null,
    left: [],
    killed,
    free: ids.filter((id) => !killed.includes(id)),
    unreachable: [],
    stale,
    unlogged: false,
    lastKnown: null,
  } satisfies Omit<DeskStatus, 'word'>;
  if (ops.desk.mode !== 'killed' && killed.length === 0) {
    return { ...base, word: ops.desk.mode };
  }
  return { ...base, ...killStatus(view, killed, deskKilled, stale !== null, now) };
}

function killStatus(
  view: DeskView,
  killed: readonly string[],
  deskKilled: boolean,
  stale: boolean,
  now: number,
): Pick<DeskStatus, 'word' | 'since' | 'waitingSeconds' | 'left' | 'unreachable'> {
  const { ops } = view;
  const engines = killed.flatMap((id) => {
    const engine = ops.engines[id];
    return engine ? [{ engine, chain: ops.chains[id] }] : [];
  });
  const starts = engines.map(({ engine, chain }) => chain?.startedAt ?? engine.own.since);
  const since = deskKilled ? ops.desk.since : Math.min(...starts);
  const left = engines.flatMap(({ engine, chain }) => (chain ? leftOf(engine, chain) : []));
  const unreachable = engines.filter(({ engine }) => !engine.connected).map((e) => e.engine.id);
  const known = { since, left, unreachable };

  const live = engines.filter(({ engine }) => engine.connected);
  const open = engines.filter(
    ({ engine, chain }) =>
      !acknowledged(engine, chain) && (engine.connected || wasTarget(ops, engine.id)),
  );
  if (live.length === 0 || open.length > 0) {
    const oldest = Math.min(...open.map(({ chain }) => chain?.startedAt ?? since), now);
    const waited = open.length > 0 ? now - oldest : now - since;
    const late = waited >= view.policy.kill.alarmAfterMs && engines.length > 0;
    return {
      ...known,
      word: late ? 'unconfirmed' : 'accepted',
      waitingSeconds: engines.length > 0 ? wholeSeconds(waited) : null,
    };
  }
  const flat = engines.every(
    ({ engine, chain }) => engine.connected && chain !== undefined && isProvenFlat(chain),
  );
  if (flat && !stale) return { ...known, word: 'flat', waitingSeconds: null };
  const closing = engines.some(({ chain }) => chain?.closePositions !== false);
  const partial = left.length > 0 && closing;
  return { ...known, word: partial ? 'partial' : 'halted', waitingSeconds: null };
}

/** The engine answered the block, and has not come back in another mode since. */
function acknowledged(engine: EngineRecord, chain: EngineChain | undefined): boolean {
  // Stopped elsewhere: no chain of ours, and the engine's own word that it is.
  if (!chain) return engine.connected && engine.confirmedMode === 'killed';
  if (!isBlocked(chain)) return false;
  return engine.connected ? engine.confirmedMode === 'killed' : true;
}

/** The engine was there when the kill was given. */
function wasTarget(ops: OpsState, id: string): boolean {
  const kill = ops.kills.find((one) => one.resumedAt === null && one.engines.includes(id));
  return kill?.targets.some((target) => target.engine === id && target.connected) ?? false;
}

function oldestUnacknowledged(kills: readonly LocalKill[]): LocalKill | undefined {
  return kills.findLast((kill) => kill.stage === 'sending' || kill.stage === 'received');
}

function wholeSeconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1_000));
}
