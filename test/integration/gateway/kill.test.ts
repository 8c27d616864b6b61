import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { sha256 } from '../../../src/node/sha256';
import { verifyNext } from '../../../src/shared/log/chain';
import type { LogPosition } from '../../../src/shared/log/event';
import { EMPTY_LOG } from '../../../src/shared/log/event';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let terminal: TestTerminal;

beforeEach(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path);
  terminal = await TestTerminal.open(gateway.port);
});
afterEach(async () => {
  await gateway.stop();
  dir.remove();
});

async function engineWith(id: string, quantity: number): Promise<FakeEngine> {
  const engine = new FakeEngine(id, quantity);
  await engine.connect(gateway.port);
  await terminal.until(() => terminal.ops.engines[id]?.connected === true);
  return engine;
}

const flat = () => terminal.ops.kills[0]?.flatAt != null;

describe('a kill', () => {
  it('blocks, cancels, flattens and reads back twice before it says flat', async () => {
    const engine = await engineWith('e1', 100);
    const id = terminal.kill();
    await terminal.until(flat);
    expect(engine.received.map(({ op }) => op).slice(0, 5)).toEqual([
      'block',
      'cancel',
      'flatten',
      'read_back',
      'read_back',
    ]);
    expect(engine.sold).toBe(100);
    const chain = terminal.types().filter((type) => type.startsWith('kill.'));
    expect(chain[0]).toBe('kill.requested');
    expect(chain.at(-1)).toBe('kill.flat');
    await terminal.until(() => terminal.answers.some(({ stage }) => stage === 'done'));
    const stages = terminal.answers.filter((one) => one.id === id).map(({ stage }) => stage);
    expect(stages.slice(0, 2)).toEqual(['received', 'accepted']);
    expect(terminal.ops.desk.mode).toBe('killed');
  });

  it('is one kill however often its id is sent', async () => {
    const engine = await engineWith('e1', 100);
    const id = terminal.kill({}, randomUUID());
    await terminal.until(flat);
    terminal.kill({}, id);
    await terminal.until(
      () => terminal.answers.filter(({ stage }) => stage === 'accepted').length > 1,
    );
    expect(terminal.types().filter((type) => type === 'kill.requested')).toHaveLength(1);
    expect(engine.sold).toBe(100);
  });

  it('is taken from a viewer, without a reason, and while the desk is killed', async () => {
    await engineWith('e1', 5);
    const viewer = await TestTerminal.open(gateway.port, 'eva');
    viewer.kill({ reason: '' });
    await viewer.until(() => viewer.ops.kills.length === 1);
    viewer.kill();
    await viewer.until(() => viewer.ops.kills.length === 2);
    expect(viewer.answers.some(({ stage }) => stage === 'rejected')).toBe(false);
  });

  it('is never flat for an engine that answers success and stays open; it is swept again', async () => {
    const engine = await engineWith('e1', 100);
    engine.behaviour = 'lies';
    terminal.kill();
    await terminal.until(() => (terminal.ops.chains.e1?.round ?? 0) >= 3);
    expect(flat()).toBe(false);
    expect(terminal.ops.chains.e1?.held?.positions[0]?.notional).toBe(100);
    engine.behaviour = 'honest';
    await terminal.until(flat);
    expect(engine.sold).toBe(100);
  });

  it('stops the engine that answers and says that the one which hangs is not halted', async () => {
    const good = await engineWith('good', 10);
    const bad = await engineWith('bad', 20);
    bad.behaviour = 'hangs';
    terminal.kill();
    await terminal.until(
      () => terminal.ops.chains.good?.phase === 'flat' && bad.queried.length > 1,
    );
    expect(good.sold).toBe(10);
    expect(terminal.ops.chains.bad?.phase).toBe('blocking');
    expect(terminal.ops.kills[0]).toMatchObject({ haltedAt: null, flatAt: null });
    bad.behaviour = 'honest';
    await terminal.until(flat);
    expect(bad.sold).toBe(20);
  });

  it('is not called halted because the engine that hung has gone', async () => {
    const good = await engineWith('good', 10);
    const bad = await engineWith('bad', 20);
    bad.behaviour = 'hangs';
    terminal.kill();
    await terminal.until(() => terminal.ops.chains.good?.phase === 'flat');
    bad.disconnect();
    await terminal.until(() => terminal.ops.engines.bad?.connected === false);
    good.lateFill(3);
    await terminal.until(() => good.sold === 13 && terminal.ops.chains.good?.phase === 'flat');
    expect(terminal.types()).not.toContain('kill.halted');
  });

  it('works for the longest engine id there may be', async () => {
    const engine = await engineWith('e'.repeat(128), 4);
    terminal.kill();
    await terminal.until(flat);
    expect(engine.sold).toBe(4);
  });

  it('sells once when the link breaks in the middle of the flatten: it asks by id', async () => {
    const engine = await engineWith('e1', 100);
    engine.behaviour = 'drops_on_flatten';
    terminal.kill();
    await terminal.until(() => terminal.ops.engines.e1?.connected === false);
    expect(flat()).toBe(false);
    await engine.connect(gateway.port);
    await terminal.until(flat);
    expect(engine.queried.some((opId) => opId.includes(':flatten:'))).toBe(true);
    expect(engine.received.filter(({ op }) => op === 'flatten')).toHaveLength(1);
    expect(engine.sold).toBe(100);
  });

  it('sweeps a late fill after flat, and takes the word flat back at once', async () => {
    const engine = await engineWith('e1', 100);
    terminal.kill();
    await terminal.until(flat);
    engine.lateFill(7);
    await terminal.until(() => terminal.types().includes('kill.reopened'));
    await terminal.until(() => engine.quantity === 0 && flat());
    expect(engine.sold).toBe(107);
  });

  it('stops only the engines in its scope', async () => {
    const one = await engineWith('one', 10);
    const two = await engineWith('two', 20);
    terminal.kill({ scope: { kind: 'engines', engines: ['one'] } });
    await terminal.until(flat);
    expect([one.quantity, two.quantity]).toEqual([0, 20]);
    expect(terminal.ops.desk.mode).toBe('normal');
    expect(two.received).toEqual([]);
  });

  it('takes in an engine that connects while the desk is killed', async () => {
    await engineWith('e1', 1);
    terminal.kill();
    await terminal.until(flat);
    const late = await engineWith('late', 50);
    expect(late.mode).toBe('killed');
    await terminal.until(() => late.quantity === 0 && flat());
  });

  it('is seen by a second terminal', async () => {
    await engineWith('e1', 1);
    const second = await TestTerminal.open(gateway.port, 'luis');
    terminal.kill();
    await second.until(() => second.ops.kills[0]?.flatAt != null);
    expect(second.ops.desk.mode).toBe('killed');
  });
});

