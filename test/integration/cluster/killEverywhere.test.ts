import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDeskState, type DeskState } from '../../../src/main/desk';
import { postKill } from '../../../src/main/kill/httpKill';
import { createKillDesk, type KillDesk } from '../../../src/main/kill/killDesk';
import { type ControlLink, createControlLink } from '../../../src/main/link/controlLink';
import { PLAIN_TRANSPORT } from '../../../src/main/link/transport';
import { EMPTY_LOG } from '../../../src/shared/log/event';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { type LinkProxy, openProxy } from '../../chaos/proxy';
import { type Member, openMember } from '../../support/cluster';
import { quickPolicy } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';

/** The terminal's own link and kills, with a mirror that is kept nowhere. */
function openTerminal(addresses: readonly string[]): {
  readonly link: ControlLink;
  readonly kills: KillDesk;
  stop(): void;
} {
  const desk: DeskState = createDeskState({
    ...{ append: () => undefined, changed: () => undefined },
    quarantine(cause) {
      throw new Error(cause);
    },
    onFresh(fresh) {
      for (const { type, commandId } of fresh) {
        if (type === 'kill.requested' && commandId) kills.logged(commandId, link.view().address);
      }
    },
  });
  const link = createControlLink({
    ...{ token: () => 'ana', transport: () => PLAIN_TRANSPORT, embedded: false },
    ...{ clock: Date.now, uptime: () => performance.now(), random: () => 0 },
    times: { ...quickPolicy.link, reconnectMinMs: 5, reconnectMaxMs: 20 },
    terminal: { id: 't1', name: 't1', version: 'test' },
    ...{ position: desk.position, onWelcome: desk.welcomed, onEvents: desk.take },
    ...{ onReplayed: desk.replayed, onDiverged: desk.diverged, changed: () => undefined },
    ...{ onCheckpoint: () => undefined, onLease: () => undefined, onHealth: () => undefined },
    ...{ onFailed: () => undefined, onStranger: () => undefined, onState: () => undefined },
    onAnswer: (answer, address) => void kills.answer(answer, address),
  });
  const kills = createKillDesk({
    ...{ clock: Date.now, newId: randomUUID, control: link.send, sendTo: link.sendTo },
    latch: { set: () => undefined, get: () => null },
    times: () => ({ ...quickPolicy.kill, retryEveryMs: 50 }),
    gateways() {
      const { state, address, strangers } = link.view();
      return { live: state === 'live' ? address : null, addresses: link.addresses(), strangers };
    },
    lifted: (id) => desk.ops().kills.some((one) => one.commandId === id && one.resumedAt !== null),
    post: (address, command) => postKill(address, 'ana', PLAIN_TRANSPORT, command),
    ...{ report: () => undefined, changed: () => undefined },
  });
  const ticking = setInterval(kills.tick, 20);
  desk.opened({ type: 'opened', head: EMPTY_LOG, ops: INITIAL_OPS_STATE });
  link.connect(addresses);
  return {
    ...{ link, kills },
    stop() {
      clearInterval(ticking);
      link.stop();
    },
  };
}

describe.skipIf(WHY_NO_NATS !== null)('an engine within reach of one gateway alone', () => {
  let servers: NatsServers;
  let norte: Member;
  let sur: Member;
  let proxy: LinkProxy;
  let terminal: ReturnType<typeof openTerminal>;
  const north = new FakeEngine('north', 100);
  const south = new FakeEngine('south', 100);

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    const [a, b, c] = servers.addresses as [string, string, string];
    norte = await openMember([a, b], 'norte', { replicas: 3 });
    sur = await openMember([c], 'sur', { replicas: 3, keyFrom: norte.dataDir });
    proxy = await openProxy(() => 0);
    proxy.target(sur.gateway.port);
    await north.connect(norte.gateway.port);
    await south.connect(sur.gateway.port);
  }, 60_000);
  afterAll(async () => {
    terminal.stop();
    north.disconnect();
    south.disconnect();
    await proxy.close();
    await norte.gateway.stop();
    await sur.gateway.stop();
    await servers.stop();
  }, 60_000);

  it('is stopped as soon as that one is within reach of the terminal, though the log has the kill and cannot tell it', async () => {
    const patient = { timeout: 20_000 };
    const there = `ws://127.0.0.1:${proxy.port}`;
    terminal = openTerminal([`ws://127.0.0.1:${norte.gateway.port}`, there]);
    await expect.poll(() => terminal.link.view().standing, patient).toBe(2);
    // Cut off from the log and from this terminal, with its engine.
    servers.isolate(2);
    proxy.set({ kind: 'refuse' });
    proxy.cut();
    const id = terminal.kills.fire({
      ...{ scope: { kind: 'all' }, reason: 'prueba', closePositions: true, origin: 'panel' },
    });
    const shown = () => terminal.kills.view()[0];
    await expect.poll(() => north.sold, patient).toBe(100);
    await expect.poll(() => shown()?.unsaved, patient).toBe(false);
    expect(shown()?.lackedBy).toEqual([there]);
    expect(south.mode).toBe('normal');

    proxy.set({ kind: 'none' });
    await expect.poll(() => south.sold, patient).toBe(100);
    await expect.poll(() => shown()?.lackedBy, patient).toEqual([]);
    expect(sur.gateway.log.health().unsavedEvents).toBeGreaterThan(0);

    servers.heal();
    const kills = () => sur.gateway.log.state().kills;
    await expect.poll(() => kills()[0]?.flatAt ?? null, patient).not.toBeNull();
    expect(kills().map(({ commandId }) => commandId)).toEqual([id]);
    expect([north.sold, south.sold]).toEqual([100, 100]);
  }, 90_000);
});
