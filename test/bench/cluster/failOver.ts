import { join } from 'node:path';
import { createEngineLink, type LinkedEngine } from '../../../src/gateway/engines/client/link';
import { createControlLink } from '../../../src/main/link/controlLink';
import { PLAIN_TRANSPORT } from '../../../src/main/link/transport';
import { EMPTY_LOG, type LogEvent, type LogPosition } from '../../../src/shared/log/event';
import type { Mode } from '../../../src/shared/telemetry/types';
import { openProxy } from '../../chaos/proxy';
import { shippedPolicy } from '../../support/desk';
import { type NatsServers, startNats } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';
import { percentile, print, round } from '../figure';
import { type MeasuredGateway, startGateways, startMember } from './gateways';
import { RESUME } from './kill';

const RUNS = 10;
const GATEWAYS = 3;
const TARGET_MS = 5_000;

/** What must be elsewhere within {@link TARGET_MS}; the terminal's and the kill's times have benches of their own. */
const TARGETED: ReadonlySet<keyof Times> = new Set([
  'engineBack',
  'engineOwned',
  'acting',
  'lease',
]);

/** From the moment at which a gateway is killed, ms. */
interface Times {
  readonly live: number;
  readonly engineBack: number;
  /** By the log: another gateway has it, under its own lease. */
  readonly engineOwned: number;
  readonly engineBlocked: number;
  readonly acting: number;
  readonly lease: number;
}

const FIGURES: Readonly<Record<keyof Times, string>> = {
  live: 'terminal_live',
  engineBack: 'engine_back',
  engineOwned: 'engine_owned',
  engineBlocked: 'engine_blocked_by_kill',
  acting: 'another_acts',
  lease: 'lease_given',
};

/** The gateway that acts, with a terminal and an engine at it, is killed: how long until all of it is elsewhere. */
export async function benchFailOver(folder: string): Promise<void> {
  const servers = await startNats({ servers: 3, direct: true });
  const home = join(folder, 'fail-over');
  const gateways = await startGateways(home, servers, GATEWAYS);
  const terminal = followLog();
  const engine = await connectEngine();
  const runs: Times[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    runs.push(await failOver(run, { servers, home, gateways, terminal, engine }));
  }
  for (const key of Object.keys(FIGURES) as (keyof Times)[]) {
    const times = runs.map((one) => one[key]);
    for (const fraction of [0.5, 0.99]) {
      const value = round(percentile(times, fraction));
      const targeted = fraction === 0.99 && TARGETED.has(key);
      print({
        figure: `cluster.fail_over.${FIGURES[key]}_p${fraction * 100}`,
        ...{ value, unit: 'ms', floor: null, ratio: null, runs: RUNS },
        target: targeted ? `≤ ${TARGET_MS} ms` : 'none',
        met: !targeted || value <= TARGET_MS,
      });
    }
  }
  terminal.link.stop();
  await engine.end();
  for (const gateway of gateways) await gateway.program.end();
  await servers.stop();
}

async function failOver(
  run: number,
  about: {
    readonly servers: NatsServers;
    readonly home: string;
    /** The one that is killed is put anew in its place. */
    readonly gateways: MeasuredGateway[];
    readonly terminal: ReturnType<typeof followLog>;
    readonly engine: Awaited<ReturnType<typeof connectEngine>>;
  },
): Promise<Times> {
  const { servers, home, gateways, terminal, engine } = about;
  const name = `asker-${run}`;
  const asker = await TestTerminal.open((gateways[0] as MeasuredGateway).port, name);
  // Its own session is the last thing of a replay: what is before it may be of long ago.
  const isHere = ({ type, data }: LogEvent) =>
    type === 'session.opened' && data.terminal === `terminal-${name}`;
  await asker.until(() => asker.events.some(isHere) && asker.ops.acting !== null);
  const at = gateways.findIndex(({ node }) => node === asker.ops.acting?.node);
  asker.socket.terminate();
  const acting = gateways[at] as MeasuredGateway;
  const [next, other] = gateways.filter((one) => one !== acting) as [
    MeasuredGateway,
    MeasuredGateway,
  ];

  const placed = engine.heard('registered');
  engine.place(acting.port);
  await placed;
  const addresses = [acting, next, other].map(({ port }) => `ws://127.0.0.1:${port}`);
  // With several to choose from, who answers first is followed.
  do {
    const followed = terminal.replayed();
    terminal.link.connect(addresses);
    await followed;
  } while (terminal.link.view().address !== addresses[0]);
  // Of the same terminal as before, at a gateway that stays: as one whose own has just been lost.
  const monitor = await TestTerminal.open(other.port);
  await monitor.until(
    () =>
      monitor.ops.seq >= asker.ops.seq &&
      monitor.ops.engines[ENGINE]?.node === acting.node &&
      monitor.ops.desk.mode === 'normal',
  );
  await askLease(monitor);

  const began = performance.now();
  const since = () => performance.now() - began;
  const back = engine.heard('registered').then(since);
  const owned = monitor
    .until(() => {
      const record = monitor.ops.engines[ENGINE];
      return record?.connected === true && record.node !== acting.node;
    })
    .then(since);
  const blocked = engine.heard('killed').then(since);
  const live = terminal.replayed().then(() => {
    terminal.kill();
    return since();
  });
  const acts = monitor
    .until(() => (monitor.ops.acting?.node ?? acting.node) !== acting.node)
    .then(since);
  const given = acts.then(() => askLease(monitor)).then(since);
  process.kill(acting.program.pid, 'SIGKILL');
  // Whatever is before the gateways takes an engine to one that is there.
  engine.target(next.port);
  const times = {
    ...{ live: await live, engineBack: await back, engineOwned: await owned },
    engineBlocked: await blocked,
    ...{ acting: await acts, lease: await given },
  };

  await acting.program.end();
  await monitor.until(
    () => monitor.ops.desk.mode === 'killed' && monitor.ops.kills[0]?.flatAt != null,
  );
  monitor.command('resume', RESUME);
  await monitor.until(
    () =>
      monitor.ops.desk.mode === 'normal' && monitor.ops.engines[ENGINE]?.confirmedMode === 'normal',
  );
  monitor.socket.terminate();
  gateways[at] = await startMember(home, servers, acting.node);
  return times;
}