describe('killed stays killed', () => {
  it('and an engine that comes back in another mode confirms it before it counts as halted', async () => {
    const engine = await engineWith('e1', 1);
    terminal.kill();
    await terminal.until(flat);
    engine.disconnect();
    await terminal.until(() => terminal.ops.engines.e1?.connected === false);
    expect(terminal.ops.engines.e1?.confirmedMode).toBeNull();
    engine.mode = 'normal';
    await engine.connect(gateway.port);
    await terminal.until(() => terminal.ops.engines.e1?.confirmedMode === 'killed' && flat());
    expect(engine.mode).toBe('killed');
  });

  it('over a restart in the middle of the chain, without selling twice', async () => {
    const engine = await engineWith('e1', 100);
    engine.behaviour = 'drops_on_flatten';
    terminal.kill();
    await terminal.until(() => terminal.ops.engines.e1?.connected === false);
    await gateway.stop();
    gateway = await openGateway(dir.path);
    terminal = await TestTerminal.open(gateway.port);
    await terminal.until(() => terminal.ops.desk.mode === 'killed');
    await engine.connect(gateway.port);
    await terminal.until(flat);
    expect(engine.sold).toBe(100);
    expect(engine.received.filter(({ op }) => op === 'flatten')).toHaveLength(1);
  });

  it('until a resume that is guarded', async () => {
    const engine = await engineWith('e1', 1);
    terminal.kill();
    await terminal.until(flat);
    const checklist = { causeUnderstood: true, positionsReviewed: true, teamNotified: true };
    const params = { scope: { kind: 'all' }, reason: 'revisado', origin: 'panel', checklist };
    const wrong = terminal.command('resume', { ...params, confirmation: 'resume' });
    const code = () => terminal.answers.find((one) => one.id === wrong && one.stage === 'rejected');
    await terminal.until(() => code() !== undefined);
    expect(code()).toMatchObject({ code: 'wrong_confirmation' });
    expect(terminal.ops.desk.mode).toBe('killed');
    terminal.command('resume', { ...params, confirmation: 'CONFIRM_RESUME' });
    await terminal.until(() => terminal.ops.engines.e1?.confirmedMode === 'normal');
    expect(terminal.ops.desk.mode).toBe('normal');
    expect(engine.mode).toBe('normal');
    expect(engine.received.filter(({ op }) => op === 'set_mode')).toHaveLength(1);
  });

  it('until a second, different person agrees, where trading is live', async () => {
    await gateway.stop();
    dir.remove();
    dir = newDataDir();
    gateway = await openGateway(dir.path, 'live');
    terminal = await TestTerminal.open(gateway.port);
    terminal.kill();
    await terminal.until(() => terminal.ops.desk.mode === 'killed');
    const checklist = { causeUnderstood: true, positionsReviewed: true, teamNotified: true };
    const request = terminal.command('resume', {
      scope: { kind: 'all' },
      reason: 'revisado',
      origin: 'panel',
      confirmation: 'CONFIRM_RESUME',
      checklist,
    });
    await terminal.until(() => terminal.ops.resumeRequests.length === 1);
    expect(terminal.ops.desk.mode).toBe('killed');
    terminal.command('resume.approve', { request, reason: 'yo', origin: 'panel' });
    await terminal.until(() => terminal.answers.some(({ stage }) => stage === 'rejected'));
    expect(terminal.answers.find(({ stage }) => stage === 'rejected')).toMatchObject({
      code: 'same_person',
    });
    const second = await TestTerminal.open(gateway.port, 'luis');
    second.command('resume.approve', { request, reason: 'de acuerdo', origin: 'panel' });
    await terminal.until(() => terminal.ops.desk.mode === 'normal');
    const resumed = terminal.events.find(({ type }) => type === 'ops.resumed');
    expect(resumed?.data).toMatchObject({ approvedBy: ['ana', 'luis'], flat: false });
  });
});

