import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPaperEngine } from '../../../src/gateway/engines/paper/run';
import { deskStatus } from '../../../src/renderer/desk/desk.state';
import type { DeskView, LocalKill } from '../../../src/shared/view/desk';
import { type LinkProxy, openProxy } from '../../chaos/proxy';
import { type Member, openMember } from '../../support/cluster';
import { quickPolicy, quietPolicies, withOperations } from '../../support/desk';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';

const DEAD_MAN_MS = 2_000;
const engines = {
  ...quickPolicy.engines,
  ...{ deadManMs: DEAD_MAN_MS, deadManAction: 'flatten' as const, heartbeatMs: 200 },
};
const policies = {
  ...withOperations({ ...quickPolicy, engines }),
  monitor: quietPolicies.monitor,
};
const TITLE = 'engines on the side without a majority, for as long as it lasts';
const skipped = WHY_NO_NATS === null ? '' : ` (skipped: ${WHY_NO_NATS})`;

describe.skipIf(WHY_NO_NATS !== null)(`${TITLE}${skipped}`, () => {
  let servers: NatsServers;
  let norte: Member;
  let sur: Member;
  let terminal: TestTerminal;
  let cutOff: TestTerminal;
  /** What the engines reach `sur` by. */
  let front: LinkProxy;
  let killed: ReturnType<typeof runPaperEngine>;
  let free: ReturnType<typeof runPaperEngine>;
  /** What the engine that is free said. */
  const said: string[] = [];
  let kill: string;

  const start = (id: string, say: (text: string) => void) =>
    runPaperEngine(
      {
        ...{ gateway: `ws://127.0.0.1:${front.port}`, token: 'engine-token' },
        ...{ id, name: id, speed: 60_000, seed: 7 },
      },
      say,
    );

  beforeAll(async () => {
    servers = await startNats({ servers: 3 });
    const [a, b, c] = servers.addresses as [string, string, string];
    const options = { replicas: 3, change: { policies } };
    norte = await openMember([a, b], 'norte', options);
    sur = await openMember([c], 'sur', { ...options, keyFrom: norte.dataDir });
    terminal = await TestTerminal.open(norte.gateway.port, 'ana');
    cutOff = await TestTerminal.open(sur.gateway.port, 'luis');
    front = await openProxy(() => 0);
    front.target(sur.gateway.port);
    killed = start('killed', () => undefined);
    free = start('free', (text) => said.push(text));
    await terminal.until(() =>
      ['killed', 'free'].every((id) => terminal.ops.engines[id]?.confirmedMode === 'normal'),
    );
    await cutOff.until(() => cutOff.ops.acting !== null);
  }, 60_000);
  afterAll(async () => {
    for (const engine of [killed, free]) engine?.stop();
    await front?.close();
    await norte?.gateway.stop();
    await sur?.gateway.stop();
    await servers?.stop();
  }, 60_000);

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((turn) => setImmediate(turn));
  }

  it('are killed at once by a kill given there, which is said not to be in the log yet', async () => {
    await until(() => [killed, free].every(({ engine }) => engine.book.position !== 0));
    servers.isolate(2);
    await cutOff.until(() => cutOff.health.storeError !== null);
    kill = cutOff.kill({ scope: { kind: 'engines', engines: ['killed'] } });
    await until(() => killed.engine.mode === 'killed' && killed.engine.book.position === 0);
    expect(free.engine.mode).toBe('normal');
    await cutOff.until(() => cutOff.health.unsavedEvents > 0);
    const answer = cutOff.answers.find(({ id, stage }) => id === kill && stage === 'accepted');
    expect(answer).toMatchObject({ unsaved: true });

    // The screen's word by what this terminal was told.
    const own = { id: kill, stage: 'accepted', alarm: false, unsaved: true } as LocalKill;
    const view = { ops: cutOff.ops, gateway: cutOff.health, kills: [own] };
    const link = { state: 'live', since: 0 };
    expect(deskStatus({ ...view, link } as unknown as DeskView, Date.now())).toMatchObject({
      ...{ word: 'accepted', unlogged: true, stale: 'log' },
    });
    const headers = { authorization: 'Bearer luis' };
    const health = await fetch(`http://127.0.0.1:${sur.gateway.port}/health`, { headers });
    const told = (await health.json()) as { unsaved_events: number };
    expect(told).toMatchObject({ status: 'degraded', store_error: expect.stringMatching(/./) });
    expect(told.unsaved_events).toBeGreaterThan(0);
    expect(terminal.ops.kills).toEqual([]);
  }, 60_000);

  it('stop by themselves when that gateway is lost to them too', async () => {
    await until(() => free.engine.book.position !== 0);
    const silence = /^heard nothing from the gateway for (\d+) ms: flatten$/;
    expect(said.filter((text) => silence.test(text))).toEqual([]);
    // As of one that stands still: connections stay open and nothing comes.
    front.set({ kind: 'stall' });
    await until(() => free.engine.mode === 'paused' && free.engine.book.position === 0);
    const silent = said.filter((text) => silence.test(text));
    expect(silent).toHaveLength(1);
    expect(Number(silence.exec(silent[0] as string)?.[1])).toBeGreaterThanOrEqual(DEAD_MAN_MS);
    expect(killed.engine.mode).toBe('killed');
    // All of it without a majority, and nobody elsewhere knows.
    expect(cutOff.health.storeError).not.toBe(null);
    expect(terminal.types()).not.toContain('engine.self_paused');
  }, 60_000);

  it('are on the record as they are when all is back, and the killed one stays killed', async () => {
    front.set({ kind: 'none' });
    servers.heal();
    await terminal.until(() => terminal.types().includes('engine.self_paused'));
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    const of = (type: string) => terminal.events.filter((event) => event.type === type);
    expect(of('kill.requested').map(({ commandId }) => commandId)).toEqual([kill]);
    const stopped = of('engine.self_paused').find(({ data }) => data.engine === 'free');
    expect(stopped?.data).toMatchObject({ action: 'flatten' });
    await terminal.until(() => terminal.ops.engines.free?.confirmedMode === 'normal');
    await until(() => free.engine.mode === 'normal');
    expect(killed.engine.mode).toBe('killed');
    expect(killed.engine.book.position).toBe(0);
  }, 60_000);
});