/** Asks until it has it: who has just come to act answers for it a moment after the log says so. */
async function askLease(terminal: TestTerminal): Promise<void> {
  for (;;) {
    const asked = terminal.leases.length;
    terminal.send({ type: 'lease', token: null, release: false });
    await terminal.until(() => terminal.leases.length > asked);
    if (terminal.leases.at(-1)?.token != null) return;
  }
}

/** The terminal's own link, with a mirror that is a place in the log and nothing else. */
function followLog() {
  let epoch: string | null = null;
  let head: LogPosition = EMPTY_LOG;
  let replayed: () => void = () => undefined;
  const link = createControlLink({
    ...{ token: () => 'ana', transport: () => PLAIN_TRANSPORT, embedded: false },
    ...{ clock: Date.now, uptime: () => performance.now(), random: Math.random },
    terminal: { id: 'followed', name: 'followed', version: 'bench' },
    times: shippedPolicy.link,
    position: () => ({ head, epoch }),
    onWelcome(welcome) {
      epoch = welcome.epoch;
    },
    onEvents(events: readonly LogEvent[]) {
      const last = events.at(-1);
      if (last) head = { seq: last.seq, hash: last.hash };
      return true;
    },
    onReplayed: () => replayed(),
    ...{ onStranger: () => undefined, changed: () => undefined },
    ...{ onFailed: () => undefined, onCheckpoint: () => undefined, onAnswer: () => undefined },
    ...{ onLease: () => undefined, onHealth: () => undefined, onState: () => undefined },
    onDiverged(cause) {
      throw new Error(cause);
    },
  });
  return {
    link,
    /** The next time that it has all of the log that its gateway has. */
    replayed: () =>
      new Promise<void>((done) => {
        replayed = done;
      }),
    kill() {
      const how = { closePositions: true, notifyTeam: false, origin: 'panel' as const };
      const params = { scope: { kind: 'all' as const }, reason: 'bench', ...how };
      const id = crypto.randomUUID();
      link.send({ type: 'command', id, name: 'kill', params, issuedAt: Date.now() });
    },
  };
}

const ENGINE = 'engine-followed';

/** An engine on the link that engines of this repository have, behind what stands before several gateways. */
async function connectEngine() {
  const proxy = await openProxy(() => 0);
  const waiting = new Map<string, () => void>();
  const link = createEngineLink({
    ...{ gateway: `ws://127.0.0.1:${proxy.port}`, token: ENGINE, random: Math.random },
    ...{ uptime: () => performance.now(), say: () => undefined, onRefused: () => undefined },
  });
  let mode: Mode = 'normal';
  let attached = false;
  const tell = (what: string) => waiting.get(what)?.();
  function take(next: Mode): void {
    mode = next;
    tell(next);
  }
  const about = { kind: 'fake', environment: 'paper' as const, instruments: ['USD/COP'] };
  const engine: LinkedEngine = {
    get mode() {
      return mode;
    },
    now: Date.now,
    register: () => ({
      engine: { id: ENGINE, name: ENGINE, software: 'bench', ...about },
      ...{ loaded: null, available: [] },
    }),
    setMode: take,
    beginSession: () => tell('registered'),
    operate(opId, operation) {
      const settled = { type: 'op.update' as const, opId, state: 'settled' as const };
      if (operation.op === 'read_back') {
        const nothing = { positions: [], workingOrders: [], telemetrySeq: 0 };
        link.send({ ...settled, items: [], readBack: { asOf: Date.now(), ...nothing } });
        return;
      }
      if (operation.op === 'block') take('killed');
      if (operation.op === 'set_mode') take(operation.mode);
      link.send({ ...settled, items: [{ kind: 'engine', id: ENGINE, outcome: 'done' }] });
    },
    query: () => null,
    cards: () => [],
    deadMan: () => undefined,
  };
  return {
    /** Resolves when it is registered, or told a mode, the next time. */
    heard: (what: 'registered' | Mode) => new Promise<void>((done) => waiting.set(what, done)),
    /** Where it connects to from now on. */
    target: proxy.target,
    /** Brings it to a gateway. */
    place(port: number): void {
      proxy.target(port);
      if (attached) proxy.cut();
      else link.attach(engine);
      attached = true;
    },
    async end() {
      link.stop();
      await proxy.close();
    },
  };
}
