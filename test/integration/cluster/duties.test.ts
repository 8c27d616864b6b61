import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { GatewayOptions } from '../../../src/gateway/gateway';
import type { Send } from '../../../src/node/notify/send';
import { outcome } from '../../../src/shared/notify/outcome';
import type { TelemetryReply } from '../../../src/shared/protocol/terminal';
import { PATHS, TERMINAL_SUBPROTOCOL } from '../../../src/shared/protocol/wire';
import { type LinkProxy, openProxy } from '../../chaos/proxy';
import { type Member, openMember } from '../../support/cluster';
import { quietPolicies } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';

/** A gateway whose link to the server can be cut for good: for the others it has died then. */
interface Mortal extends Member {
  readonly link: LinkProxy;
}

/** A lease that nobody loses for a machine at work. */
const policies: typeof quietPolicies = {
  ...quietPolicies,
  monitor: {
    document: {
      ...quietPolicies.monitor.document,
      lease: { renewEveryMs: 20_000, lostAfterMs: 60_000 },
    },
    hash: 'calm',
  },
};
const SLACK = {
  settings: { channel: 'slack', label: '#alertas', ca: null },
  ...{ secret: 'https://hooks.example/services/x', reason: 'alta' },
};

describe.skipIf(WHY_NO_NATS !== null)('three gateways of which the first acts', () => {
  let servers: NatsServers;
  let norte: Mortal;
  let centro: Mortal;
  let sur: Mortal;
  let ana: TestTerminal;
  let luis: TestTerminal;
  const middle = new FakeEngine('e1', 100);
  const south = new FakeEngine('e2', 100);
  const toldByCentro: Send[] = [];
  /** That the first one is about to tell of a kill. */
  let tellsOfKill = () => {};

  /** @param keyFrom the folder of the desk's key */
  async function open(
    node: string,
    send: NonNullable<GatewayOptions['send']>,
    keyFrom?: string,
  ): Promise<Mortal> {
    const link = await openProxy(() => 0);
    link.target(Number(servers.addresses[0]?.split(':')[1]));
    const change = { policies, send };
    const member = await openMember([`127.0.0.1:${link.port}`], node, {
      ...{ replicas: 1, change },
      ...(keyFrom !== undefined && { keyFrom }),
    });
    return { ...member, link };
  }

  /** What a channel answers that takes what it is sent. */
  const taken = async () => outcome('delivered', 'delivered', 200, 'ok');

  function die({ link }: Mortal): void {
    link.set({ kind: 'refuse' });
    link.cut();
  }

  beforeAll(async () => {
    servers = await startNats();
    // It dies while it tells of a kill: nobody has been told by it.
    norte = await open('norte', (what) => {
      if (what.message.kind !== 'kill') return taken();
      tellsOfKill();
      return new Promise(() => undefined);
    });
    const first = await TestTerminal.open(norte.gateway.port, 'eva');
    await first.until(() => first.ops.acting?.node === 'norte');
    centro = await open(
      'centro',
      (what) => {
        toldByCentro.push(what);
        return taken();
      },
      norte.dataDir,
    );
    sur = await open('sur', taken, norte.dataDir);
    ana = await TestTerminal.open(norte.gateway.port, 'ana');
    luis = await TestTerminal.open(centro.gateway.port, 'luis');
    await middle.connect(centro.gateway.port);
    await south.connect(sur.gateway.port);
    first.socket.terminate();
    await luis.until(() => ['e1', 'e2'].every((id) => luis.ops.engines[id]?.connected));
  }, 60_000);
  afterAll(async () => {
    const members = [norte, centro, sur];
    for (const { link } of members) link.set({ kind: 'none' });
    for (const { gateway, link } of members) {
      await gateway.stop();
      await link.close();
    }
    await servers.stop();
  }, 60_000);

  it('show what an engine says at one of them to whoever looks at another, without gaps', async () => {
    const reader = await openTelemetry(sur.gateway.port);
    for (let fill = 0; fill < 200; fill += 1) middle.lateFill(1);
    while (reader.seqs('e1').length < 200) await once(reader.socket, 'message');
    expect(reader.seqs('e1')).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
    expect(reader.sessions('e1')).toEqual([luis.ops.engines.e1?.session]);
    reader.socket.terminate();
  });

  it('have what only the acting one can do done there, and answer it where it was given', async () => {
    const id = crypto.randomUUID();
    expect(await luis.give('channel.configure', SLACK, id)).toMatchObject({ stage: 'done' });
    const stages = luis.answers.filter((one) => one.id === id).map(({ stage }) => stage);
    expect(stages).toEqual(['received', 'accepted', 'done']);
    await luis.until(() => luis.ops.notify.channels.slack !== undefined);
    const configured = luis.events.filter(({ commandId }) => commandId === id);
    expect(configured).toMatchObject([{ type: 'channel.configured', actor: { id: 'luis' } }]);
    // Given again, it is answered from the record.
    luis.command('channel.configure', SLACK, id);
    const again = () => luis.answers.filter((one) => one.id === id && one.stage === 'accepted');
    await luis.until(() => again().length === 2);
    expect(luis.events.filter(({ commandId }) => commandId === id)).toHaveLength(1);
  });

  it('answer where it was given that the acting one refuses it', async () => {
    const eva = await TestTerminal.open(sur.gateway.port, 'eva');
    const refused = await eva.give('channel.configure', SLACK);
    expect(refused).toMatchObject({ stage: 'rejected', code: 'forbidden' });
    eva.socket.terminate();
  });

  it('give the monitor’s lease from the acting one, and take its holder’s word at any of them', async () => {
    const ask = async (terminal: TestTerminal, token: number | null) => {
      const answers = terminal.leases.length;
      terminal.send({ type: 'lease', token });
      await terminal.until(() => terminal.leases.length > answers);
      return terminal.leases.at(-1);
    };
    const old = (await ask(luis, null))?.token as number;
    // A terminal that asks without its token has started anew.
    const given = await ask(luis, null);
    const fence = given?.token as number;
    expect(given?.holder).toBe('terminal-luis');
    expect(fence).toBeGreaterThan(old);
    expect((await ask(luis, fence))?.token).toBe(fence);
    expect(await ask(ana, null)).toMatchObject({ holder: 'terminal-luis', token: null });
    await ana.until(() => ana.ops.monitor.token === fence);
    const changes = ana.events.filter(({ type }) => type === 'monitor.lease_changed');
    expect(changes.map(({ data }) => data)).toEqual([
      { holder: 'terminal-luis', token: old },
      { holder: 'terminal-luis', token: fence },
    ]);

    const figures = { startEquity: 1_000, endEquity: 1_010, currency: 'USD', pnl: 10 };
    const data = { model: 'm1', ...figures, trades: 2, wins: 1, drifted: [] };
    const items = (day: string) => [{ item: 'day', data: { day, ...data } }];
    const days = ['2026-01-05', '2026-01-06', '2026-01-07'];
    for (const [at, { gateway }] of [centro, sur, norte].entries()) {
      const terminal = await TestTerminal.open(gateway.port, 'luis');
      await terminal.until(() => terminal.ops.monitor.token === fence);
      const report = { items: items(days[at] ?? '') };
      expect(await terminal.give('monitor.report', { ...report, fence: old })).toMatchObject({
        ...{ stage: 'rejected', code: 'fenced' },
      });
      expect(await terminal.give('monitor.report', { ...report, fence })).toMatchObject({
        stage: 'done',
      });
      terminal.socket.terminate();
    }
    // Another's terminal has no use for the token.
    const stolen = await ana.give('monitor.report', { items: items('2026-01-08'), fence });
    expect(stolen).toMatchObject({ code: 'fenced' });
    const pause = { scope: { kind: 'all' }, reason: 'ciego', origin: 'monitor' };
    expect(await luis.give('pause', { ...pause, fence: old })).toMatchObject({ code: 'fenced' });
    expect(await luis.give('pause', { ...pause, fence })).toMatchObject({ stage: 'done' });
    await ana.until(() => ana.ops.desk.mode === 'paused');
    expect(ana.ops.monitor.days.map(({ day }) => day)).toEqual(days);
  });

  it('say that one of them is lost, and its engines with it', async () => {
    die(sur);
    await luis.until(() => luis.ops.engines.e2?.connected === false);
    const said = (type: string) => luis.events.filter((event) => event.type === type);
    expect(said('gateway.lost')).toMatchObject([{ data: { node: 'sur', cause: 'silent' } }]);
    expect(said('engine.lost')).toMatchObject([
      { data: { engine: 'e2', cause: 'its gateway sur is silent' } },
    ]);
    expect(luis.ops.engines.e1?.connected).toBe(true);
  });

  it('tell by the next one of what the acting one died of telling', async () => {
    const tells = new Promise<void>((go) => {
      tellsOfKill = go;
    });
    const id = luis.kill();
    await tells;
    die(norte);
    const refused = await luis.give('channel.configure', SLACK);
    expect(refused).toMatchObject({
      ...{ stage: 'rejected', code: 'unavailable' },
      message: expect.stringMatching(/gateway that acts for all does not answer/),
    });
    await luis.until(() => luis.ops.acting?.node === 'centro');
    const delivered = () =>
      luis.events.filter(
        ({ type, data }) => type === 'notification.delivered' && data.key === `kill:${id}`,
      );
    await luis.until(() => delivered().length > 0);
    expect(toldByCentro.filter(({ message }) => message.key === `kill:${id}`)).toHaveLength(1);
    // What could be done nowhere for a while is done by it.
    expect(await luis.give('channel.configure', SLACK)).toMatchObject({ stage: 'done' });
  });
});

/** A terminal's telemetry socket that a gateway has welcomed. */
async function openTelemetry(port: number) {
  const url = `ws://127.0.0.1:${port}${PATHS.telemetry}`;
  const headers = { authorization: 'Bearer ana' };
  const socket = new WebSocket(url, TERMINAL_SUBPROTOCOL, { headers });
  const heard: Extract<TelemetryReply, { type: 'telemetry' }>['batches'] = [];
  socket.on('message', (data) => {
    const reply = JSON.parse(String(data)) as TelemetryReply;
    if (reply.type === 'telemetry') heard.push(...reply.batches);
  });
  await once(socket, 'open');
  const terminal = { id: 'terminal-ana', name: 'ana', version: 'test' };
  socket.send(JSON.stringify({ type: 'hello', terminal, time: Date.now() }));
  await once(socket, 'message');
  const of = (engine: string) => heard.filter((one) => one.engine === engine);
  return {
    socket,
    seqs: (engine: string) => of(engine).flatMap(({ items }) => items.map(({ seq }) => seq)),
    sessions: (engine: string) => [...new Set(of(engine).map(({ session }) => session))],
  };
}
