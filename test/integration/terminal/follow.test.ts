import { cpSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { createDeskState, type DeskState } from '../../../src/main/desk';
import { type ControlLink, createControlLink } from '../../../src/main/link/controlLink';
import { PLAIN_TRANSPORT } from '../../../src/main/link/transport';
import { MirrorCore } from '../../../src/main/mirror/core';
import type { MirrorStatus } from '../../../src/main/mirror/messages';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { EMPTY_LOG } from '../../../src/shared/log/event';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { newDataDir, openGateway, quickPolicy } from '../../support/desk';

let home: ReturnType<typeof newDataDir>;
let here: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let terminal: Terminal;

/** The terminal's link, log and mirror as it wires them, without its threads and windows. */
interface Terminal {
  readonly link: ControlLink;
  readonly desk: DeskState;
  readonly core: MirrorCore;
  status(): MirrorStatus;
  stop(): void;
}

async function follow(path: string, port: number): Promise<Terminal> {
  let status: MirrorStatus | null = null;
  const core = new MirrorCore({
    ...{ path, sha256, clock: Date.now },
    onStatus: (next) => {
      status = next;
    },
    onBadCheckpoint: (cause) => desk.diverged(cause),
  });
  const desk: DeskState = createDeskState({
    append(events) {
      core.take(events);
      core.flush();
    },
    quarantine(cause) {
      void core.quarantine(cause).then((opened) => {
        desk.opened({ type: 'opened', ...opened });
        link.restart({ code: 'mirror_opening' });
      });
    },
    onFresh: () => undefined,
    changed: () => undefined,
  });
  const link = createControlLink({
    ...{
      token: () => 'ana',
      transport: () => PLAIN_TRANSPORT,
      onFailed: () => undefined,
      embedded: false,
      clock: Date.now,
      uptime: () => performance.now(),
      random: () => 0,
    },
    terminal: { id: 't1', name: 't1', version: 'test' },
    times: { ...quickPolicy.link, heartbeatMs: 20, reconnectMinMs: 5, reconnectMaxMs: 10 },
    position: desk.position,
    onWelcome: desk.welcomed,
    onEvents: desk.take,
    onReplayed: desk.replayed,
    onCheckpoint(note) {
      core.checkpoint(note);
      core.flush();
    },
    onAnswer: () => undefined,
    onLease: () => undefined,
    onHealth: () => undefined,
    onDiverged: desk.diverged,
    onStranger: () => undefined,
    changed: () => undefined,
    onState: () => undefined,
  });
  desk.opened({ type: 'opened', ...(await core.open()) });
  link.connect([`ws://127.0.0.1:${port}`]);
  return {
    ...{ link, desk, core },
    status: () => status as unknown as MirrorStatus,
    stop() {
      link.stop();
      core.close();
    },
  };
}

/** Everything the gateway has is on this terminal's disk. */
const caughtUp = () =>
  expect
    .poll(() => {
      const { head } = terminal.desk.position() ?? {};
      return terminal.link.view().state === 'live' && head?.hash === gateway.log.savedHead().hash;
    })
    .toBe(true);

const mirrorFile = () => join(here.path, 'audit.db');
const quarantined = () =>
  readdirSync(here.path).filter((name) => /^audit-quarantine-.*\.db$/.test(name));

beforeEach(async () => {
  home = newDataDir();
  here = newDataDir();
  gateway = await openGateway(home.path);
  terminal = await follow(mirrorFile(), gateway.port);
  await caughtUp();
});
afterEach(async () => {
  terminal.stop();
  await gateway.stop();
  home.remove();
  here.remove();
});

describe('the audit mirror, following a real gateway', () => {
  it('goes on where it stood when the gateway comes back, with no gap and nothing twice', async () => {
    const { port } = gateway;
    await gateway.stop();
    gateway = await openGateway(home.path, 'paper', port);
    await caughtUp();
    const store = new SqliteEventStore(mirrorFile(), sha256);
    expect(store.verify()).toEqual({ ok: true, head: gateway.log.savedHead() });
    // The gateway signed as it stopped; the terminal has kept that.
    expect(store.lastCheckpoint()?.seq).toBeGreaterThan(0);
    store.close();
    expect(quarantined()).toEqual([]);
  });

  it('goes on where its own disk stood when the terminal comes back', async () => {
    terminal.stop();
    gateway.log.append({ type: 'gateway.stopped', data: { cause: 'x' } });
    terminal = await follow(mirrorFile(), gateway.port);
    await caughtUp();
    expect(terminal.status()).toMatchObject({ state: 'ok', unsaved: 0 });
  });

  it('keeps its history aside, read-only, when the gateway has another', async () => {
    const before = terminal.desk.position()?.head.seq;
    const other = newDataDir();
    const { port } = gateway;
    await gateway.stop();
    gateway = await openGateway(other.path, 'paper', port);
    await expect.poll(quarantined).toHaveLength(1);
    await caughtUp();
    expect(terminal.status()).toMatchObject({ state: 'quarantined' });
    const kept = join(here.path, quarantined()[0] as string);
    expect(statSync(kept).mode & 0o222).toBe(0);
    expect(terminal.status().quarantinedTo).toBe(kept);
    const store = new SqliteEventStore(mirrorFile(), sha256);
    expect(store.verify()).toEqual({ ok: true, head: gateway.log.savedHead() });
    store.close();
    expect(before).toBeGreaterThan(0);
    other.remove();
  });

  it('does the same when the gateway was put back to an older copy of its log', async () => {
    const copy = newDataDir();
    const { port } = gateway;
    await gateway.stop();
    cpSync(home.path, copy.path, { recursive: true });
    gateway = await openGateway(home.path, 'paper', port);
    await caughtUp();
    await gateway.stop();
    gateway = await openGateway(copy.path, 'paper', port);
    await expect.poll(quarantined).toHaveLength(1);
    await caughtUp();
    copy.remove();
  });

  it('sets a damaged file aside and takes the whole log anew', async () => {
    terminal.stop();
    writeFileSync(mirrorFile(), 'rubbish '.repeat(4_096));
    terminal = await follow(mirrorFile(), gateway.port);
    await caughtUp();
    expect(terminal.status()).toMatchObject({ state: 'quarantined' });
    const store = new SqliteEventStore(mirrorFile(), sha256);
    expect(store.verify()).toEqual({ ok: true, head: gateway.log.savedHead() });
    store.close();
  });

  it('takes a signature over another history for what it is', async () => {
    const note = gateway.log.checkpoint() ?? '';
    terminal.core.checkpoint(note.replace(/\n([A-Za-z0-9+/]{4})/, '\nAAAA'));
    terminal.core.flush();
    await expect.poll(quarantined).toHaveLength(1);
    await caughtUp();
  });

  it('begins no sixth history within an hour, and says that it is broken', async () => {
    for (let time = 0; time < 6; time += 1) {
      await terminal.core.quarantine(`fork ${time}`);
    }
    expect(terminal.status()).toMatchObject({
      state: 'broken',
      problem: expect.stringContaining('no more are begun'),
    });
    expect(quarantined().length).toBeLessThanOrEqual(5);
  });
});

describe('an event that was altered on its way', () => {
  it('is asked for again, says nothing against the mirror, and is called stuck when it stays', async () => {
    const events = await gateway.log.read(1, 100);
    let quarantines = 0;
    const desk = createDeskState({
      append: () => undefined,
      quarantine: () => {
        quarantines += 1;
      },
      onFresh: () => undefined,
      changed: () => undefined,
    });
    desk.opened({ type: 'opened', head: EMPTY_LOG, ops: INITIAL_OPS_STATE });
    const altered = events.map((event) => (event.seq === 2 ? { ...event, reason: 'otra' } : event));
    expect(desk.take(altered)).toBe(false);
    expect(desk.problem()).toContain('event 2 was altered');
    expect(desk.stuck()).toBe(false);
    desk.take(altered.slice(1));
    desk.take(altered.slice(1));
    expect(desk.stuck()).toBe(true);
    expect(quarantines).toBe(0);
    expect(desk.take(events.slice(1))).toBe(true);
    expect(desk.stuck()).toBe(false);
    expect(desk.problem()).toBeNull();
  });
});
