import { randomUUID } from 'node:crypto';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { type CommandDesk, createCommandDesk } from '../../../src/main/commands';
import { createDeskState, type DeskState } from '../../../src/main/desk';
import { postKill } from '../../../src/main/kill/httpKill';
import { createKillDesk, type KillDesk } from '../../../src/main/kill/killDesk';
import { type ControlLink, createControlLink } from '../../../src/main/link/controlLink';
import { PLAIN_TRANSPORT } from '../../../src/main/link/transport';
import { MirrorCore } from '../../../src/main/mirror/core';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import type { LogEvent } from '../../../src/shared/log/event';
import type { ControlRequest } from '../../../src/shared/protocol/terminal';
import type { LinkCause } from '../../../src/shared/view/desk';
import { type LinkProxy, openProxy } from '../../chaos/proxy';
import { newDataDir, openGateway, quickPolicy, withOperations } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';

/** Slow enough that a machine at work is not taken for a gateway that hangs. */
const BEAT_MS = 200;
const timesOf = (heartbeatMs: number) => ({
  ...{ ...quickPolicy.link, heartbeatMs, reconnectMinMs: 5, reconnectMaxMs: 20 },
});
const retryEveryMs = 50;

/** Slow enough that a gateway that speaks is not silent for a machine at work. */
const PATIENT = { ...timesOf(quickPolicy.link.heartbeatMs), staleAfterMs: 1_500 };
const STOP = { scope: { kind: 'all' as const }, origin: 'panel' as const, fence: null };

let home: ReturnType<typeof newDataDir>;
let here: ReturnType<typeof newDataDir>;
let gateway: Gateway;
/** Two or three addresses of the one gateway, as several gateways with one log are. */
let proxies: LinkProxy[];
let terminal: Terminal;

interface Terminal {
  readonly link: ControlLink;
  readonly kills: KillDesk;
  readonly commands: CommandDesk;
  readonly desk: DeskState;
  /** What the link came to, in order, with the address. */
  readonly states: string[];
  /** Why the link was lost, each time. */
  readonly causes: (LinkCause | null)[];
  readonly strangers: string[];
  /** What the commands were given by, other than kills. */
  readonly sent: ControlRequest[];
  /** Where kills were given by HTTP. */
  readonly posts: string[];
  readonly events: LogEvent[];
  stop(): void;
}

const addressOf = ({ port }: LinkProxy): string => `ws://127.0.0.1:${port}`;
const proxyAt = (address: string): LinkProxy => {
  const found = proxies.find((one) => addressOf(one) === address);
  if (!found) throw new Error(`no proxy at ${address}`);
  return found;
};

/** The terminal's link, mirror, kills and commands as it wires them. */
async function start(times: ReturnType<typeof timesOf>): Promise<Terminal> {
  const states: string[] = [];
  const causes: (LinkCause | null)[] = [];
  const strangers: string[] = [];
  const events: LogEvent[] = [];
  const sent: ControlRequest[] = [];
  const posts: string[] = [];
  const core = new MirrorCore({
    ...{ path: join(here.path, 'audit.db'), sha256, clock: Date.now },
    ...{ onStatus: () => undefined, onBadCheckpoint: (cause) => desk.diverged(cause) },
  });
  const desk: DeskState = createDeskState({
    append(fresh) {
      core.take(fresh);
      core.flush();
    },
    quarantine: (cause) => states.push(`quarantine ${cause}`),
    onFresh(fresh) {
      events.push(...fresh);
      for (const { type, commandId } of fresh) {
        if (type === 'kill.requested' && commandId) {
          kills.logged(commandId, link.view().address);
        }
      }
    },
    changed: () => undefined,
  });
  const link = createControlLink({
    ...{ token: () => 'ana', transport: () => PLAIN_TRANSPORT, embedded: false },
    ...{ clock: Date.now, uptime: () => performance.now(), random: () => 0, times },
    terminal: { id: 't1', name: 't1', version: 'test' },
    ...{ position: desk.position, onWelcome: desk.welcomed, onEvents: desk.take },
    ...{ onReplayed: desk.replayed, onDiverged: desk.diverged, changed: () => undefined },
    ...{ onCheckpoint: () => undefined, onLease: () => undefined, onHealth: () => undefined },
    onFailed: () => undefined,
    onAnswer(answer, address) {
      if (!kills.answer(answer, address)) commands.answer(answer);
    },
    onStranger: (address) => strangers.push(address),
    onState({ state, address, cause }, was) {
      states.push(`${state} ${address}`);
      if (state === 'live') kills.linkUp();
      if (state === 'live' && was !== 'stale') commands.linkUp();
      if (state !== 'down') return;
      causes.push(cause);
      commands.linkLost();
    },
  });
  const kills = createKillDesk({
    ...{ clock: Date.now, newId: randomUUID, control: link.send, sendTo: link.sendTo },
    latch: { set: () => undefined, get: () => null },
    times: () => ({ ...quickPolicy.kill, retryEveryMs }),
    gateways() {
      const { state, address, strangers } = link.view();
      return { live: state === 'live' ? address : null, addresses: link.addresses(), strangers };
    },
    lifted: (id) => desk.ops().kills.some((one) => one.commandId === id && one.resumedAt !== null),
    post(address, command) {
      posts.push(address);
      return postKill(address, 'ana', PLAIN_TRANSPORT, command);
    },
    ...{ report: () => undefined, changed: () => undefined },
  });
  const commands = createCommandDesk({
    ...{ clock: Date.now, newId: randomUUID, changed: () => undefined },
    control(request) {
      sent.push(request);
      return link.send(request);
    },
    sayAgainWithinMs: times.downAfterMs,
  });
  const ticking = setInterval(kills.tick, 20);
  desk.opened({ type: 'opened', ...(await core.open()) });
  link.connect(proxies.map(addressOf));
  return {
    ...{ link, kills, commands, desk, states, causes, strangers, sent, posts, events },
    stop() {
      clearInterval(ticking);
      link.stop();
      core.close();
    },
  };
}

