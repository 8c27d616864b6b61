import { z } from 'zod';
import type { BridgeKind, Secrets } from '../../shared/bridges/bridge';
import { foundSchema } from '../../shared/bridges/bridge';
import type { BridgeRecord } from '../../shared/bridges/state';
import type { RandomBytes } from '../../shared/ids';
import type { Clock } from '../../shared/time';
import { detailOf, phrase, type Sentence } from '../../shared/words/phrase';
import type { EngineHub } from '../engineHub';
import type { GatewayLog } from '../log';
import { type BridgeProcess, PROGRAMS, type StartBridge } from './process';

const STARTING: Sentence = 'it runs, and its service has not answered yet';
const CONNECTED: Sentence = 'its engine is connected';

export interface SupervisorOptions {
  readonly log: GatewayLog;
  readonly hub: EngineHub;
  readonly start: StartBridge;
  /** The gateway's own address for engines on this machine; known once it listens. */
  readonly gateway: string;
  /** Names this gateway in the services' records. */
  readonly owner: string;
  /** The secrets of a bridge, or why they cannot be had. */
  readonly secrets: (bridge: BridgeRecord) => { secrets: Secrets; problem: string | null };
  /** How often secrets that stand in files are looked at again, ms. */
  readonly recheckEveryMs: number;
  readonly random: RandomBytes;
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
}

/** What a test is made of. */
export interface TestAbout {
  readonly kind: Exclude<BridgeKind, 'generic'>;
  readonly address: string;
  readonly options: Readonly<Record<string, string | number>>;
  readonly secrets: Secrets;
}

export interface Supervisor {
  /** The engine whose bridge was given that token for its present life; null for none. */
  engineOf(token: string): string | null;
  /** Looks at a service; the outcome is an event under that command's id. */
  test(commandId: string, about: TestAbout): void;
  stop(): void;
}

const BACKOFF_MS = [200, 500, 1_000, 2_000, 5_000, 10_000] as const;
/** Up for so long, a bridge's next end counts as its first. */
const STEADY_MS = 30_000;
/** A bridge registers its engine once its service has answered; after so long without, people are told. */
const ANSWER_MS = 10_000;
const TEST_MS = 30_000;
const TOKEN_BYTES = 32;

const probedSchema = z.object({
  type: z.literal('probed'),
  report: z.object({ ok: z.boolean(), message: z.string(), found: foundSchema }),
});

