import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import { MirrorCore } from '../../../src/main/mirror/core';
import { loadOrCreateKey } from '../../../src/node/keys';
import { sha256 } from '../../../src/node/sha256';
import { type Member, openMember } from '../../support/cluster';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
import { readLog, signed, writeLog } from '../../support/logFile';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { TestTerminal } from '../../support/testTerminal';
import { yearsChain } from '../../support/years';

const root = resolve(import.meta.dirname, '../../..');
let program: string;
let home: ReturnType<typeof newDataDir>;
const servers: NatsServers[] = [];
const members: Member[] = [];

beforeAll(async () => {
  const lib = join(root, 'scripts/lib/bundle.mjs');
  const { bundle } = (await import(lib)) as { bundle(entry: string, name: string): string };
  program = bundle(join(root, 'src/gateway/cli.ts'), 'vigia-gateway');
});
beforeEach(() => {
  home = newDataDir();
});
afterEach(async () => {
  await Promise.all(members.splice(0).map(({ gateway }) => gateway.stop()));
  await Promise.all(servers.splice(0).map((one) => one.stop()));
  home.remove();
}, 60_000);

async function startServers(count: 1 | 3): Promise<NatsServers> {
  const started = await startNats({ servers: count });
  servers.push(started);
  return started;
}

async function joined(on: NatsServers, node: string, dataDir: string): Promise<Member> {
  const replicas = on.addresses.length;
  const member = await openMember(on.addresses, node, { replicas, dataDir });
  members.push(member);
  return member;
}

async function leave(member: Member): Promise<void> {
  members.splice(members.indexOf(member), 1);
  await member.gateway.stop();
}

/** A gateway's folder in `home`; those of one desk share a key. */
function folderOf(node: string): string {
  const path = join(home.path, node);
  mkdirSync(path, { recursive: true });
  const key = join(home.path, 'signing.pem');
  loadOrCreateKey(key);
  copyFileSync(key, join(path, 'signing.pem'));
  return path;
}

function configOf(node: string, on: NatsServers): string {
  const config = {
    ...{ dataDir: folderOf(node), operatorsFile: join(home.path, 'none'), environment: 'paper' },
    ...{ policyDir: join(root, 'resources/policy'), port: 0 },
    cluster: { node, servers: on.addresses, replicas: on.addresses.length },
  };
  const file = join(home.path, `${node}.yaml`);
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** Runs the program to its end, or until it says something on standard error. */
async function gateway(args: readonly string[], killAt?: RegExp) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let out = '';
  child.stdout.on('data', (text) => {
    out += String(text);
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (killAt?.test(line)) child.kill('SIGKILL');
  });
  const [code] = await once(child, 'close');
  return { code, out, said: lines.join('\n') };
}

async function verify(path: string) {
  const lines: string[] = [];
  const code = await run(['verify', path], (line) => lines.push(line));
  return { code, said: lines.join('\n') };
}

