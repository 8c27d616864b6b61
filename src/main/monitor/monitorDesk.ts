import type { Evaluation } from '../../shared/monitor/health';
import { createMonitor, type MonitorCommand } from '../../shared/monitor/monitor';
import type { MonitorItem } from '../../shared/monitor/report';
import { createStallWatch } from '../../shared/monitor/stalls';
import type { OpsState } from '../../shared/ops/state';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { MonitorPolicy } from '../../shared/policy/monitor';
import { type Command, commandSchema } from '../../shared/protocol/commands';
import type { Answer, ControlReply, ControlRequest } from '../../shared/protocol/terminal';
import type { Clock } from '../../shared/time';
import type { MonitorPoint, MonitorView } from '../../shared/view/monitor';
import type { Occasion } from './watcher';

/** The monitor of this terminal: it shows what is found, and acts on it while it holds the lease. */
export interface MonitorDesk {
  /** A check by the telemetry thread. */
  evaluated(evaluation: Evaluation, occasion: Occasion): void;
  lease(reply: Extract<ControlReply, { type: 'lease' }>): void;
  answer(answer: Answer): void;
  linkUp(): void;
  linkLost(): void;
  view(): MonitorView;
  series(): readonly MonitorPoint[];
  /** Gives the lease back, so that the gateway takes over at once. */
  stop(): void;
}

export interface MonitorDeskDeps {
  readonly control: (request: ControlRequest) => boolean;
  readonly ops: () => OpsState;
  /** Whether telemetry comes in. */
  readonly sees: () => boolean;
  /** Whether the log is followed to its end: a decision is made on what is, not on what was. */
  readonly current: () => boolean;
  readonly policy: () => MonitorPolicy;
  readonly models: () => ModelsPolicy;
  /** Stores the window of the latest check. */
  readonly keepWindow: () => Promise<string | null>;
  /** This terminal's id. */
  readonly host: string;
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
  readonly newId: () => string;
  readonly changed: () => void;
}

/** A point of the charts at most so often, and so many of them: an hour. */
const POINT_EVERY_MS = 5_000;
const POINTS_KEPT = 720;

export function createMonitorDesk(deps: MonitorDeskDeps): MonitorDesk {
  const { policy, models, newId } = deps;
  const monitor = createMonitor({ policy, models, newId });
  let lease: { readonly token: number; readonly until: number } | null = null;
  let latest: Evaluation | null = null;
  let points: readonly MonitorPoint[] = [];
  let linked = false;
  /** The lease was granted; what another began is taken up before the first decision. */
  let newly = false;
  const stalls = createStallWatch(deps);
  /** How long it slept, until that is on record. */
  let sleptMs: number | null = null;
  let renewing = setTimeout(renew, policy().lease.renewEveryMs);

  /** The token while it surely holds: a lease that was not renewed in time is somebody else's. */
  const token = (): number | null =>
    lease !== null && deps.uptime() < lease.until ? lease.token : null;

  /** By the policy as it is by then: the log may bring another than this terminal's file. */
  function renew(): void {
    const gap = stalls.beat();
    if (gap !== null) {
      // What was known of the desk is old, and the lease is somebody else's or nobody's: all anew.
      lease = null;
      sleptMs = gap;
      monitor.suspended();
    }
    ask();
    renewing = setTimeout(renew, policy().lease.renewEveryMs);
  }

  /**
   * A terminal that gets no telemetry, whose windows are not whole or whose checks stand still leaves
   * the lease to one that is well.
   */
  function ask(): void {
    if (!linked) return;
    const isFit = deps.sees() && latest?.partial !== true && !stalls.isStopped();
    if (stalls.isStopped()) deps.changed();
    if (isFit) deps.control({ type: 'lease', token: token(), release: false });
    else release();
  }

  function release(): void {
    const held = token();
    if (held !== null) deps.control({ type: 'lease', token: held, release: true });
    lease = null;
  }

  function send(name: Command['name'], id: string, params: object): void {
    const issuedAt = deps.clock();
    deps.control(commandSchema.parse({ type: 'command', id, name, params, issuedAt }));
  }

  function report(items: readonly MonitorItem[]): void {
    const fence = token();
    if (fence !== null && items.length > 0) send('monitor.report', newId(), { fence, items });
  }

  function carryOut(command: MonitorCommand, fence: number): void {
    const { name, id, reason } = command;
    const common = { reason, origin: 'monitor' };
    const scope = { kind: 'all' };
    if (name === 'model.rollback') send(name, id, { target: command.target, fence, ...common });
    else if (name === 'pause') send(name, id, { scope, fence, ...common });
    else send(name, id, { scope, ...common });
  }

  function act(evaluation: Evaluation): void {
    const fence = token();
    if (fence === null || !deps.current()) return;
    if (newly) monitor.takeUp(deps.ops());
    newly = false;
    const verdict = monitor.check(evaluation, deps.ops());
    // First what is done, and then what is told of it.
    for (const command of verdict.commands) carryOut(command, fence);
    for (const id of verdict.asks) deps.control({ type: 'query', id });
    report(verdict.items);
    if (sleptMs !== null) {
      report([{ item: 'suspended', data: { host: deps.host, ms: Math.round(sleptMs) } }]);
      sleptMs = null;
    }
    const { fired } = verdict;
    if (fired) {
      void deps
        .keepWindow()
        .then((window) => report([{ item: 'fired', data: { ...fired, window } }]));
    }
  }

  function remember({ at, model, checks }: Evaluation): void {
    const last = points.at(-1);
    if (last && at - last.at < POINT_EVERY_MS) return;
    const value = (trigger: keyof typeof checks) => checks[trigger].value;
    const point: MonitorPoint = {
      ...{ at, model },
      dailyDrawdown: value('dailyDrawdown'),
      errorRate: value('errorRate'),
      latencyP99: value('latencyP99'),
      consecutiveLosses: value('consecutiveLosses'),
    };
    points = [...points, point].slice(-POINTS_KEPT);
  }

  return {
    evaluated(evaluation, occasion) {
      latest = evaluation;
      remember(evaluation);
      if (occasion === 'check') stalls.checked();
      if (occasion !== 'view') act(evaluation);
      deps.changed();
    },
    lease(reply) {
      const had = token();
      lease =
        reply.token === null
          ? null
          : { token: reply.token, until: deps.uptime() + reply.expiresInMs };
      if (reply.token !== null && reply.token !== had) newly = true;
      deps.changed();
    },
    answer(answer) {
      if (answer.stage === 'rejected') report(monitor.refused(answer.id, deps.clock()));
    },
    linkUp() {
      linked = true;
      clearTimeout(renewing);
      renew();
    },
    linkLost() {
      linked = false;
    },
    view: () => ({ evaluation: latest, acts: token() !== null, stopped: stalls.isStopped() }),
    series: () => points,
    stop() {
      clearTimeout(renewing);
      release();
    },
  };
}