async function open(count: number, times = timesOf(BEAT_MS)): Promise<void> {
  for (let one = 0; one < count; one += 1) {
    const proxy = await openProxy(() => 0);
    proxy.target(gateway.port);
    proxies.push(proxy);
  }
  terminal = await start(times);
  await ready();
}

/** Live, with another one ready where there is one, and at the log's end. */
async function ready(): Promise<void> {
  await expect
    .poll(() => {
      const { state, standing } = terminal.link.view();
      const { hash } = terminal.desk.position()?.head ?? {};
      return [state, standing, hash === gateway.log.savedHead().hash];
    })
    .toEqual(['live', Math.min(2, proxies.length), true]);
}

const live = (): LinkProxy => proxyAt(terminal.link.view().address);
/** Addresses that a kill goes to by HTTP alone. */
const unconnected = (): string[] =>
  proxies
    .map(addressOf)
    .filter((one) => !terminal.link.sendTo(one, { type: 'ping', time: Date.now() }));
/** Keeps the gateway speaking, more often than two looks are apart. */
async function whileItSpeaks(during: () => Promise<void>): Promise<void> {
  const speak = () => gateway.log.append({ type: 'gateway.stopped', data: { cause: 'x' } });
  const speaking = setInterval(speak, 20);
  await during().finally(() => clearInterval(speaking));
}
const gone = (proxy: LinkProxy): void => {
  proxy.set({ kind: 'refuse' });
  proxy.cut();
};
const fire = (): string => {
  const about = { reason: 'pérdida excesiva', closePositions: true, origin: 'panel' as const };
  return terminal.kills.fire({ scope: { kind: 'all' }, ...about });
};
const shown = () => terminal.kills.view()[0];

beforeEach(async () => {
  home = newDataDir();
  here = newDataDir();
  proxies = [];
  gateway = await openGateway(home.path);
});
afterEach(async () => {
  terminal.stop();
  for (const proxy of proxies) await proxy.close();
  await gateway.stop();
  home.remove();
  here.remove();
});

