import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DiscardPolicy, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addOperator } from '../../../src/gateway/auth/operators';
import { openTextBucket, type TextBucket } from '../../../src/gateway/cluster/bucket';
import type { GatewayOptions } from '../../../src/gateway/gateway';
import { openSecrets } from '../../../src/node/notify/secrets';
import { seal } from '../../../src/node/sealed';
import { secretNamed } from '../../../src/shared/secrets';
import { program, type Running, run } from '../../chaos/processes';
import { openProxy } from '../../chaos/proxy';
import { connectTo, type Member, openMember } from '../../support/cluster';
import { newDataDir, openGateway, quietPolicies } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';
import {
  MAIL_LOGIN,
  mailSettings,
  openMail,
  openWebhook,
  slackContract,
  type WebhookServer,
} from '../../support/thirdParties';

const TOKEN = 'un-token-de-motor-muy-secreto';
const IN_THE_WEBHOOK = 'SECRETOSECRETO';

let home: ReturnType<typeof newDataDir>;
let servers: NatsServers;
let slack: WebhookServer;
let connection: NatsConnection;
let bucket: TextBucket;
const running: Running[] = [];
const members: Member[] = [];
const terminals: TestTerminal[] = [];

const slackOn = (secret: string | null = slack.url) => ({
  ...{ settings: { channel: 'slack', label: '#alertas', ca: null }, secret, reason: 'alta' },
});
const generic = (secrets: object = { token: TOKEN }) => ({
  ...{ bridge: 'propio', kind: 'generic', name: 'Propio', address: null, options: {} },
  ...{ secrets, reason: 'alta' },
});

async function terminalAt(port: number, token = 'luis'): Promise<TestTerminal> {
  const terminal = await TestTerminal.open(port, token);
  terminals.push(terminal);
  return terminal;
}

async function done(terminal: TestTerminal, name: string, params: object): Promise<void> {
  expect(await terminal.give(name, params)).toMatchObject({ stage: 'done' });
}

/** That a channel's server takes what is sent now. Asked again where nobody acted for a moment. */
async function sends(terminal: TestTerminal, channel = 'slack'): Promise<void> {
  const turns = () => terminal.types().filter((type) => type === 'gateway.acting').length;
  for (;;) {
    const before = turns();
    const id = terminal.command('channel.test', { channel });
    const tested = () =>
      terminal.events.find(({ type, commandId }) => type === 'channel.tested' && commandId === id);
    const refused = () => terminal.answers.some((one) => one.id === id && one.stage === 'rejected');
    await terminal.until(() => tested() !== undefined || refused() || turns() > before);
    const said = tested();
    if (!said) continue;
    expect(said.data).toMatchObject({ channel, ok: true });
    return;
  }
}

