import type { EngineChain, Held } from '../shared/kill/chain';
import { isBlocked, isProvenFlat } from '../shared/kill/chain';
import type { Flight, KillTimes } from '../shared/kill/driver';
import { nextAction, shouldSweepAgain, stepOpId } from '../shared/kill/driver';
import type { LogEvent } from '../shared/log/event';
import type { KillStep } from '../shared/ops/events';
import type { OpsState } from '../shared/ops/state';
import type { OpItem, ReadBack } from '../shared/protocol/engine';
import type { Clock } from '../shared/time';
import type { EngineHub } from './engineHub';
import type { GatewayLog } from './log';

export interface KillDriverOptions {
  readonly log: GatewayLog;
  readonly hub: EngineHub;
  readonly times: KillTimes;
  readonly clock: Clock;
  /** The log as who says what a kill has come to writes to it; null while another gateway does. */
  readonly turn: () => GatewayLog | null;
}

export interface KillDriver {
  start(): void;
  /** Says what every kill has come to: for who has just come to act. */
  conclude(): void;
  stop(): void;
}

/** What this process knows of one chain beyond the log. */
interface Known {
  flight: Flight;
  ownStep: boolean;
  lastReadBackAt: number | null;
  timer: NodeJS.Timeout | null;
}

/** Marks the ids of read-backs. */
const READ_BACK = ':read_back:';

const STEPS: readonly KillStep[] = ['block', 'cancel', 'flatten'];

/**
 * Carries the kill chains out: asks `nextAction` for each, sends, and writes what engines answer.
 * Chains live in the log's fold, so one that a former process began is taken up where it stood.
 */