describe('of several gateways with one log', () => {
  it('the one that stands ready is followed in the turn in which the live one is lost; nothing lost, nothing twice', async () => {
    await open(3);
    const first = terminal.link.view().address;
    const before = terminal.states.length;
    gone(proxyAt(first));
    await expect.poll(() => terminal.link.view().address).not.toBe(first);
    gateway.log.append({ type: 'gateway.stopped', data: { cause: 'x' } });
    await ready();
    const second = terminal.link.view().address;
    // Down and live again with nothing between: no window ever saw it down.
    expect(terminal.states.slice(before)).toEqual([`down ${first}`, `live ${second}`]);
    expect(terminal.events.map(({ seq }) => seq)).toEqual(terminal.events.map((_, i) => i + 1));
    // The one that was left comes back, and is not gone back to: it may stand ready, no more.
    proxyAt(first).set({ kind: 'none' });
    const third = proxies.map(addressOf).find((one) => one !== first && one !== second) ?? '';
    gone(proxyAt(third));
    await expect.poll(unconnected).toEqual([third]);
    await ready();
    expect(terminal.link.view().address).toBe(second);
    terminal.stop();
    const store = new SqliteEventStore(join(here.path, 'audit.db'), sha256);
    expect(store.verify()).toEqual({ ok: true, head: terminal.desk.position()?.head });
    store.close();
  });

  it('one that hangs is left for one that answers, and long before it would count as down', async () => {
    await open(2);
    const first = terminal.link.view().address;
    const before = terminal.states.length;
    live().set({ kind: 'stall' });
    await expect.poll(() => terminal.link.view().address).not.toBe(first);
    const second = terminal.link.view().address;
    expect(terminal.states.slice(before)).toEqual([`down ${first}`, `live ${second}`]);
    gateway.log.append({ type: 'gateway.stopped', data: { cause: 'x' } });
    proxyAt(first).set({ kind: 'none' });
    await ready();
    expect(terminal.link.view().address).toBe(second);
    expect(terminal.events.map(({ seq }) => seq)).toEqual(terminal.events.map((_, i) => i + 1));
  });

  it('with the shipped heartbeat is left, when it hangs, within a second; nothing lost, nothing twice', async () => {
    const { heartbeatMs } = quickPolicy.link;
    await open(2, timesOf(heartbeatMs));
    const took: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const before = live();
      const since = performance.now();
      before.set({ kind: 'stall' });
      gateway.log.append({ type: 'gateway.stopped', data: { cause: 'x' } });
      await expect.poll(live, { interval: 10, timeout: 10_000 }).not.toBe(before);
      took.push(performance.now() - since);
      before.set({ kind: 'none' });
      await ready();
    }
    // By design three quarters of a heartbeat at most; the rest is for a machine at work.
    const [, median = Infinity] = took.sort((one, other) => one - other);
    expect(median).toBeLessThan(1.25 * heartbeatMs);
    expect(terminal.states.filter((one) => one.startsWith('live'))).toHaveLength(4);
    expect(terminal.events.map(({ seq }) => seq)).toEqual(terminal.events.map((_, i) => i + 1));
  });

  it('one that speaks and does not hear is left for one that answers, and a pause given to it is said again', async () => {
    await open(2, PATIENT);
    const first = live();
    const before = terminal.states.length;
    first.set({ kind: 'stall', way: 'onward' });
    const pause = terminal.commands.send('pause', { ...STOP, reason: 'a' });
    await whileItSpeaks(() => expect.poll(live, { timeout: 10_000 }).not.toBe(first));
    expect(terminal.states.slice(before)).toEqual([
      `down ${addressOf(first)}`,
      `live ${addressOf(live())}`,
    ]);
    expect(terminal.causes.at(-1)).toMatchObject({ code: 'unanswered' });
    await expect
      .poll(() => terminal.commands.view()[0])
      .toMatchObject({ id: pause, stage: 'done' });
    first.set({ kind: 'none' });
    await ready();
    expect(terminal.events.filter(({ commandId }) => commandId === pause)).toHaveLength(1);
    expect(terminal.events.map(({ seq }) => seq)).toEqual(terminal.events.map((_, i) => i + 1));
  });

  it('an only one that speaks and does not hear is late with its answers until it gives one', async () => {
    await open(1, PATIENT);
    const before = terminal.states.length;
    const late = { state: 'stale', cause: { code: 'unanswered' } };
    live().set({ kind: 'stall', way: 'onward' });
    await whileItSpeaks(() =>
      expect.poll(terminal.link.view, { timeout: 10_000 }).toMatchObject(late),
    );
    live().set({ kind: 'none' });
    await expect.poll(terminal.link.view).toMatchObject({ state: 'live', cause: null });
    const address = addressOf(live());
    expect(terminal.states.slice(before)).toEqual([`stale ${address}`, `live ${address}`]);
  });

  it('one whose answers come behind a large frame on a slow line is not left for that', async () => {
    await open(1, { ...timesOf(BEAT_MS), downAfterMs: 1_500 });
    const before = terminal.states.length;
    live().set({ kind: 'halve', bytesPerTick: 1_000 });
    const cause = 'x'.repeat(60_000);
    for (let one = 0; one < 10; one += 1) {
      gateway.log.append({ type: 'gateway.stopped', data: { cause } });
    }
    const came = () =>
      terminal.events.some(({ data }) => (data as { cause?: string }).cause === cause);
    await expect.poll(came, { timeout: 20_000 }).toBe(true);
    const lost = terminal.states.slice(before).filter((one) => one.startsWith('down'));
    expect(lost).toEqual([]);
  });

  it('one that turns pings away for their number hears them, and is not left for that', async () => {
    await gateway.stop();
    const limits = { ...quickPolicy.limits, terminalFrames: { perSecond: 0.001, burst: 5 } };
    const policies = withOperations({ ...quickPolicy, limits });
    gateway = await openGateway(home.path, 'paper', 0, { policies });
    await open(1, { ...timesOf(BEAT_MS), downAfterMs: 1_500 });
    const turnedAway = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
      return Number(/vigia_refused_total\{[^}]*cause="rate"[^}]*\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    await expect.poll(turnedAway, { timeout: 20_000 }).toBeGreaterThan((2 * 1_500) / BEAT_MS);
    expect(terminal.states).toEqual([`live ${addressOf(live())}`]);
  });

  it('one with another history that stands ready is named; the live link and the mirror are not touched', async () => {
    const foreign = newDataDir();
    const other = await openGateway(foreign.path);
    await open(2);
    const before = terminal.states.length;
    const [address = ''] = proxies.map(addressOf).filter((one) => one !== addressOf(live()));
    proxyAt(address).target(other.port);
    proxyAt(address).cut();
    await expect.poll(() => terminal.strangers).toEqual([address]);
    await expect.poll(() => terminal.link.view()).toMatchObject({ standing: 1, gateways: 2 });
    expect(terminal.link.view()).toMatchObject({ state: 'live', strangers: [address] });
    expect(terminal.states.slice(before)).toEqual([]);
    // A kill goes to it too, and stops what it has; but its word is not this desk's.
    live().set({ kind: 'stall' });
    const id = fire();
    await expect.poll(() => other.log.state().kills[0]?.commandId).toBe(id);
    await expect.poll(() => shown()?.lastError).toContain('another history');
    expect(shown()).toMatchObject({ stage: 'sending', acknowledgedAt: null });
    live().set({ kind: 'none' });
    await expect.poll(() => shown()?.acknowledgedAt).not.toBeNull();
    // With its own history back it stands ready again.
    proxyAt(address).target(gateway.port);
    await ready();
    expect(terminal.link.view().strangers).toEqual([]);
    await other.stop();
    foreign.remove();
  });
});

