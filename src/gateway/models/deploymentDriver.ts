import {
  isHeld,
  notLoaded,
  openDeployment,
  runsWanted,
  tickedFor,
  wanted,
} from '../../shared/models/deployment';
import type { Settlement } from '../../shared/models/events';
import { modelEngines } from '../../shared/models/gates';
import type { Deployment } from '../../shared/models/state';
import type { OpsState } from '../../shared/ops/state';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { EngineOrder, OpItem } from '../../shared/protocol/engine';
import type { Clock } from '../../shared/time';
import { detailOf, phrase, type Sentence, word } from '../../shared/words/phrase';
import type { EngineHub } from '../engineHub';
import type { GatewayLog } from '../log';

export interface DeploymentDriver {
  /** Goes on with what an earlier process began, or another gateway. */
  start(): void;
  stop(): void;
}

export interface DeploymentDriverOptions {
  readonly log: GatewayLog;
  readonly hub: EngineHub;
  readonly policy: () => ModelsPolicy['rollback'];
  readonly clock: Clock;
  /** The log as who says what a deployment has come to writes to it; null while another gateway does. */
  readonly turn: () => GatewayLog | null;
}

/** An engine's load under way. */
interface Flight {
  readonly opId: string;
  readonly deployment: string;
  readonly order: EngineOrder;
}

const SILENT = 'no answer in time';
const RIGHT: Sentence = 'it runs the live model';

/**
 * Has every engine run the model that is live, and writes down which does. A load whose answer was
 * lost is asked about before it is sent again; one that failed is tried again, so many times.
 */
