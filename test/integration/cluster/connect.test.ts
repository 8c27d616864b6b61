import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nkeys } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterConfigSchema } from '../../../src/gateway/cluster/config';
import { connectCluster, type LinkStatus } from '../../../src/gateway/cluster/connect';
import { openProxy } from '../../chaos/proxy';
import { startNats, WHY_NO_NATS } from '../../support/nats';
import { ROOT } from '../../support/root';

const TLS = join(ROOT, 'test/support/tls');
const [CERT, KEY] = [join(TLS, 'cert.pem'), join(TLS, 'key.pem')];
const [OTHER_CERT, OTHER_KEY] = [join(TLS, 'other-cert.pem'), join(TLS, 'other-key.pem')];

/** For a machine that is busy. */
const SOON = { timeout: 10_000 };

let folder: string;
const open: { close(): unknown }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-connect-'));
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

async function servers(config = '', count: 1 | 3 = 1) {
  const nats = await startNats({ servers: count, config });
  open.push({ close: nats.stop });
  // As their certificates name them.
  const named = nats.addresses.map((one) => one.replace('127.0.0.1', 'localhost'));
  return { nats, servers: named };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function dial(config: object, onStatus: (status: LinkStatus) => void = () => undefined) {
  const parsed = clusterConfigSchema.parse({ node: 'norte', replicas: 1, stream: 'S', ...config });
  const connection = await connectCluster(parsed, 'vigia-gateway test', onStatus);
  open.push(connection);
  return connection;
}

/** A server beyond the connection answers for JetStream. */
async function works(connection: NatsConnection): Promise<boolean> {
  return (await (await jetstreamManager(connection)).getAccountInfo()) !== null;
}

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** Servers that know an operator's accounts, and `.creds` files of one with JetStream. */
function accounts() {
  const [operator, system, desk] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
  ];
  const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64url');
  const jwt = (issuer: KeyPair, subject: KeyPair, claims: object) => {
    const body = {
      ...{ jti: 'test', iat: 1, iss: issuer.getPublicKey(), sub: subject.getPublicKey() },
      ...{ name: 'test', nats: { version: 2, ...claims } },
    };
    const head = base64(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' }));
    const signed = `${head}.${base64(JSON.stringify(body))}`;
    return `${signed}.${base64(issuer.sign(new TextEncoder().encode(signed)))}`;
  };
  const all = { subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1 };
  const stores = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const account = (pair: KeyPair, limits: object) =>
    `${pair.getPublicKey()}: ${jwt(operator, pair, { type: 'account', limits: { ...all, ...limits } })}`;
  return {
    config: `operator: ${jwt(operator, operator, { type: 'operator' })}
    system_account: ${system.getPublicKey()}
    resolver: MEMORY
    resolver_preload: { ${account(system, {})}, ${account(desk, stores)} }`,
    creds(user: KeyPair): string {
      const claims = { type: 'user', subs: -1, data: -1, payload: -1, pub: {}, sub: {} };
      return `-----BEGIN NATS USER JWT-----
${jwt(desk, user, claims)}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${new TextDecoder().decode(user.getSeed())}
------END USER NKEY SEED------
`;
    },
  };
}

describe('what a desk writes of its cluster', () => {
  const good = { servers: ['localhost:4222'], replicas: 1, node: 'norte', stream: 'VIGIA' };
  it.each([
    ['a server off this machine without TLS', { servers: ['nats.mesa.co:4222'] }, 'need TLS'],
    [
      'an IP address with TLS',
      { servers: ['10.0.0.1:4222'], tls: { caFile: 'ca.pem' } },
      'host names',
    ],
    ['a secret in an address', { servers: ['ana:clave@localhost:4222'] }, 'not host:port'],
    ['no server', { servers: [] }, 'servers'],
    ['two replicas', { replicas: 2 }, 'replicas'],
    ['a stream of several subjects', { stream: 'a.b' }, 'stream'],
    ['a certificate without its key', { tls: { caFile: 'a', certFile: 'b' } }, 'go together'],
    ['two ways to say who it is', { credentialsFile: 'a', nkeyFile: 'b' }, 'one of'],
  ])('%s is refused', (_what, change, why) => {
    expect(clusterConfigSchema.safeParse(good).success).toBe(true);
    const parsed = clusterConfigSchema.safeParse({ ...good, ...change });
    expect(parsed.error?.message).toContain(why);
  });

  it.each([
    ['tls.caFile', { tls: { caFile: '/nowhere/ca.pem' } }, '/nowhere/ca.pem cannot be read'],
    ['credentialsFile', { credentialsFile: '/nowhere/u.creds' }, 'u.creds cannot be read'],
    ['nkeyFile', { nkeyFile: '/nowhere/seed.nk' }, 'seed.nk cannot be read'],
    ['nkeyFile', { nkeyFile: CERT }, 'cert.pem is no NKey seed'],
    ['credentialsFile', { credentialsFile: CERT }, 'cert.pem is no .creds file'],
    [
      'tls',
      { tls: { caFile: CERT, certFile: CERT, keyFile: OTHER_KEY } },
      'other-key.pem cannot be used',
    ],
  ])('a file that is not there or not one: %s', async (name, change, why) => {
    const failed = dial({ servers: ['localhost:1'], ...change });
    await expect(failed).rejects.toThrow(`cluster.${name}: `);
    await expect(failed).rejects.toThrow(why);
  });

  it('no server answers: each that was tried is named with its cause', async () => {
    const failed = dial({ servers: ['localhost:1', '127.0.0.1:2'] });
    await expect(failed).rejects.toMatchObject({
      code: 'unreachable',
      message:
        'no NATS server answers: tried localhost:1 (connection refused), 127.0.0.1:2 (connection refused)',
    });
  });
});

describe.skipIf(WHY_NO_NATS !== null)(
  `a connection${WHY_NO_NATS === null ? '' : ` (skipped: ${WHY_NO_NATS})`}`,
  () => {
    it('by TLS with certificates both ways', async () => {
      const { servers: there } = await servers(
        `tls { cert_file: "${CERT}", key_file: "${KEY}", ca_file: "${OTHER_CERT}", verify: true }`,
      );
      const own = { caFile: CERT, certFile: OTHER_CERT, keyFile: OTHER_KEY };
      expect(await works(await dial({ servers: there, tls: own }))).toBe(true);
      await expect(dial({ servers: there, tls: { caFile: CERT } })).rejects.toMatchObject({
        code: 'unreachable',
      });
      await expect(dial({ servers: there, tls: { ...own, caFile: OTHER_CERT } })).rejects.toThrow(
        /self.signed certificate/,
      );
    });

    it('is not made in the clear where TLS is asked for', async () => {
      const { servers: there } = await servers();
      await expect(dial({ servers: there, tls: { caFile: CERT } })).rejects.toThrow(
        "server does not support 'tls'",
      );
    });

    it('with an NKey; another key is refused by name', async () => {
      const [mine, another] = [nkeys.createUser(), nkeys.createUser()];
      const { servers: there } = await servers(
        `authorization { users: [{ nkey: ${mine.getPublicKey()} }] }`,
      );
      const seed = (pair: typeof mine) => `${new TextDecoder().decode(pair.getSeed())}\n`;
      const nkeyFile = file('mine.nk', seed(mine));
      expect(await works(await dial({ servers: there, nkeyFile }))).toBe(true);
      const wrong = file('another.nk', seed(another));
      await expect(
        dial({ servers: [...there, 'localhost:1'], nkeyFile: wrong }),
      ).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringMatching(
          /^NATS refuses this gateway with .*another\.nk: tried .*Authorization Violation.*, localhost:1 \(connection refused\)$/,
        ),
      });
      await expect(dial({ servers: there })).rejects.toThrow('with no credentials');
    });

    it('with the credentials of an account; those of another operator are refused', async () => {
      const trust = accounts();
      const { servers: there } = await servers(trust.config);
      const credentialsFile = file('gateway.creds', trust.creds(nkeys.createUser()));
      expect(await works(await dial({ servers: there, credentialsFile }))).toBe(true);
      const foreign = file('foreign.creds', accounts().creds(nkeys.createUser()));
      await expect(dial({ servers: there, credentialsFile: foreign })).rejects.toMatchObject({
        code: 'refused',
      });
    });

    it('goes to another server when its own dies, and says so', async () => {
      const { nats, servers: there } = await servers('', 3);
      const said: LinkStatus[] = [];
      const connection = await dial({ servers: there }, (status) => said.push(status));
      expect(connection.getServer()).toBe(there[0]);
      await nats.kill(0);
      await expect.poll(() => said.map(({ state }) => state), SOON).toEqual(['down', 'up']);
      expect(there.slice(1)).toContain(connection.getServer());
      await connection.close();
      await expect.poll(() => said.at(-1), SOON).toEqual({ state: 'closed' });
    });

    it('notices within 3 s that its server is silent', async () => {
      const { nats } = await servers();
      const proxy = await openProxy(() => 0);
      open.push(proxy);
      proxy.target(Number(nats.addresses[0]?.split(':')[1]));
      const said: (LinkStatus & { readonly at: number })[] = [];
      const connection = await dial({ servers: [`127.0.0.1:${proxy.port}`] }, (status) =>
        said.push({ ...status, at: performance.now() }),
      );
      const since = performance.now();
      proxy.set({ kind: 'stall' });
      await expect.poll(() => said[0]?.state, SOON).toBe('down');
      expect((said[0]?.at ?? 0) - since).toBeLessThan(3_000);
      proxy.set({ kind: 'none' });
      await expect.poll(() => said.at(-1)?.state, SOON).toBe('up');
      expect(await works(connection)).toBe(true);
    });

    it('is made anew however often that failed', async () => {
      const { nats, servers: there } = await servers();
      const said: string[] = [];
      await dial({ servers: there }, ({ state }) => said.push(state));
      await nats.kill(0);
      let attempts = 0;
      const refusing = createServer((socket) => {
        attempts += 1;
        socket.destroy();
      });
      refusing.listen(Number(there[0]?.split(':')[1]), '127.0.0.1');
      // By itself the library would give up after ten.
      await expect.poll(() => attempts, { timeout: 15_000 }).toBeGreaterThan(11);
      await new Promise((closed) => refusing.close(closed));
      await nats.start(0);
      await expect.poll(() => said, SOON).toEqual(['down', 'up']);
    });

    it('says what its server forbids', async () => {
      const user = nkeys.createUser();
      const { servers: there } = await servers(
        `authorization { users: [{ nkey: ${user.getPublicKey()}, permissions: { publish: { deny: "no" } } }] }`,
      );
      const nkeyFile = file('user.nk', new TextDecoder().decode(user.getSeed()));
      const said: LinkStatus[] = [];
      const connection = await dial({ servers: there, nkeyFile }, (status) => said.push(status));
      connection.publish('no');
      await expect
        .poll(() => said, SOON)
        .toEqual([{ state: 'problem', message: 'Permissions Violation for Publish to "no"' }]);
    });
  },
);