/** Asks until it holds: what is at the servers tells nobody that it changed. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((again) => setImmediate(again));
}

function bytesIn(folders: readonly string[]): string {
  return folders
    .flatMap((folder) => readdirSync(folder, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => {
      try {
        return readFileSync(join(entry.parentPath, entry.name), 'latin1');
      } catch {
        // Its place was taken by another meanwhile.
        return '';
      }
    })
    .join('\n');
}

beforeEach(async () => {
  home = newDataDir();
  slack = await openWebhook(slackContract);
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) terminal.socket.terminate();
  await Promise.all(running.splice(0).map((one) => one.kill()));
  await Promise.all(members.splice(0).map(({ gateway }) => gateway.stop()));
  await connection?.close();
  await servers.stop();
  await slack.close();
  home.remove();
}, 60_000);

async function start(count: 1 | 3): Promise<void> {
  servers = await startNats({ servers: count });
  connection = await connectTo(servers.addresses, 'prueba');
  bucket = await openTextBucket(connection, 'VIGIA-secrets', count);
}

async function joined(
  node: string,
  options: { dataDir?: string; keyFrom?: string; servers?: readonly string[] } = {},
): Promise<Member> {
  const { servers: at = servers.addresses, ...rest } = options;
  const bridges: GatewayOptions['bridges'] = { start: neverStarts, configured: [], env: {} };
  const member = await openMember(at, node, {
    ...{ replicas: 1, change: { policies: quietPolicies, bridges }, ...rest },
  });
  members.push(member);
  return member;
}

const neverStarts = () => {
  throw new Error('a generic bridge has no process');
};

describe.skipIf(WHY_NO_NATS !== null)('secrets of a desk with several gateways', () => {
  it('work at the next gateway when the one that was given them is killed, and servers see nothing of them', async () => {
    await start(3);
    const mail = await openMail();
    const operatorsFile = join(home.path, 'operators.yaml');
    const account = { id: 'luis', displayName: 'Luis', roles: ['cto' as const] };
    const token = await addOperator(operatorsFile, account);
    const cli = await program('src/gateway/cli.ts');
    const open = async (node: string): Promise<number> => {
      const dataDir = join(home.path, node);
      mkdirSync(dataDir, { mode: 0o700 });
      if (node !== 'norte') {
        copyFileSync(join(home.path, 'norte/signing.pem'), join(dataDir, 'signing.pem'));
      }
      const config = join(home.path, `${node}.yaml`);
      const cluster = { node, servers: servers.addresses };
      const own = { port: 0, dataDir, operatorsFile, environment: 'paper', cluster };
      writeFileSync(config, JSON.stringify(own));
      const start = () => run([cli, '--config', config], /listening on/);
      let one: Running | null = null;
      // As a supervisor does: it ends where servers have not found each other yet.
      while (!one) one = await start().catch(() => null);
      running.push(one);
      return Number(/:(\d+)\s*$/.exec(one.line)?.[1]);
    };
    const north = await terminalAt(await open('norte'), token);
    await north.until(() => north.ops.acting?.node === 'norte');
    const port = await open('centro');
    const centre = await terminalAt(port, token);
    // Given at either of them.
    await done(centre, 'channel.configure', slackOn());
    const mailOn = { settings: mailSettings(mail.port), secret: MAIL_LOGIN.password };
    await done(north, 'channel.configure', { ...mailOn, reason: 'alta' });
    await done(centre, 'bridge.configure', generic());
    await centre.until(() => centre.ops.bridges.bridges.propio !== undefined);

    await until(async () => existsSync(join(home.path, 'centro/bridges.enc')));

    const stored = (await bucket.keys()).map(secretNamed);
    expect(stored.map((name) => `${name?.of} ${name?.id}`).sort()).toEqual([
      ...['bridge propio', 'channel email', 'channel slack'],
    ]);
    const seen = JSON.stringify([
      ...(await Promise.all((await bucket.keys()).map((key) => bucket.get(key)))),
      ...[centre.events, centre.answers, north.answers],
    ]);
    const onDisk = bytesIn([
      ...servers.folders,
      join(home.path, 'norte'),
      join(home.path, 'centro'),
    ]);
    for (const secret of [IN_THE_WEBHOOK, MAIL_LOGIN.password, TOKEN]) {
      expect(seen).not.toContain(secret);
      expect(onDisk).not.toContain(secret);
      expect(onDisk).not.toContain(Buffer.from(secret).toString('base64'));
    }

    const engine = new FakeEngine('propio', 0);
    await running[0]?.kill('SIGKILL');
    await centre.until(() => centre.ops.acting?.node === 'centro');
    await sends(centre);
    await sends(centre, 'email');
    expect(slack.posted.at(-1)?.path).toContain(IN_THE_WEBHOOK);
    expect(mail.mails.at(-1)?.user).toBe(MAIL_LOGIN.user);
    await engine.connect(port, TOKEN);
    await centre.until(() => centre.ops.engines.propio?.connected === true);
    engine.disconnect();
    await mail.close();
  }, 90_000);

  it('stay as they are when the log does not take what was to change them', async () => {
    await start(1);
    const link = await openProxy(() => 0);
    link.target(Number(servers.addresses[0]?.split(':')[1]));
    const { gateway, dataDir } = await joined('norte', { servers: [`127.0.0.1:${link.port}`] });
    const luis = await terminalAt(gateway.port);
    await luis.until(() => luis.ops.acting !== null);
    await done(luis, 'channel.configure', slackOn());
    await done(luis, 'bridge.configure', generic());
    const before = (await bucket.keys()).toSorted();
    const other = await openWebhook(slackContract, false, '/otro');

    // The servers take the secret, and then no event.
    const { streams } = await jetstreamManager(connection);
    const { state } = await streams.info('VIGIA');
    await streams.update('VIGIA', { max_msgs: state.messages, discard: DiscardPolicy.New });
    for (const [name, params] of [
      ['channel.configure', slackOn(other.url)],
      ['bridge.configure', generic({ token: 'otro-token-de-motor' })],
      ['channel.remove', { channel: 'slack', reason: 'baja' }],
    ] as const) {
      expect(await luis.give(name, params)).toMatchObject({ code: 'unavailable' });
    }
    await streams.update('VIGIA', { max_msgs: -1, discard: DiscardPolicy.Old });
    await luis.until(() => luis.types().filter((type) => type === 'command.rejected').length === 3);
    await sends(luis);
    expect(slack.posted).toHaveLength(1);
    expect(other.posted).toHaveLength(0);
    // What was put away for nothing is taken away again.
    await until(async () => (await bucket.keys()).length === before.length);
    expect((await bucket.keys()).toSorted()).toEqual(before);

    // The servers are not to be had at all.
    link.set({ kind: 'stall' });
    expect(await luis.give('channel.configure', slackOn(other.url))).toMatchObject({
      ...{ stage: 'rejected', code: 'unavailable' },
      message: expect.stringContaining('the secret was not put away'),
    });
    link.set({ kind: 'none' });
    await luis.until(() => luis.types().filter((type) => type === 'command.rejected').length === 4);
    await sends(luis);
    expect(other.posted).toHaveLength(0);
    expect(bytesIn([dataDir])).not.toContain(IN_THE_WEBHOOK);

    await done(luis, 'channel.configure', slackOn(other.url));
    await sends(luis);
    expect(other.posted.length).toBeGreaterThan(0);
    await until(async () => (await bucket.keys()).length === before.length);
    await other.close();
    await gateway.stop();
    members.splice(0);
    await link.close();
  }, 60_000);

  it('are not taken from what another key has sealed or somebody has changed: it is said, and put right', async () => {
    await start(1);
    const norte = await joined('norte');
    const luis = await terminalAt(norte.gateway.port);
    await luis.until(() => luis.ops.acting !== null);
    await done(luis, 'channel.configure', slackOn());
    const [key = ''] = await bucket.keys();
    const good = (await bucket.get(key)) ?? '';
    const other = JSON.stringify({
      ...{ version: 1, ...seal('https://mal.example/x', randomBytes(32), key) },
    });
    const { data, ...rest } = JSON.parse(good);
    const first = data.startsWith('A') ? 'B' : 'A';
    const changed = JSON.stringify({ ...rest, data: first + data.slice(1) });
    for (const [round, text] of [other, changed, 'no es nada'].entries()) {
      await bucket.put(key, text);
      // It looks at all of them whenever one is changed.
      await done(luis, 'bridge.configure', generic());
      const raised = () =>
        luis.events.filter(
          ({ type, data: about }) => type === 'alert.raised' && about.kind === 'secrets_foreign',
        );
      await luis.until(() => raised().length === round + 1);
      expect(raised().at(-1)?.data).toMatchObject({
        ...{ alert: 'secrets', severity: 'P2', detail: expect.stringContaining('channel slack') },
      });
      await sends(luis);
      await until(async () => (await bucket.get(key)) !== text);
      await done(luis, 'bridge.configure', generic());
      await luis.until(() => !('secrets' in luis.ops.alerts.active));
    }
    const centro = await joined('centro', { keyFrom: norte.dataDir });
    await norte.gateway.stop();
    members.splice(members.indexOf(norte), 1);
    const ana = await terminalAt(centro.gateway.port);
    await ana.until(() => ana.ops.acting?.node === 'centro');
    await sends(ana);
    expect(new Set(slack.posted.map(({ path }) => path)).size).toBe(1);
  }, 60_000);

  it('of a gateway that was alone are taken over by whoever acts, and go back with its log', async () => {
    await start(1);
    const dataDir = join(home.path, 'norte');
    mkdirSync(dataDir, { mode: 0o700 });
    // As versions before kept it: by the channel's name, and the event names no version.
    openSecrets(dataDir).set('slack', slack.url);
    const settings = { channel: 'slack', label: '#alertas', ca: null } as const;
    const norte = await joined('norte', { dataDir });
    norte.gateway.log.append({ type: 'channel.configured', data: { settings, secretSet: true } });
    const luis = await terminalAt(norte.gateway.port);
    await luis.until(
      () => luis.ops.acting !== null && luis.ops.notify.channels.slack !== undefined,
    );
    await until(async () => (await bucket.keys()).includes('channel.slack'));
    // A copy made by hand, of an earlier one.
    const centreDir = join(home.path, 'centro');
    mkdirSync(centreDir, { mode: 0o700 });
    openSecrets(centreDir).set('slack', 'https://hooks.example/anterior');
    const centro = await joined('centro', { dataDir: centreDir, keyFrom: dataDir });
    await norte.gateway.stop();
    members.splice(members.indexOf(norte), 1);
    const ana = await terminalAt(centro.gateway.port);
    await ana.until(() => ana.ops.acting?.node === 'centro');
    await sends(ana);
    await done(ana, 'channel.configure', slackOn());
    await done(ana, 'bridge.configure', generic());
    await until(async () => !(await bucket.keys()).includes('channel.slack'));
    await centro.gateway.stop();
    members.splice(members.indexOf(centro), 1);

    // The way back: its own files have all of it.
    const alone = await openGateway(centreDir, 'paper', 0, { policies: quietPolicies });
    const eva = await terminalAt(alone.port);
    await eva.until(() => eva.ops.notify.channels.slack !== undefined);
    await sends(eva);
    await done(eva, 'channel.configure', slackOn(null));
    await sends(eva);
    expect(openSecrets(centreDir).names()).toHaveLength(1);
    await alone.stop();
  }, 60_000);

  it('are had from the servers by a gateway that lost its folder', async () => {
    await start(1);
    const norte = await joined('norte');
    const luis = await terminalAt(norte.gateway.port);
    await luis.until(() => luis.ops.acting !== null);
    await done(luis, 'channel.configure', slackOn());
    // All that was at the servers is lost, too: what acts has it still.
    for (const key of await bucket.keys()) await bucket.remove(key);
    await done(luis, 'bridge.configure', generic());
    await until(async () => (await bucket.keys()).length === 2);
    const centro = await joined('centro', { keyFrom: norte.dataDir });
    await norte.gateway.stop();
    members.splice(members.indexOf(norte), 1);
    const ana = await terminalAt(centro.gateway.port);
    await ana.until(() => ana.ops.acting?.node === 'centro');
    await sends(ana);
  }, 60_000);
});