export function createKillDriver(options: KillDriverOptions): KillDriver {
  const { log, hub, times, clock } = options;
  const known = new Map<string, Known>();
  let readBacks = 0;
  let stopped = false;

  const chainOf = (engine: string): EngineChain | undefined => log.state().chains[engine];

  function knownOf(engine: string): Known {
    let entry = known.get(engine);
    if (!entry) {
      entry = { flight: { kind: 'none' }, ownStep: false, lastReadBackAt: null, timer: null };
      known.set(engine, entry);
    }
    return entry;
  }

  function pump(engine: string): void {
    const entry = knownOf(engine);
    if (entry.timer) clearTimeout(entry.timer);
    entry.timer = null;
    const chain = chainOf(engine);
    if (stopped || !chain || isDrillOnLive(chain)) {
      known.delete(engine);
      return;
    }
    const now = clock();
    const action = nextAction(chain, {
      now,
      connected: hub.isConnected(engine),
      flight: entry.flight,
      ownStep: entry.ownStep,
      lastReadBackAt: entry.lastReadBackAt,
      nextReadBackId: `${chain.commandId}:${engine}${READ_BACK}${now}:${readBacks}`,
      reason: reasonOf(chain),
      times,
    });
    if (action.kind === 'wait') {
      if (action.until !== null) {
        entry.timer = setTimeout(() => pump(engine), Math.max(1, action.until - now));
      }
      return;
    }
    if (action.kind === 'ask') {
      const { flight } = entry;
      entry.flight = {
        kind: 'sent',
        opId: action.opId,
        at: flight.kind === 'sent' && flight.opId === action.opId ? flight.at : now,
        accepted: false,
        lastAskedAt: now,
      };
      hub.send(engine, { type: 'op.query', opId: action.opId });
    } else {
      readBacks += 1;
      const { opId, operation } = action;
      entry.flight = { kind: 'sent', opId, at: now, accepted: false, lastAskedAt: null };
      hub.send(engine, { type: 'op', opId, commandId: chain.commandId, operation });
    }
    // What was sent has a moment at which it is to be asked about.
    pump(engine);
  }

  /** A rehearsal touches no live engine, whatever an engine says it has become since it began. */
  function isDrillOnLive({ engine, commandId, joined }: EngineChain): boolean {
    const { kills, engines, environment } = log.state();
    const isDrill = (id: string) => kills.find((kill) => kill.commandId === id)?.drill === true;
    if (![commandId, ...joined].every(isDrill)) return false;
    return environment !== 'paper' || engines[engine]?.environment !== 'paper';
  }

  function reasonOf(chain: EngineChain): string {
    const kill = log.state().kills.find(({ commandId }) => commandId === chain.commandId);
    return kill?.reason ?? 'kill';
  }

  /** An engine settled an operation. Anything but the one under way is old news and is dropped. */
  function settle(engine: string, opId: string, items: readonly OpItem[], readBack?: ReadBack) {
    const chain = chainOf(engine);
    const entry = known.get(engine);
    if (!chain || !entry || entry.flight.kind !== 'sent' || entry.flight.opId !== opId) return;
    if (opId.includes(READ_BACK) && !readBack) {
      unreadable(chain, entry);
      return;
    }
    entry.flight = { kind: 'none' };
    if (readBack) {
      entry.lastReadBackAt = clock();
      recordReadBack(chain, readBack);
    } else {
      const step = STEPS.find((one) => stepOpId(chain, one) === opId);
      if (step) {
        entry.ownStep = true;
        hub.logOf(engine).append({
          type: 'kill.step_settled',
          commandId: chain.commandId,
          data: { engine, step, round: chain.round, opId, items: [...items] },
        });
      }
    }
    pump(engine);
  }

  /** A read-back without what is held is no answer: asked for again in time, and no proof of flat. */
  function unreadable(chain: EngineChain, entry: Known): void {
    const { flight } = entry;
    if (flight.kind === 'sent') entry.flight = { ...flight, accepted: false };
    if (chain.phase === 'flat' || chain.phase === 'kept') {
      const cause = 'the engine could not be read back';
      const data = { engine: chain.engine, cause };
      hub.logOf(chain.engine).append({ type: 'kill.reopened', commandId: chain.commandId, data });
    }
    pump(chain.engine);
  }

  /** An engine that said it is reading takes its time; asking anew would only slow it. */
  function accepted(engine: string, opId: string): void {
    const entry = known.get(engine);
    if (entry?.flight.kind !== 'sent' || entry.flight.opId !== opId) return;
    entry.flight = { ...entry.flight, accepted: true };
    if (opId.includes(READ_BACK)) pump(engine);
  }

  function recordReadBack(chain: EngineChain, held: ReadBack): void {
    const now = clock();
    const sweepAgain = shouldSweepAgain(chain, held, now, times);
    const clean = held.positions.length === 0 && held.workingOrders.length === 0;
    const nothingNew =
      !chain.stale &&
      !sweepAgain &&
      (clean ? chain.phase === 'flat' : chain.phase !== 'flat' && sameHoldings(chain.held, held));
    if (nothingNew) return;
    const sessionOf = ({ engines }: OpsState) => engines[chain.engine]?.session;
    const session = sessionOf(log.state());
    hub.logOf(chain.engine).append({
      type: 'kill.read_back',
      commandId: chain.commandId,
      // What was held before its link was lost, or before it went elsewhere, proves nothing after that.
      holds: (state) => sessionOf(state) === session,
      data: { engine: chain.engine, round: chain.round, sweepAgain, ...held },
    });
  }

  /** Writes down that a kill is halted, or flat, as soon as it is so. */
  function conclude(): void {
    const turn = options.turn();
    if (!turn) return;
    const state = log.state();
    for (const { commandId, resumedAt, engines } of state.kills) {
      if (resumedAt !== null) continue;
      // What another gateway recorded meanwhile may have undone it before it was in the log.
      const halts = (now: OpsState) => haltedOf(now, commandId) !== null;
      const halted = haltedOf(state, commandId);
      if (halted) {
        const data = { engines: [...halted] };
        turn.append({ type: 'kill.halted', commandId, data, holds: halts });
      }
      const flattens = (now: OpsState) => isFlatNow(now, commandId);
      if (flattens(state)) {
        const data = { engines: [...engines] };
        turn.append({ type: 'kill.flat', commandId, data, holds: flattens });
      }
    }
  }

  function recorded(event: LogEvent): void {
    if (stopped) return;
    if (event.type === 'kill.requested') {
      for (const engine of Object.keys(log.state().chains)) {
        // Its first step has not been sent by anybody: this process begins it.
        if (chainOf(engine)?.startedAt === event.ts) knownOf(engine).ownStep = true;
        pump(engine);
      }
    }
    if (event.type === 'ops.resumed') {
      for (const engine of [...known.keys()]) if (!chainOf(engine)) pump(engine);
    }
    if (event.type.startsWith('kill.') && !['kill.halted', 'kill.flat'].includes(event.type)) {
      conclude();
    }
  }

  function look(engine: string): void {
    const chain = chainOf(engine);
    const news = hub.reported(engine);
    // An engine at another gateway is that gateway's to look at.
    if (!hub.isConnected(engine)) return;
    if (!chain || !news || !chain.held || news.seq <= chain.held.telemetrySeq) return;
    const settledPhase =
      chain.phase === 'flat' || (chain.phase === 'kept' && !chain.closePositions);
    const open =
      news.workingOrders.length > 0 || (chain.closePositions && news.positions.length > 0);
    if (!settledPhase || !open) return;
    hub.logOf(engine).append({
      type: 'kill.reopened',
      commandId: chain.commandId,
      data: { engine, cause: 'the engine reports something open after it was read back flat' },
    });
    const entry = knownOf(engine);
    entry.lastReadBackAt = null;
    // A read-back asked for before this news proves nothing about it.
    entry.flight = { kind: 'none' };
    pump(engine);
  }

  hub.listen({
    connected(engine) {
      const entry = knownOf(engine);
      // What was sent on the lost link may or may not have arrived: ask about it at once.
      if (entry.flight.kind === 'sent') {
        const isRead = entry.flight.opId.includes(READ_BACK);
        entry.flight = isRead ? { kind: 'none' } : { ...entry.flight, at: 0, lastAskedAt: null };
      }
      entry.lastReadBackAt = null;
      pump(engine);
    },
    update(engine, update) {
      if (update.state === 'settled') settle(engine, update.opId, update.items, update.readBack);
      else accepted(engine, update.opId);
    },
    status(engine, status) {
      const entry = known.get(engine);
      if (entry?.flight.kind !== 'sent' || entry.flight.opId !== status.opId) return;
      if (!status.known) {
        // Never arrived: the same operation under the same id may go out again.
        entry.flight = { kind: 'none' };
        entry.ownStep = true;
        pump(engine);
      } else if (status.state === 'settled') {
        settle(engine, status.opId, status.items, status.readBack);
      }
    },
    telemetry: (engine) => look(engine),
  });
  log.onRecorded(recorded);

  return {
    start() {
      for (const engine of Object.keys(log.state().chains)) pump(engine);
    },
    conclude,
    stop() {
      stopped = true;
      for (const entry of known.values()) if (entry.timer) clearTimeout(entry.timer);
      known.clear();
    },
  };
}