describe('a gateway that was put back to an older copy of the log', () => {
  it('is known for another by what it wrote since, and nothing goes over to it', async () => {
    const copy = newDataDir();
    cpSync(home.path, copy.path, { recursive: true });
    const old = await openGateway(copy.path);
    await open(2);
    const first = live();
    const [second = first] = proxies.filter((one) => one !== first);
    for (let one = 0; one < 40; one += 1) {
      gateway.log.append({ type: 'gateway.stopped', data: { cause: 'x' } });
    }
    await ready();
    second.target(old.port);
    second.cut();
    await expect.poll(() => terminal.strangers).toEqual([addressOf(second)]);
    const before = terminal.states.length;
    gone(first);
    await expect.poll(() => terminal.states.length).toBeGreaterThan(before);
    first.set({ kind: 'none' });
    await expect.poll(() => terminal.link.view().state).toBe('live');
    expect(terminal.states.slice(before)).toEqual([
      expect.stringMatching(/^down /),
      `live ${addressOf(first)}`,
    ]);
    await old.stop();
    copy.remove();
  });
});

describe('a kill goes to every gateway at once', () => {
  it('is taken by the one that stands ready while the live one hangs and nobody knows it yet', async () => {
    await open(2);
    const first = terminal.link.view().address;
    const engine = new FakeEngine('e1', 100);
    await engine.connect(gateway.port);
    live().set({ kind: 'stall' });
    fire();
    await expect.poll(() => shown()?.acknowledgedAt ?? null).not.toBeNull();
    expect(terminal.states.at(-1)).toBe(`live ${first}`);
    expect(shown()).toMatchObject({ path: 'control', alarm: false });
    proxyAt(first).set({ kind: 'none' });
    await expect.poll(() => gateway.log.state().kills[0]?.flatAt ?? null).not.toBeNull();
    expect(gateway.log.state().kills).toHaveLength(1);
    expect(engine.sold).toBe(100);
    engine.disconnect();
  });

  it('is taken by HTTP by the third while both connections hang', async () => {
    await open(3);
    const [third = ''] = unconnected();
    for (const proxy of proxies) if (addressOf(proxy) !== third) proxy.set({ kind: 'stall' });
    fire();
    await expect.poll(() => shown()?.acknowledgedAt ?? null).not.toBeNull();
    expect(shown()).toMatchObject({ path: 'http', alarm: false, lastError: null });
    for (const proxy of proxies) proxy.set({ kind: 'none' });
    await ready();
    expect(gateway.log.state().kills).toHaveLength(1);
  });

  it('given as the live one is lost, is accepted once', async () => {
    await open(3);
    const engine = new FakeEngine('e1', 100);
    await engine.connect(gateway.port);
    gone(live());
    const id = fire();
    await expect.poll(() => shown()?.acknowledgedAt ?? null).not.toBeNull();
    await expect.poll(() => gateway.log.state().kills[0]?.flatAt ?? null).not.toBeNull();
    await ready();
    await expect.poll(() => shown()?.stage).toBe('done');
    expect(gateway.log.state().kills.map(({ commandId }) => commandId)).toEqual([id]);
    const requests = terminal.events.filter(({ type }) => type === 'kill.requested');
    expect(requests).toHaveLength(1);
    expect(engine.sold).toBe(100);
    engine.disconnect();
  });
});

