import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runPaperEngine } from '../../../src/gateway/engines/paper/run';
import type { Gateway } from '../../../src/gateway/gateway';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import type { SealedEvent } from '../../../src/shared/log/chain';
import { newDataDir, openGateway, quickPolicy, withOperations } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { TestTerminal } from '../../support/testTerminal';

const RESUME = {
  ...{ scope: { kind: 'all' }, reason: 'revisado', origin: 'panel' },
  confirmation: 'CONFIRM_RESUME',
  checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
};

let dir: ReturnType<typeof newDataDir>;
const open: { stop(): unknown }[] = [];

beforeEach(() => {
  dir = newDataDir();
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
  dir.remove();
});

/** The real store on a disk that is full for as long as it is told. */
class FullDisk extends SqliteEventStore {
  full = false;

  override async append(events: readonly SealedEvent[], expectedSeq: number): Promise<void> {
    if (this.full) throw new Error('database or disk is full');
    return super.append(events, expectedSeq);
  }
}

async function gatewayOn(disk: { store?: FullDisk }, full = false): Promise<Gateway> {
  const gateway = await openGateway(dir.path, 'paper', 0, {
    openStore: (path) => {
      disk.store = new FullDisk(path, sha256);
      disk.store.full = full;
      return disk.store;
    },
  });
  open.push(gateway);
  return gateway;
}

describe('a gateway whose disk is full', () => {
  it('kills all the same, says what is unsaved, and saves it once there is room', async () => {
    const disk: { store?: FullDisk } = {};
    const gateway = await gatewayOn(disk);
    const engine = new FakeEngine('e1', 100);
    await engine.connect(gateway.port);
    open.push({ stop: () => engine.disconnect() });
    const terminal = await TestTerminal.open(gateway.port);
    await terminal.until(() => terminal.ops.engines.e1?.connected === true);
    const store = disk.store as FullDisk;
    store.full = true;
    const id = terminal.kill();
    await terminal.until(() => terminal.answers.some((a) => a.id === id && a.stage === 'accepted'));
    expect(terminal.answers).toContainEqual(
      expect.objectContaining({ id, stage: 'accepted', unsaved: true }),
    );
    await terminal.until(() => terminal.answers.some((a) => a.id === id && a.stage === 'done'));
    expect(engine.sold).toBe(100);
    expect(gateway.log.health()).toMatchObject({ storeError: 'database or disk is full' });
    expect(gateway.log.health().unsavedEvents).toBeGreaterThan(0);
    store.full = false;
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    expect(gateway.log.health()).toEqual({ unsavedEvents: 0, storeError: null });
    expect(store.verify()).toMatchObject({ ok: true });
  }, 20_000);

  it('that dies before there is room starts killed', async () => {
    const disk: { store?: FullDisk } = {};
    const first = await gatewayOn(disk);
    const terminal = await TestTerminal.open(first.port);
    (disk.store as FullDisk).full = true;
    const id = terminal.kill();
    await terminal.until(() => terminal.answers.some((a) => a.id === id && a.stage === 'accepted'));
    expect(existsSync(join(dir.path, 'latch.json'))).toBe(true);
    // It ends with its disk still full: nothing of the kill is in the log.
    await first.stop();
    open.splice(0);
    const second = await gatewayOn(disk);
    expect(second.log.state().desk.mode).toBe('killed');
    expect(second.log.state().kills[0]).toMatchObject({ commandId: id, reason: 'prueba' });
    const engine = new FakeEngine('e1', 100);
    await engine.connect(second.port);
    open.push({ stop: () => engine.disconnect() });
    const again = await TestTerminal.open(second.port);
    await again.until(() => again.ops.kills[0]?.flatAt != null);
    expect(engine.sold).toBe(100);
    // A terminal that never had its answer says it again under its id: it is the same kill.
    again.kill({}, id);
    await again.until(() => again.answers.some((a) => a.id === id && a.stage === 'accepted'));
    expect(again.ops.kills).toHaveLength(1);
  }, 20_000);
});

describe('a kill that no disk could take', () => {
  it('is kept over every start without room', async () => {
    const disk: { store?: FullDisk } = {};
    const first = await gatewayOn(disk);
    const latch = join(dir.path, 'latch.json');
    // Room for it is set aside beforehand.
    const reserved = () => statSync(`${latch}.reserve`, { throwIfNoEntry: false })?.size;
    await expect.poll(reserved).toBe(65_536);
    const terminal = await TestTerminal.open(first.port);
    (disk.store as FullDisk).full = true;
    const id = terminal.kill();
    await terminal.until(() => terminal.answers.some((a) => a.id === id && a.stage === 'accepted'));
    await first.stop();
    open.splice(0);
    for (let start = 0; start < 2; start += 1) {
      const again = await gatewayOn(disk, true);
      expect(again.log.state().desk.mode).toBe('killed');
      expect(existsSync(latch)).toBe(true);
      await again.stop();
      open.splice(0);
    }
    const last = await gatewayOn(disk);
    expect(last.log.state().kills.map(({ commandId }) => commandId)).toEqual([id]);
    const again = await TestTerminal.open(last.port);
    await again.give('resume', RESUME);
    await expect.poll(() => existsSync(latch)).toBe(false);
  }, 20_000);

  it('stands though the log lost it: its end was in a WAL that was damaged', async () => {
    const first = await gatewayOn({});
    const terminal = await TestTerminal.open(first.port);
    const before = first.log.savedHead().seq;
    const id = terminal.kill();
    await terminal.until(() => terminal.ops.desk.mode === 'killed');
    await expect.poll(() => existsSync(join(dir.path, 'latch.json'))).toBe(true);
    await first.stop();
    open.splice(0);
    const database = new Database(join(dir.path, 'log.db'));
    database.prepare('DELETE FROM events WHERE seq > ?').run(before);
    database.exec('DELETE FROM checkpoints');
    database.close();
    const second = await gatewayOn({});
    expect(second.log.state().desk.mode).toBe('killed');
    expect(second.log.state().kills.map(({ commandId }) => commandId)).toEqual([id]);
  }, 20_000);
});