/** The engines by which a kill is halted and was not yet called so; null while it is not. */
function haltedOf({ kills, chains, engines }: OpsState, commandId: string): string[] | null {
  const kill = kills.find((one) => one.commandId === commandId);
  if (!kill || kill.haltedAt !== null) return null;
  // An engine that was there when the kill came, or is there now, must have said that it is
  // blocked; one that fell silent before it did is not known to have stopped.
  const asked = kill.engines.filter(
    (engine) =>
      engines[engine]?.connected ||
      kill.targets.some((target) => target.engine === engine && target.connected),
  );
  const blocked = (engine: string) => {
    const chain = chains[engine];
    if (chain === undefined || !isBlocked(chain)) return false;
    return !(chain.stale && engines[engine]?.connected);
  };
  return asked.length > 0 && asked.every(blocked) ? asked : null;
}

/** Whether every engine of a kill is proven flat, and it was not yet called so. */
function isFlatNow({ kills, chains }: OpsState, commandId: string): boolean {
  const kill = kills.find((one) => one.commandId === commandId);
  if (!kill || kill.flatAt !== null || kill.engines.length === 0) return false;
  return kill.engines.every((engine) => {
    const chain = chains[engine];
    return chain !== undefined && isProvenFlat(chain);
  });
}

function sameHoldings(before: Held | null, now: ReadBack): boolean {
  if (!before) return false;
  const key = (held: Pick<Held, 'positions' | 'workingOrders'>) =>
    JSON.stringify([
      held.positions.map(({ id, quantity }) => [id, quantity]),
      held.workingOrders.map(({ id, filled }) => [id, filled]),
    ]);
  return key(before) === key(now);
}