describe('a kill that one gateway has', () => {
  const engine = new FakeEngine('e1', 100);
  beforeEach(() => engine.connect(gateway.port));
  afterEach(() => engine.disconnect());

  it('is given again to one that hangs and one that is out of reach, until each has it; it is one kill', async () => {
    await open(3);
    const [third = ''] = unconnected();
    const [standby = ''] = proxies
      .map(addressOf)
      .filter((one) => one !== third && one !== addressOf(live()));
    proxyAt(third).set({ kind: 'refuse' });
    proxyAt(standby).set({ kind: 'stall' });
    const id = fire();
    // Carried out to its end, as far as the log knows, it is still lacked by the two.
    await expect.poll(() => shown()?.stage).toBe('done');
    expect(shown()?.lackedBy.toSorted()).toEqual([standby, third].toSorted());
    proxyAt(third).set({ kind: 'none' });
    await expect.poll(() => shown()?.lackedBy).toEqual([standby]);
    proxyAt(standby).set({ kind: 'none' });
    await expect.poll(() => shown()?.lackedBy).toEqual([]);
    expect(gateway.log.state().kills.map(({ commandId }) => commandId)).toEqual([id]);
  });

  it('is given to nobody any more once the log says that the desk was resumed', async () => {
    await open(3);
    const [third = ''] = unconnected();
    proxyAt(third).set({ kind: 'refuse' });
    fire();
    await expect.poll(() => shown()?.stage).toBe('done');
    await expect.poll(() => shown()?.lackedBy).toEqual([third]);
    await expect.poll(() => terminal.posts.length).toBeGreaterThan(2);
    terminal.commands.send('resume', {
      ...{ scope: { kind: 'all' }, origin: 'panel', reason: 'b', confirmation: 'CONFIRM_RESUME' },
      checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
    });
    await expect.poll(() => shown()?.lackedBy).toEqual([]);
    expect(terminal.desk.ops().desk.mode).toBe('normal');
    const posted = terminal.posts.length;
    proxyAt(third).set({ kind: 'none' });
    await ready();
    expect(terminal.posts).toHaveLength(posted);
    expect(gateway.log.state().desk.mode).toBe('normal');
  });
});

describe('another command that was under way when the live gateway was lost', () => {
  const command = (id: string | null) => terminal.commands.view().find((one) => one.id === id);

  it('is said again under its id where it only stops, and nowhere where it lets trading go on', async () => {
    await open(3);
    live().set({ kind: 'stall' });
    const pause = terminal.commands.send('pause', { ...STOP, reason: 'a' });
    const resume = terminal.commands.send('resume', {
      ...{ scope: { kind: 'all' }, origin: 'panel', reason: 'b', confirmation: 'CONFIRM_RESUME' },
      checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
    });
    gone(live());
    await expect.poll(() => command(pause)?.stage).toBe('done');
    await expect
      .poll(() => command(resume))
      .toMatchObject({ stage: 'rejected', code: 'unavailable' });
    await ready();
    const about = terminal.events.flatMap(({ commandId }) => commandId ?? []);
    expect(about.filter((id) => id === pause)).toHaveLength(1);
    expect(about).not.toContain(resume);
  });

  it('is not said again where the gateway had it: its answer is asked for', async () => {
    await open(3);
    // It is on record, and the link is lost before a word of that has come.
    gateway.log.onRecorded(({ type }) => {
      if (type === 'ops.paused') gone(live());
    });
    const pause = terminal.commands.send('pause', { ...STOP, reason: 'a' });
    await expect.poll(() => command(pause)?.stage).toBe('done');
    await ready();
    const said = terminal.sent.flatMap((one) => ('id' in one && one.id === pause ? one.type : []));
    expect(said).toEqual(['command', 'query']);
  });
});
