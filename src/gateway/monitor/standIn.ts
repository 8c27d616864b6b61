import { type CheckLog, openCheckLog } from '../../node/checkLog';
import { sha256 } from '../../node/sha256';
import { type RandomBytes, uuidv7 } from '../../shared/ids';
import { GATEWAY_HOLDER } from '../../shared/lease/lease';
import { createHealth } from '../../shared/monitor/health';
import { createMonitor, MONITOR_ID, type MonitorCommand } from '../../shared/monitor/monitor';
import { type WindowFrame, windowFrames } from '../../shared/monitor/refill';
import type { MonitorItem } from '../../shared/monitor/report';
import { createSlowMemory } from '../../shared/monitor/slowFile';
import { createStallWatch } from '../../shared/monitor/stalls';
import { feed, sameWatch, type Watch, watchOf } from '../../shared/monitor/watch';
import { keepWindow } from '../../shared/monitor/windowFile';
import type { Policies } from '../../shared/policy/inForce';
import { type Command, commandSchema } from '../../shared/protocol/commands';
import type { Clock } from '../../shared/time';
import type { Commands } from '../commands';
import type { EngineHub } from '../engineHub';
import type { GatewayLog } from '../log';
import type { LeaseDesk } from './leaseDesk';

export interface StandInOptions {
  readonly log: GatewayLog;
  readonly hub: EngineHub;
  readonly commands: Commands;
  readonly lease: LeaseDesk;
  readonly policies: () => Policies;
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
  readonly random: RandomBytes;
  /** Where rows and windows are kept. */
  readonly folder: string;
}

/** How soon after a batch the limits are looked at, at most, ms. */
const ARRIVAL_MS = 100;

export interface StandIn {
  /** The live model's window as it is now, for a terminal that missed some of it. */
  window(): readonly WindowFrame[];
  stop(): void;
}

/**
 * The gateway's own monitor. It always watches, so that it can act the moment no terminal does, and
 * acts only with the lease.
 */
export function startStandIn(options: StandInOptions): StandIn {
  const { log, hub, commands, lease, policies, clock, uptime, random } = options;
  const from = clock();
  const kept: CheckLog = openCheckLog(options.folder);
  const newId = () => uuidv7(clock(), random);
  let watch: Watch = watchOf(log.state(), policies().monitor, clock());
  const health = createHealth(watch.policy, watch.enhanced);
  health.reset(watch.model, watch.since);
  health.expect(watch.expected);
  const memory = createSlowMemory(health, kept);
  memory.recall(watch);
  const monitor = createMonitor({
    policy: () => policies().monitor,
    models: () => policies().models,
    newId,
  });
  const stalls = createStallWatch({ clock, uptime, policy: () => policies().monitor });
  let sleptMs: number | null = null;
  let token: number | null = null;
  let arrival: NodeJS.Timeout | null = null;
  let checks: NodeJS.Timeout | null = null;

  function look(): void {
    const next = watchOf(log.state(), policies().monitor, clock());
    if (sameWatch(watch, next)) return;
    watch = next;
    health.limit(next.policy, next.enhanced);
    health.reset(next.model, next.since);
    health.expect(next.expected);
    memory.recall(next);
  }

  function give(name: Command['name'], id: string, params: object): void {
    const command = commandSchema.parse({ type: 'command', id, name, params, issuedAt: clock() });
    const operator = { id: MONITOR_ID, name: MONITOR_ID, roles: [] };
    commands.handle(command, operator, GATEWAY_HOLDER, (answer) => {
      if (answer.stage === 'rejected') report(monitor.refused(answer.id, clock()));
    });
  }

  function report(items: readonly MonitorItem[]): void {
    if (token === null || items.length === 0) return;
    give('monitor.report', newId(), { fence: token, items });
  }

  function carryOut(command: MonitorCommand): void {
    const { name, id, reason } = command;
    const common = { reason, origin: 'monitor' };
    const scope = { kind: 'all' };
    if (name === 'model.rollback')
      give(name, id, { target: command.target, ...common, fence: token });
    else if (name === 'pause') give(name, id, { scope, ...common, fence: token });
    else give(name, id, { scope, ...common });
  }

  function check(): void {
    look();
    const now = clock();
    const evaluation = health.evaluate(now);
    kept.row(evaluation);
    memory.remember(watch);
    if (token === null) return;
    const judged = watch;
    const samples = health.freeze();
    const verdict = monitor.check(evaluation, log.state());
    // First what is done, and then what is told of it.
    for (const command of verdict.commands) carryOut(command);
    report(verdict.items);
    if (sleptMs !== null) {
      report([{ item: 'suspended', data: { host: GATEWAY_HOLDER, ms: Math.round(sleptMs) } }]);
      sleptMs = null;
    }
    if (!verdict.fired) return;
    const window = keepWindow(samples(), judged, now, sha256, kept.window);
    report([{ item: 'fired', data: { ...verdict.fired, window } }]);
  }

  /** Asks for the lease where nobody has it, and renews it. */
  function hold(): void {
    const gap = stalls.beat();
    if (gap !== null) {
      sleptMs = gap;
      token = null;
      monitor.suspended();
    }
    const { holder } = lease.view();
    const mine = holder === GATEWAY_HOLDER && token !== null;
    if (!mine && holder !== null && holder !== GATEWAY_HOLDER) {
      token = null;
      return;
    }
    const had = token;
    token = lease.ask(GATEWAY_HOLDER, token).token;
    if (token !== null && token !== had) monitor.takeUp(log.state());
  }

  hub.listen({
    telemetry(engine, _session, items) {
      feed(health, engine, items, clock());
      if (arrival || token === null || monitor.state().phase !== 'armed') return;
      arrival = setTimeout(() => {
        arrival = null;
        if (token !== null && health.crossed(clock())) check();
      }, ARRIVAL_MS);
    },
  });
  const leave = log.onRecorded((event) => {
    if (/^(model|review|policy)\./.test(event.type)) look();
  });
  const schedule = () => {
    checks = setTimeout(() => {
      check();
      schedule();
    }, policies().monitor.checkEveryMs);
  };
  // A terminal that comes back after a restart is given the time to take the lease first.
  const holding = setInterval(hold, policies().monitor.lease.renewEveryMs);
  schedule();

  return {
    window() {
      look();
      return windowFrames({ ...health.window(clock(), policies().monitor.refillSamples), from });
    },
    stop() {
      leave();
      clearInterval(holding);
      if (checks) clearTimeout(checks);
      if (arrival) clearTimeout(arrival);
      if (token !== null) lease.release(token);
      token = null;
    },
  };
}