interface Run {
  readonly record: BridgeRecord;
  process: BridgeProcess | null;
  token: string | null;
  /** What it was started with. */
  secrets: Secrets;
  starts: number;
  failures: number;
  startedAt: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Runs a process for each bridge of the log, one apart from the other: what becomes of one touches no
 * other, and one that ends is started again, later each time.
 */
export function superviseBridges(options: SupervisorOptions): Supervisor {
  const { log, hub, uptime } = options;
  const runs = new Map<string, Run>();
  const tests = new Set<BridgeProcess>();
  let stopped = false;

  const alertOf = (bridge: string): string => `bridge:${bridge}`;

  function begin(record: BridgeRecord): void {
    end(record.id);
    if (record.kind === 'generic' || stopped) return;
    const none = { process: null, token: null, starts: 0, failures: 0, startedAt: 0, timer: null };
    const run: Run = { record, secrets: {}, ...none };
    runs.set(record.id, run);
    launch(run);
  }

  function launch(run: Run): void {
    const { record } = run;
    if (record.kind === 'generic' || stopped) return;
    const { secrets, problem } = options.secrets(record);
    run.starts += 1;
    if (problem !== null) {
      failed(run, problem);
      return;
    }
    const token = Buffer.from(options.random(TOKEN_BYTES)).toString('base64url');
    const process = options.start(PROGRAMS[record.kind], {
      ...{ id: record.id, name: record.name, address: record.address, options: record.options },
      ...{ gateway: options.gateway, owner: options.owner, token, secrets },
      // Nothing is sold twice because the one who sold it died.
      former: run.starts > 1 || record.id in log.state().chains,
    });
    Object.assign(run, { process, token, secrets, startedAt: uptime() });
    process.onExit((cause) => {
      if (run.process !== process || stopped) return;
      run.process = null;
      run.token = null;
      if (run.timer) clearTimeout(run.timer);
      if (uptime() - run.startedAt >= STEADY_MS) run.failures = 0;
      failed(run, cause);
    });
    run.timer = setTimeout(() => {
      run.timer = null;
      if (!hub.isConnected(record.id)) {
        alarm(run, STARTING);
      }
    }, ANSWER_MS);
  }

  function failed(run: Run, cause: string): void {
    const { id } = run.record;
    record(run, 'failed', cause);
    alarm(run, cause);
    const delay = BACKOFF_MS[Math.min(run.failures, BACKOFF_MS.length - 1)] ?? 10_000;
    run.failures += 1;
    run.timer = setTimeout(() => {
      if (runs.get(id) === run) launch(run);
    }, delay);
  }

  function record(run: Run, state: 'running' | 'failed', cause: string): void {
    const { id: bridge } = run.record;
    const before = log.state().bridges.bridges[bridge];
    if (before?.state === state && before.cause === cause) return;
    const data = { bridge, state, cause: cause.slice(0, 512), starts: run.starts };
    log.append({ type: 'bridge.state_changed', data });
  }

  function alarm(run: Run, cause: string): void {
    const { id, name } = run.record;
    const alert = alertOf(id);
    if (alert in log.state().alerts.active) return;
    const said = phrase('{name} ({bridge}): {cause}', {
      ...{ name, bridge: id, cause: { all: [{ code: cause.slice(0, 500) }] } },
    });
    const about = { severity: 'P1', kind: 'bridge_failed', model: null, engine: id } as const;
    log.append({ type: 'alert.raised', data: { alert, ...about, ...detailOf([said]) } });
  }

  function calm(bridge: string, cause: string): void {
    const alert = alertOf(bridge);
    if (alert in log.state().alerts.active) {
      log.append({ type: 'alert.cleared', data: { alert, cause } });
    }
  }

  function end(bridge: string): void {
    const run = runs.get(bridge);
    if (!run) return;
    runs.delete(bridge);
    if (run.timer) clearTimeout(run.timer);
    const { process } = run;
    run.process = null;
    process?.stop();
  }

  /** A secret that was changed in its file holds without a restart of the gateway. */
  function reread(): void {
    for (const { record, process, secrets: before } of [...runs.values()]) {
      if (record.source !== 'file' || process === null) continue;
      const { secrets, problem } = options.secrets(record);
      if (problem === null && JSON.stringify(secrets) !== JSON.stringify(before)) begin(record);
    }
  }
  const rereading = setInterval(reread, options.recheckEveryMs);

  hub.listen({
    connected(engine) {
      const run = runs.get(engine);
      if (!run?.process) return;
      record(run, 'running', 'its service answers');
      calm(engine, CONNECTED);
    },
  });
  const leave = log.onRecorded((event) => {
    if (event.type !== 'bridge.configured' && event.type !== 'bridge.removed') return;
    const { bridge } = event.data as { bridge: string };
    const record = log.state().bridges.bridges[bridge];
    calm(bridge, event.type);
    if (record) begin(record);
    else end(bridge);
  });
  for (const record of Object.values(log.state().bridges.bridges)) begin(record);

  return {
    engineOf(token) {
      for (const { token: known, record } of runs.values()) {
        if (known === token) return record.id;
      }
      return null;
    },
    test(commandId, { kind, address, options: chosen, secrets }) {
      const startedAt = uptime();
      const process = options.start(PROGRAMS[kind], {
        ...{ id: 'test', name: 'test', address, options: chosen, secrets, probe: true },
        ...{ gateway: options.gateway, owner: options.owner, token: '' },
      });
      tests.add(process);
      const late = setTimeout(() => tell(false, `no outcome in ${TEST_MS / 1_000} s`, {}), TEST_MS);
      function tell(ok: boolean, message: string, found: z.output<typeof foundSchema>): void {
        if (!tests.delete(process)) return;
        clearTimeout(late);
        process.stop();
        if (stopped) return;
        const tookMs = Math.round(uptime() - startedAt);
        const said = { ok, message: message.slice(0, 512), found, tookMs };
        log.append({ type: 'bridge.tested', commandId, data: { test: commandId, ...said } });
      }
      process.onMessage((message) => {
        const probed = probedSchema.safeParse(message);
        if (!probed.success) return;
        const { ok, message: words, found } = probed.data.report;
        tell(ok, words, found);
      });
      process.onExit((cause) => tell(false, cause, {}));
    },
    stop() {
      stopped = true;
      clearInterval(rereading);
      leave();
      for (const run of runs.values()) {
        if (run.timer) clearTimeout(run.timer);
        run.process?.leave();
      }
      for (const process of tests) process.stop();
    },
  };
}
