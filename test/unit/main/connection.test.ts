import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptArguments, readConfig, readTextFile } from '../../../src/main/config';
import { chooseConnection } from '../../../src/main/connection/choose';
import { type Connecting, createConnecting } from '../../../src/main/connection/connecting';
import { createSettings, type SettingsStore } from '../../../src/main/settings';
import { tokenSchema } from '../../../src/shared/connection';
import type { Welcome } from '../../../src/shared/protocol/terminal';
import { ok } from '../../../src/shared/result';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-connection-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const own = () => join(folder, 'settings.json');
const desk = () => join(folder, 'desk.json');
const say = (file: string, value: unknown) =>
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
const to = (...gateways: string[]) => ({ connection: { gateways } });
const open = () => createSettings(own(), desk());

async function told(config: string | null = null) {
  const read = await readConfig(config === null ? [] : ['--config', config]);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

/** What a start would choose now. */
async function chosen(config: string | null = null, settings: SettingsStore = open()) {
  return chooseConnection(await told(config), settings.connections(), readTextFile);
}

describe('where a terminal is connected', () => {
  it('is its command line’s, then the desk’s file’s, then the operator’s, then paper of its own', async () => {
    expect(await chosen()).toMatchObject({ source: 'paper', gateways: [], problem: null });
    open().setConnection({ gateways: ['wss://own.example:1'] });
    expect(await chosen()).toMatchObject({ source: 'own', gateways: ['wss://own.example:1'] });
    const terminal = { id: 'desk-7', name: 'Mesa 7' };
    say(desk(), { connection: { gateways: ['https://desk.example:2/'], terminal } });
    expect(await chosen()).toMatchObject({
      ...{ source: 'desk', gateways: ['wss://desk.example:2'], terminal, token: null },
    });
    const file = join(folder, 'terminal.yaml');
    say(file, { gateways: ['wss://line.example:3'], token: '0123456789abcdef' });
    expect(await chosen(file)).toMatchObject({
      ...{ source: 'config', gateways: ['wss://line.example:3'], token: '0123456789abcdef' },
    });
  });

  it.each([
    ['no JSON', '{ half'],
    ['a token in it', { connection: { gateways: ['wss://g.example'], token: '0123456789abcdef' } }],
    ['an address in plain text off the machine', to('ws://g.example:1')],
    ['no address', { connection: { gateways: [] } }],
  ])('a desk’s file with %s is no paper desk: nothing, and it is said', async (_what, bad) => {
    say(desk(), bad);
    const found = await chosen();
    expect(found).toMatchObject({ source: 'none', gateways: [] });
    expect(found.problem).toContain(desk());
  });

  it('a desk’s file that broke leaves the last good gateway in force, and it is said', async () => {
    say(desk(), to('wss://desk.example:2'));
    open();
    say(desk(), '{ half');
    const found = await chosen();
    expect(found).toMatchObject({ source: 'desk', gateways: ['wss://desk.example:2'] });
    expect(found.problem).toContain(desk());
  });

  it('a desk’s file that broke, and never named one that was read, may have: the operator’s own or nothing', async () => {
    say(desk(), { settings: { language: 'en' } });
    expect(await chosen()).toMatchObject({ source: 'paper' });
    say(desk(), '{ half');
    expect(await chosen()).toMatchObject({ source: 'none' });
    open().setConnection({ gateways: ['wss://own.example:1'] });
    expect(await chosen()).toMatchObject({ source: 'own', gateways: ['wss://own.example:1'] });
  });

  it('the operator’s own choice in a damaged file is the last good one; with none it stays lost until a person chooses', async () => {
    open().setConnection({ gateways: ['wss://own.example:1'] });
    say(own(), 'half a {');
    expect(await chosen()).toMatchObject({ source: 'own', gateways: ['wss://own.example:1'] });
    rmSync(`${own()}.good`);
    const settings = open();
    expect(await chosen(null, settings)).toMatchObject({ source: 'none' });
    // The file is written anew for something else; what it named is no more known than before.
    settings.setPanelPlace({ x: 1, y: 2 });
    expect(await chosen()).toMatchObject({ source: 'none' });
    open().setConnection(null);
    expect(await chosen()).toMatchObject({ source: 'paper', problem: null });
  });

  it('a certificate’s file that is not there costs no gateway: what is pinned still holds', async () => {
    const caFile = join(folder, 'ca.pem');
    say(desk(), { connection: { gateways: ['wss://g.example'], caFile } });
    const without = await chosen();
    expect(without).toMatchObject({ source: 'desk', gateways: ['wss://g.example'], ca: null });
    expect(without.problem).toContain(caFile);
    say(caFile, 'PEM');
    expect(await chosen()).toMatchObject({ ca: 'PEM', problem: null });
    // Whoever starts it with a file of that kind is told at once.
    const file = join(folder, 'terminal.yaml');
    say(file, { gateways: ['wss://g.example'], caFile: join(folder, 'none.pem') });
    await expect(told(file)).rejects.toThrow('none.pem cannot be read');
  });

  it('keeps for a start at log-in what it was started with, by absolute paths', () => {
    const argv = ['.', '--config', 'a b.yaml', '--no-sandbox', '--user-data-dir=/data/x'];
    expect(keptArguments(argv)).toEqual([
      `--config=${resolve('a b.yaml')}`,
      '--user-data-dir=/data/x',
    ]);
    expect(keptArguments(['.'])).toEqual([]);
  });
});

describe('choosing a gateway', () => {
  const TOKEN = 'ana.token-of-a-test';
  const welcome: Welcome = {
    ...{ type: 'welcome', gatewayId: 'g', epoch: 'e', head: { seq: 0, hash: '' }, time: 1 },
    operator: { id: 'ana', name: 'Ana', roles: [], tokenExpiresAt: null },
    ...{ environment: 'live', deskName: 'Mesa', policyVersion: '1', publicKey: '' },
    heartbeatMs: 1,
  };
  let asked: string[];
  let kept: (string | null)[];
  let confirmed: boolean;
  let settings: SettingsStore;

  async function begin(config: string | null = null): Promise<Connecting> {
    asked = [];
    kept = [];
    confirmed = true;
    settings = open();
    const line = await told(config);
    const choose = () => chooseConnection(line, settings.connections(), readTextFile);
    return createConnecting({
      ...{ now: choose(), choose, settings, changed: () => undefined },
      terminal: { id: 't', name: 'T', version: '1' },
      identity: {
        look: () => Promise.resolve(),
        transport: () => (confirmed ? { ca: null, pin: null, client: null } : null),
        keepForNext(token) {
          kept.push(token);
          return ok(null);
        },
        keptBy: () => ({ backend: 'basic_text', plain: true }),
      },
      async tryGateway(address, token) {
        asked.push(address);
        return token === TOKEN
          ? ok(welcome)
          : { ok: false, error: { code: 'no_gateway', message: '401' } };
      },
    });
  }
  const joinAs = (connecting: Connecting, change: object = {}) =>
    connecting.join({
      ...{ address: 'wss://g.example:1', token: TOKEN, remember: false, plainAccepted: false },
      ...change,
    });

  it('takes it once it has let the operator in, from the next start on', async () => {
    const connecting = await begin();
    expect(await joinAs(connecting, { token: 'somebody-else-entirely' })).toMatchObject({
      error: { code: 'no_gateway' },
    });
    confirmed = false;
    expect(await joinAs(connecting)).toMatchObject({ error: { code: 'certificate' } });
    confirmed = true;
    expect(asked).toHaveLength(1);
    expect(await chosen()).toMatchObject({ source: 'paper' });
    expect(await joinAs(connecting)).toMatchObject({
      value: { deskName: 'Mesa', environment: 'live', operator: 'Ana', kept: false },
    });
    expect(connecting.view()).toMatchObject({
      source: 'paper',
      next: { source: 'own', gateways: ['wss://g.example:1'] },
    });
    expect(await chosen()).toMatchObject({ source: 'own', gateways: ['wss://g.example:1'] });
    // Another gateway's token that was kept before would have gone to this one.
    expect(kept).toEqual([null]);
    expect(connecting.usePaper()).toBeNull();
    expect(connecting.view().next).toBeNull();
  });

  it('keeps the token where no keyring is only with a yes to that, and asks no gateway before', async () => {
    const connecting = await begin();
    expect(await joinAs(connecting, { remember: true })).toMatchObject({
      error: { code: 'would_be_plain' },
    });
    expect([asked, kept]).toEqual([[], []]);
    const yes = { remember: true, plainAccepted: true };
    expect(await joinAs(connecting, yes)).toMatchObject({ value: { kept: true } });
    expect(kept).toEqual([TOKEN]);
  });

  it('is not taken where the disk does not keep it: the next start would come up on paper', async () => {
    const connecting = await begin();
    settings.setConnection = () => false;
    const yes = { remember: true, plainAccepted: true };
    expect(await joinAs(connecting, yes)).toMatchObject({ error: { code: 'not_kept' } });
    expect(connecting.usePaper()).toMatchObject({ code: 'not_kept' });
    // Another gateway's token is not lost for it either.
    expect(kept).toEqual([]);
    expect(connecting.view().next).toBeNull();
  });

  it('that is not on disk is not said to be: a folder that takes nothing', () => {
    const store = createSettings(join(folder, 'none', 'settings.json'), desk());
    writeFileSync(join(folder, 'none'), 'a file where the folder would be');
    expect(store.setConnection({ gateways: ['wss://g.example:1'] })).toBe(false);
    expect(store.connections().own.connection).toBeNull();
  });

  it('a token is what an HTTP header takes', () => {
    expect(tokenSchema.safeParse(` ${TOKEN} `)).toMatchObject({ data: TOKEN });
    for (const wrong of ['short', '“quoted-by-a-word-processor”', 'with a space in it, long']) {
      expect(tokenSchema.safeParse(wrong).success).toBe(false);
    }
  });

  it('is not for the operator where the desk or the command line says it', async () => {
    say(desk(), to('wss://desk.example:2'));
    const connecting = await begin();
    expect(await joinAs(connecting)).toMatchObject({ error: { code: 'not_here' } });
    expect(connecting.usePaper()).toMatchObject({ code: 'not_here' });
    expect(asked).toEqual([]);
  });

  it('says that another one waits when the desk’s file changes under it', async () => {
    const connecting = await begin();
    say(desk(), to('wss://desk.example:2'));
    expect(settings.reread()).toBe(true);
    connecting.reread();
    expect(connecting.view()).toMatchObject({
      ...{ source: 'paper', next: { source: 'desk', gateways: ['wss://desk.example:2'] } },
    });
  });
});