describe.skipIf(WHY_NO_NATS !== null)('an embedded log', () => {
  it('is not taken into a stream while its gateway runs, then whole, and the gateway goes on with it', async () => {
    const nats = await startServers(1);
    const config = configOf('norte', nats);
    const dataDir = folderOf('norte');
    const alone = await openGateway(dataDir);
    const before = await TestTerminal.open(alone.port);
    before.kill();
    await before.until(() => before.ops.desk.mode === 'killed');
    const refused = await gateway(['migrate', '--config', config, '--to', 'stream']);
    expect(refused.said).toMatch(/log\.db is in use: stop the gateway .* that runs on it first/);
    expect(refused.code).toBe(1);
    before.socket.terminate();
    await alone.stop();

    // With the servers named and the log not taken there, the gateway does not begin another.
    await expect(joined(nats, 'norte', dataDir)).rejects.toThrow(/holds no event of it/);
    const was = readLog(join(dataDir, 'log.db'));
    const taken = await gateway(['migrate', '--config', config, '--to', 'stream']);
    expect(taken.said).toMatch(/^events written: (\d+) of \1$/m);
    expect(taken.out).toContain(`events 1 to ${was.rows.length}`);

    const member = await joined(nats, 'norte', dataDir);
    const after = await TestTerminal.open(member.gateway.port);
    await after.until(() => after.events.length > was.rows.length);
    expect(after.ops.desk.mode).toBe('killed');
    expect(after.ops.epoch).toBe(before.ops.epoch);
    after.socket.terminate();
    const again = await gateway([
      'migrate',
      '--config',
      configOf('sur', nats),
      '--to',
      'stream',
      '--from',
      join(dataDir, 'log.db'),
    ]);
    expect(again).toMatchObject({ code: 1, said: expect.stringContaining('is in use') });
  }, 60_000);

  it('goes on where it was killed, and comes out of the stream as it went in', async () => {
    const nats = await startServers(1);
    const config = configOf('norte', nats);
    const key = loadOrCreateKey(join(home.path, 'signing.pem'));
    const chain = yearsChain(key, [2026], 20_000);
    const log = join(folderOf('norte'), 'log.db');
    writeLog(
      log,
      chain,
      [1_000, 9_999, 20_000].map((seq) => signed(chain, seq, key)),
    );
    const was = readLog(log);
    const migrate = ['migrate', '--config', config, '--to'];
    const killed = await gateway([...migrate, 'stream'], /^events written/);
    expect(killed.code).toBeNull();
    const again = await gateway([...migrate, 'stream']);
    expect(again.code).toBe(0);
    const compared = Number(/^events compared: (\d+) of 20000$/m.exec(again.said)?.[1]);
    expect(compared).toBeGreaterThan(0);
    expect(compared).toBeLessThan(20_000);

    // Not over the log that is there.
    expect((await gateway([...migrate, 'file'])).said).toContain('log.db is there already');
    const out = join(home.path, 'out.db');
    const half = await gateway([...migrate, 'file', '--out', out], /^messages read/);
    expect([half.code, existsSync(out)]).toEqual([null, false]);
    const whole = await gateway([...migrate, 'file', '--out', out]);
    expect(whole.out).toContain('events 1 to 20000');
    expect(readLog(out)).toEqual(was);
    expect(readdirSync(home.path).filter((name) => name.startsWith('out.db'))).toEqual(['out.db']);
    expect((await verify(out)).said).toMatch(/^ok 20000 .*\nsigned by the gateway up to 20000/);

    // Back to a gateway alone.
    const dataDir = folderOf('alone');
    renameSync(out, join(dataDir, 'log.db'));
    const alone = await openGateway(dataDir);
    expect(alone.log.savedHead().seq).toBeGreaterThan(20_000);
    await alone.stop();
  }, 60_000);
});