export function createDeploymentDriver(options: DeploymentDriverOptions): DeploymentDriver {
  const { log, hub, policy, clock } = options;
  const flights = new Map<string, Flight>();
  const attempts = new Map<string, number>();
  const timers = new Map<string, NodeJS.Timeout>();
  let stopped = false;

  const models = () => log.state().models;

  function later(key: string, ms: number, action: () => void): void {
    clearTimeout(timers.get(key));
    if (!stopped) timers.set(key, setTimeout(action, ms));
  }

  /** Sends the load that an engine lacks. Before a first deployment nobody's model is changed. */
  function pump(engine: string): void {
    const [latest] = models().deployments;
    const want = wanted(models());
    const due = want !== null && isHeld(models(), engine) && hub.isConnected(engine);
    if (stopped || !latest || !due) return;
    const current = flights.get(engine);
    if (current?.deployment === latest.id) return;
    // The log's length names the try: an engine answers an old id with what it did then.
    const opId = `${latest.id}:${engine}:load:${log.state().seq}`;
    const ticked = latest.model === want.model ? tickedFor(models(), latest) : null;
    const checklist = ticked ? { checklist: ticked } : {};
    const operation = { op: 'load_model', ...want, ...checklist } as const;
    const order = { type: 'op', opId, commandId: latest.id, operation } as const;
    flights.set(engine, { opId, deployment: latest.id, order });
    attempts.set(engine, (attempts.get(engine) ?? 0) + 1);
    later(engine, policy().settleWithinMs, () => silent(engine));
    hub.send(engine, order);
  }

  function silent(engine: string): void {
    const flight = flights.get(engine);
    if (!flight) return;
    failed(engine, 'unknown', SILENT);
    hub.send(engine, { type: 'op.query', opId: flight.opId });
    later(engine, policy().retryEveryMs, () => silent(engine));
  }

  function settled(engine: string, opId: string, items: readonly OpItem[]): void {
    if (flights.get(engine)?.opId !== opId) return;
    flights.delete(engine);
    clearTimeout(timers.get(engine));
    if (runsWanted(models(), engine)) return;
    const refused = items.find(({ outcome }) => outcome !== 'done');
    if (refused) failed(engine, 'rejected', refused.detail ?? refused.outcome);
    else failed(engine, 'wrong_hash', 'it reports another artifact than the one asked for');
    if ((attempts.get(engine) ?? 0) > policy().retriesMax) return;
    later(engine, policy().retryEveryMs, () => pump(engine));
  }

  /** Records what an engine failed at, once, and raises the alert. */
  function failed(engine: string, outcome: Exclude<Settlement, 'loaded'>, detail: string): void {
    const open = openDeployment(models());
    const before = open?.engines[engine];
    if (!open || !before || (before.state === outcome && before.detail === detail)) return;
    const hash = models().engines[engine]?.loaded?.hash ?? null;
    const attempt = attempts.get(engine) ?? 1;
    hub.logOf(engine).append({
      type: 'deployment.engine_settled',
      commandId: open.id,
      data: { deployment: open.id, engine, attempt, outcome, hash, detail },
    });
    incomplete(open.id);
  }

  function incomplete(id: string): void {
    const open = openDeployment(models());
    if (open?.id !== id || open.incompleteAt !== null) return;
    const engines = [...notLoaded(open)];
    const { model, kind } = open;
    const said = phrase(
      '{kind} to {model}: not running it yet: {engines}; their entries are blocked',
      {
        ...{ kind: word(`cause.${kind}`), model, engines: engines.join(', ') },
      },
    );
    const alert = alertOf(open);
    const holds = (state: OpsState) => openDeployment(state.models)?.incompleteAt === null;
    log.append(
      {
        ...{ type: 'deployment.incomplete', commandId: id, holds },
        data: { deployment: id, model, engines },
      },
      {
        type: 'alert.raised',
        commandId: id,
        data: {
          ...{ alert, severity: 'P1', kind: 'deployment_incomplete' },
          model,
          engine: null,
          ...detailOf([said]),
        },
      },
    );
  }

  /** Writes down engines that report the artifact, and the deployment's end when all do. */
  function conclude(): void {
    const open = openDeployment(models());
    const turn = options.turn();
    if (!open || !turn) return;
    for (const engine of notLoaded(open)) {
      if (!runsWanted(models(), engine)) continue;
      turn.append({
        type: 'deployment.engine_settled',
        commandId: open.id,
        data: {
          ...{ deployment: open.id, engine, attempt: Math.max(1, attempts.get(engine) ?? 1) },
          ...{ outcome: 'loaded', hash: open.hash, detail: '' },
        },
      });
    }
    const now = openDeployment(models());
    if (now?.id !== open.id || notLoaded(now).length > 0) return;
    const data = {
      ...{ deployment: now.id, model: now.model, engines: Object.keys(now.engines) },
      tookMs: Math.max(0, clock() - now.startedAt),
    };
    turn.append({ type: 'deployment.completed', commandId: now.id, data });
    if (log.state().alerts.active[alertOf(now)]) {
      const cause: Sentence = 'every engine runs it';
      turn.append({
        type: 'alert.cleared',
        commandId: now.id,
        data: { alert: alertOf(now), cause },
      });
    }
  }

  function begin(deployment: Deployment): void {
    flights.clear();
    attempts.clear();
    const { settleWithinMs } = policy();
    // An engine that is not even connected is not waited for: what it runs is not known.
    // Never longer than that, whatever the clock was set to meanwhile.
    const left = Math.min(settleWithinMs, deployment.startedAt + settleWithinMs - clock());
    later('deadline', Math.max(0, left), () => {
      // What has not answered by now is said with it, not a moment later.
      for (const engine of flights.keys()) failed(engine, 'unknown', SILENT);
      if (options.turn()) incomplete(deployment.id);
    });
    for (const engine of modelEngines(models())) pump(engine);
    conclude();
  }

  /** An engine runs another model than the live one though nobody deployed any: people must see it. */
  function mismatch(engine: string): void {
    const turn = options.turn();
    if (!turn) return;
    const { deployments, engines, production } = models();
    const alert = `mismatch:${engine}`;
    const wrong = deployments.length === 0 && isHeld(models(), engine);
    if (wrong === alert in log.state().alerts.active) return;
    if (!wrong) {
      turn.append({ type: 'alert.cleared', data: { alert, cause: RIGHT } });
      return;
    }
    const model = engines[engine]?.loaded?.model ?? null;
    const said = phrase('{engine} runs {model}, live is {live}; its entries are blocked', {
      ...{ engine, model, live: production },
    });
    const about = { severity: 'P1', kind: 'model_mismatch', model: production, engine } as const;
    turn.append({ type: 'alert.raised', data: { alert, ...about, ...detailOf([said]) } });
  }

  hub.listen({
    connected: pump,
    lost: (engine) => void flights.delete(engine),
    update(engine, update) {
      if (update.state === 'settled') settled(engine, update.opId, update.items);
    },
    status(engine, status) {
      const flight = flights.get(engine);
      if (flight?.opId !== status.opId) return;
      if (!status.known) hub.send(engine, flight.order);
      else if (status.state === 'settled') settled(engine, status.opId, status.items);
    },
  });
  const leave = log.onRecorded((event) => {
    if (stopped) return;
    if (event.type === 'deployment.started') {
      const open = openDeployment(models());
      if (open) begin(open);
    } else if (event.type === 'engine.models_reported') {
      const { engine } = event.data as { engine: string };
      conclude();
      mismatch(engine);
    }
  });

  return {
    start() {
      const open = openDeployment(models());
      if (open) begin(open);
    },
    stop() {
      stopped = true;
      leave();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

function alertOf(deployment: Deployment): string {
  return `deployment:${deployment.id}`;
}
