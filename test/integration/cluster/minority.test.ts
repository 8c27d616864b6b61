import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Member, openMember } from '../../support/cluster';
import { FakeEngine } from '../../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';

describe.skipIf(WHY_NO_NATS !== null)('a gateway whose server is cut off from the others', () => {
  let servers: NatsServers;
  let norte: Member;
  let sur: Member;
  const north = new FakeEngine('north', 100);
  const south = new FakeEngine('south', 100);
  let terminal: TestTerminal;
  let cutOff: TestTerminal;

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    const [a, b, c] = servers.addresses as [string, string, string];
    norte = await openMember([a, b], 'norte', { replicas: 3 });
    sur = await openMember([c], 'sur', { replicas: 3, keyFrom: norte.dataDir });
    terminal = await TestTerminal.open(norte.gateway.port, 'ana');
    cutOff = await TestTerminal.open(sur.gateway.port, 'luis');
    await north.connect(norte.gateway.port);
    await south.connect(sur.gateway.port);
    await cutOff.until(() => ['north', 'south'].every((id) => cutOff.ops.engines[id]?.connected));
    await cutOff.until(() => cutOff.ops.acting !== null);
  }, 60_000);
  afterAll(async () => {
    await norte.gateway.stop();
    await sur.gateway.stop();
    await servers.stop();
  }, 60_000);

  it('refuses what the log must take first, in words', async () => {
    servers.isolate(2);
    const pause = { scope: { kind: 'all' }, reason: 'una pausa', origin: 'console' };
    // What was under way as the link was cut is in doubt; from then on it is certain.
    for (let tries = 0; ; tries += 1) {
      const id = cutOff.command('pause', { ...pause, reason: `una pausa ${tries}` });
      const answered = () =>
        cutOff.answers.find((one) => one.id === id && one.stage === 'rejected');
      await Promise.race([
        cutOff.until(() => answered() !== undefined),
        new Promise((go) => setTimeout(go, 4_000)),
      ]);
      const answer = answered();
      if (answer) {
        expect(answer).toMatchObject({ stage: 'rejected', code: 'unavailable' });
        return;
      }
      if (tries > 5) throw new Error('no command was refused');
    }
  }, 60_000);

  it('still gives the log as far as it has it, and says how it stands', async () => {
    const { port, log } = sur.gateway;
    const reader = await TestTerminal.open(port, 'eva');
    await reader.until(() => reader.events.length === log.savedHead().seq);
    expect(reader.events).toEqual(cutOff.events);
    expect(Object.keys(reader.ops.engines).sort()).toEqual(['north', 'south']);
    reader.socket.terminate();
    const ask = async (path: string) => {
      const headers = { authorization: 'Bearer eva' };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      return [response.status, await response.json()];
    };
    expect(await ask('/operations/status')).toMatchObject([200, { mode: 'normal' }]);
    expect(await ask('/health')).toMatchObject([
      200,
      { status: 'degraded', store_error: expect.stringMatching(/./) },
    ]);
  });

  it('stops its own engine at once, and says that it is not in the log yet', async () => {
    const id = cutOff.kill();
    await cutOff.until(() =>
      cutOff.answers.some((one) => one.id === id && one.stage === 'accepted'),
    );
    expect(cutOff.answers.find((one) => one.id === id && one.stage === 'accepted')).toMatchObject({
      unsaved: true,
    });
    await cutOff.until(() =>
      cutOff.answers.some(
        (one) => one.id === id && one.stage === 'effected' && one.step === 'flatten',
      ),
    );
    expect(south.sold).toBe(100);
    expect(sur.gateway.log.health().unsavedEvents).toBeGreaterThan(0);
    expect(terminal.ops.kills).toEqual([]);
  }, 30_000);

  it('has it in the log when there is a majority again, and the rest of the desk is killed', async () => {
    servers.heal();
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    await cutOff.until(() => cutOff.ops.kills[0]?.flatAt != null);
    expect(north.sold).toBe(100);
    expect(terminal.ops.desk.mode).toBe('killed');
    await sur.gateway.log.settled();
    while (sur.gateway.log.health().unsavedEvents > 0) {
      await new Promise((go) => setImmediate(go));
    }
    const kills = (one: TestTerminal) => one.events.filter(({ type }) => type === 'kill.requested');
    expect(kills(terminal)).toHaveLength(1);
    expect(kills(cutOff)).toEqual(kills(terminal));
    // A pause that was refused is not in it, now or ever.
    const paused = terminal.events
      .filter(({ type }) => type === 'ops.paused')
      .map(({ commandId }) => commandId);
    const refused = cutOff.answers.filter(({ stage }) => stage === 'rejected').map(({ id }) => id);
    expect(paused.filter((one) => refused.includes(one ?? ''))).toEqual([]);
  }, 60_000);

  it('keeps an engine killed that comes to it, though it has not heard of the kill', async () => {
    const resume = {
      ...{ scope: { kind: 'all' }, reason: 'ya', origin: 'console' },
      confirmation: 'CONFIRM_RESUME',
      checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
    };
    await terminal.give('resume', resume);
    await cutOff.until(() => cutOff.ops.desk.mode === 'normal');
    await cutOff.until(() => cutOff.ops.engines.north?.confirmedMode === 'normal');
    servers.isolate(2);
    const id = terminal.kill();
    await terminal.until(() => terminal.ops.chains.north?.block != null);
    expect(north.mode).toBe('killed');
    expect(cutOff.ops.desk.mode).toBe('normal');
    north.disconnect();
    await north.connect(sur.gateway.port);
    const { log } = sur.gateway;
    while (log.state().engines.north?.node !== 'sur') {
      await new Promise((go) => setImmediate(go));
    }
    expect(log.state().engines.north?.confirmedMode).toBe('killed');
    expect(log.state().desk.mode).toBe('normal');
    expect(north.mode).toBe('killed');
    servers.heal();
    await cutOff.until(() => cutOff.ops.kills[0]?.commandId === id);
    await cutOff.until(() => cutOff.ops.engines.north?.node === 'sur');
    expect(north.mode).toBe('killed');
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    // Where its gateway is not behind, it is let go as soon as that is certain.
    await terminal.give('resume', resume);
    await terminal.until(() => terminal.ops.engines.north?.confirmedMode === 'normal');
    north.mode = 'paused';
    north.disconnect();
    await north.connect(norte.gateway.port);
    await terminal.until(
      () =>
        terminal.ops.engines.north?.node === 'norte' &&
        terminal.ops.engines.north.confirmedMode === 'normal',
    );
    expect(north.mode).toBe('normal');
  }, 60_000);
});