describe('the log', () => {
  it('has nothing unsaved while its disk takes everything, and says so from the first word', () => {
    terminal.kill();
    gateway.log.append({ type: 'gateway.stopped', data: { cause: 'prueba' } });
    expect(gateway.log.health()).toEqual({ unsavedEvents: 0, storeError: null });
  });

  it('reaches a terminal as a chain that verifies', async () => {
    await engineWith('e1', 1);
    terminal.kill();
    await terminal.until(flat);
    let position: LogPosition = EMPTY_LOG;
    for (const event of terminal.events) {
      expect(verifyNext(event, position, sha256).ok).toBe(true);
      position = event;
    }
  });

  it('is not served to a terminal whose history is another', async () => {
    const other = await TestTerminal.open(gateway.port);
    other.send({ type: 'subscribe', epoch: null, fromSeq: 2, fromHash: 'a'.repeat(64) });
    await other.until(() => other.closedWith !== null);
    expect(other.errors).toContain('diverged');
    expect(other.closedWith).toBe(4410);
  });

  it('that was tampered with is refused at start, naming the first bad sequence', async () => {
    await terminal.until(() => terminal.events.length >= 3);
    await gateway.stop();
    const database = new Database(join(dir.path, 'log.db'));
    database.exec(`UPDATE events SET body = replace(body, 'paper', 'piper') WHERE seq = 2`);
    database.close();
    await expect(openGateway(dir.path)).rejects.toThrow('does not verify at event 2');
    dir.remove();
    dir = newDataDir();
    gateway = await openGateway(dir.path);
  });
});

describe('bad input', () => {
  it('gets a typed error and leaves the log and the connection alone', async () => {
    for (const text of [
      '{',
      '[]',
      '{"type":"nothing"}',
      '{"type":"command","name":"kill"}',
      'null',
    ]) {
      terminal.socket.send(text);
    }
    await terminal.until(() => terminal.errors.length >= 5);
    expect(terminal.errors).toEqual([
      'not_json',
      'bad_shape',
      'unknown_type',
      'bad_shape',
      'bad_shape',
    ]);
    terminal.kill();
    await terminal.until(() => terminal.ops.desk.mode === 'killed');
  });

  it('is refused without a good token', async () => {
    await expect(TestTerminal.open(gateway.port, 'nobody')).rejects.toBeDefined();
  });
});