describe.skipIf(WHY_NO_NATS !== null)('the drill of docs/cluster.md', () => {
  it('a loss of all servers: what the backup has goes on, and a copy that has more is refused and kept', async () => {
    const lost = await startServers(3);
    const norte = await joined(lost, 'norte', folderOf('norte'));
    const sur = await joined(lost, 'sur', folderOf('sur'));
    const engine = new FakeEngine('e1', 100);
    await engine.connect(sur.gateway.port);
    const terminal = await TestTerminal.open(sur.gateway.port, 'ana');
    terminal.kill();
    await terminal.until(() => terminal.ops.kills[0]?.flatAt != null);
    await leave(norte);

    const backup = join(home.path, 'backup.db');
    const kept = await gateway(['backup', '--config', configOf('sur', lost), '--out', backup]);
    expect(kept).toMatchObject({ code: 0 });
    expect((await verify(backup)).said).toMatch(/^ok \d+ /);
    const { rows } = readLog(backup);
    const seq = rows.length;
    expect(seq).toBeGreaterThan(10);

    // What comes after the backup is at one gateway, and in a terminal's mirror.
    engine.disconnect();
    await terminal.until(() => terminal.ops.engines.e1?.connected === false);
    terminal.socket.terminate();
    await leave(sur);
    const core = mirrorAt(join(home.path, 'audit.db'));
    await core.open();
    core.take(terminal.events);
    core.flush();
    core.close();
    const copy = join(sur.dataDir, 'log.db');
    const had = readLog(copy).rows.length;
    expect(had).toBeGreaterThan(seq);
    for (const one of [copy, join(norte.dataDir, 'log.db'), join(home.path, 'audit.db')]) {
      expect(await verify(one)).toMatchObject({ code: 0, said: expect.stringMatching(/^ok \d+ /) });
    }
    await lost.stop();

    const fresh = await startServers(3);
    // Nobody begins another log on the new servers before the restored one is there.
    await expect(joined(fresh, 'norte', norte.dataDir)).rejects.toThrow(/holds no event of it/);
    const config = configOf('norte', fresh);
    const restored = await gateway([
      'migrate',
      '--config',
      config,
      '--to',
      'stream',
      '--from',
      backup,
    ]);
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.out).toContain(`events 1 to ${seq}`);

    const again = await joined(fresh, 'norte', norte.dataDir);
    const after = await TestTerminal.open(again.gateway.port, 'ana');
    await after.until(() => after.ops.acting?.node === 'norte' && after.events.length > seq);
    expect(after.events.slice(0, seq).map(({ hash }) => hash)).toEqual(
      terminal.events.slice(0, seq).map(({ hash }) => hash),
    );
    expect(after.ops.desk.mode).toBe('killed');

    const refused = await gateway(['--config', configOf('sur', fresh)]);
    expect(refused.said).toMatch(
      new RegExp(
        `event ${seq + 1} of the replicated log is another than in this gateway’s copy, which goes on to event ${had}`,
      ),
    );
    expect(refused.said).toContain('move log.db with its -wal and -shm out of dataDir, keep it');
    expect(refused.code).toBe(1);
    expect(readLog(copy).rows).toHaveLength(had);

    const aside = join(home.path, 'sur-before.db');
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(copy + suffix)) renameSync(copy + suffix, aside + suffix);
    }
    const back = await joined(fresh, 'sur', sur.dataDir);
    expect(back.gateway.log.savedHead().seq).toBeGreaterThan(seq);
    expect(readLog(aside).rows).toHaveLength(had);
    after.socket.terminate();
  }, 120_000);

  it('a gateway that was not stopped writes nothing to a stream that took the place of its own', async () => {
    const nats = await startServers(1);
    const norte = await joined(nats, 'norte', folderOf('norte'));
    await norte.gateway.log.settled();
    const backup = join(home.path, 'backup.db');
    const config = configOf('norte', nats);
    expect(await gateway(['backup', '--config', config, '--out', backup])).toMatchObject({
      code: 0,
    });
    const connection = await connect({ servers: [...nats.addresses] });
    const manager = await jetstreamManager(connection);
    await manager.streams.delete('VIGIA');
    await connection.close();
    await nats.kill(0);
    await nats.start(0);
    await nats.ready();
    const taken = await gateway([
      'migrate',
      '--config',
      config,
      '--to',
      'stream',
      '--from',
      backup,
    ]);
    expect(taken).toMatchObject({ code: 0 });
    const said = new Promise<string>((tell) => {
      norte.gateway.log.onHealth(({ storeError }) => {
        if (storeError?.includes('another one')) tell(storeError);
      });
    });
    norte.gateway.log.append({ type: 'terminal.reported', data: { kind: 'drill', detail: 'x' } });
    expect(await said).toContain('stop it and start it again');
    const out = join(home.path, 'out.db');
    await gateway(['backup', '--config', config, '--out', out]);
    expect(readLog(out).rows).toEqual(readLog(backup).rows);
  }, 60_000);
});

it.skipIf(WHY_NO_NATS !== null)(
  'a gateway whose key is not the desk’s does not start',
  async () => {
    const nats = await startServers(1);
    await joined(nats, 'norte', folderOf('norte'));
    const stranger = join(home.path, 'stranger');
    mkdirSync(stranger);
    loadOrCreateKey(join(stranger, 'signing.pem'));
    await expect(joined(nats, 'stranger', stranger)).rejects.toThrow(
      /signing\.pem is not the key that the log names: all gateways of a desk share one/,
    );
  },
  30_000,
);

function mirrorAt(path: string): MirrorCore {
  return new MirrorCore({
    ...{ path, sha256, clock: Date.now },
    onStatus: () => undefined,
    onBadCheckpoint: () => undefined,
  });
}