describe('a resume that waits for a second person', () => {
  it('is taken back on the record when nobody came, also by a gateway that was restarted', async () => {
    const policy = {
      ...quickPolicy,
      resume: { ...quickPolicy.resume, twoPersonIn: ['paper' as const], requestExpiresMs: 300 },
    };
    const first = await openGateway(dir.path, 'paper', 0, { policies: withOperations(policy) });
    const before = await TestTerminal.open(first.port);
    before.kill();
    await before.until(() => before.ops.desk.mode === 'killed');
    const request = before.command('resume', {
      scope: { kind: 'all' },
      reason: 'revisado',
      confirmation: 'CONFIRM_RESUME',
      checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
      origin: 'panel',
    });
    await before.until(() => before.ops.resumeRequests.length === 1);
    await first.stop();
    const second = await openGateway(dir.path, 'paper', 0, { policies: withOperations(policy) });
    open.push(second);
    const after = await TestTerminal.open(second.port, 'luis');
    await after.until(() => after.types().includes('ops.resume_withdrawn'));
    const withdrawn = after.events.find(({ type }) => type === 'ops.resume_withdrawn');
    expect(withdrawn?.data).toEqual({ request, cause: 'expired' });
    const late = after.command('resume.approve', { request, reason: 'sí', origin: 'panel' });
    await after.until(() => after.answers.some((a) => a.id === late && a.stage === 'rejected'));
    expect(after.ops.desk.mode).toBe('killed');
  });
});

describe('a kill that names an engine nobody has seen', () => {
  it('stops it when it turns up, and the others go on', async () => {
    const gateway = await openGateway(dir.path);
    open.push(gateway);
    const terminal = await TestTerminal.open(gateway.port);
    const other = new FakeEngine('e1', 50);
    await other.connect(gateway.port);
    terminal.kill({ scope: { kind: 'engines', engines: ['late'] } });
    await terminal.until(() => terminal.ops.kills.length === 1);
    // Resuming another engine does not lift it.
    const only = { scope: { kind: 'engines', engines: ['e1'] }, reason: 'x', origin: 'panel' };
    terminal.command('pause', only);
    await terminal.until(() => terminal.ops.engines.e1?.confirmedMode === 'paused');
    terminal.command('resume', {
      ...only,
      confirmation: 'CONFIRM_RESUME',
      checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
    });
    await terminal.until(() => terminal.ops.engines.e1?.confirmedMode === 'normal');
    const late = new FakeEngine('late', 100);
    await late.connect(gateway.port);
    open.push({ stop: () => other.disconnect() }, { stop: () => late.disconnect() });
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    expect(late).toMatchObject({ mode: 'killed', sold: 100 });
    expect(other).toMatchObject({ mode: 'normal', sold: 0 });
  });
});

describe('the dead-man switch', () => {
  it('pauses an engine that hears nothing, which says so when it is back', async () => {
    const engines = { ...quickPolicy.engines, deadManMs: 400 };
    const policy = { ...quickPolicy, engines };
    const first = await openGateway(dir.path, 'paper', 0, { policies: withOperations(policy) });
    const running = runPaperEngine(
      {
        ...{ gateway: `ws://127.0.0.1:${first.port}`, token: 'engine-token' },
        ...{ id: 'paper-1', name: 'Motor papel', speed: 60_000, seed: 7 },
      },
      () => undefined,
    );
    open.push(running);
    const mode = () => running.engine.mode;
    const turn = () => new Promise((later) => setImmediate(later));
    while (mode() !== 'normal') await turn();
    await first.stop();
    while (mode() !== 'paused') await turn();
    const second = await openGateway(dir.path, 'paper', first.port, {
      policies: withOperations(policy),
    });
    open.push(second);
    const terminal = await TestTerminal.open(second.port);
    const back = () =>
      terminal.events.filter(({ type }) => type === 'engine.connected')[1]?.data as
        | { selfPausedAt: number | null; reportedMode: string }
        | undefined;
    await terminal.until(() => back() !== undefined);
    expect(back()).toMatchObject({ reportedMode: 'paused', selfPausedAt: expect.any(Number) });
    // The log says what it may do, and it does that again.
    while (mode() !== 'normal') await turn();
  });
});
