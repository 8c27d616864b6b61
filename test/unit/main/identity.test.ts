import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCredentials, type SecretStorage } from '../../../src/main/identity/credentials';
import { createSessionLock } from '../../../src/main/identity/lock';
import { ipcCalls } from '../../../src/shared/ipc/contract';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-identity-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = 'ana.a-token-that-is-long-enough';

/** A keyring of the kind named: what it encrypts, only it can read. */
function keyring(backend: string): SecretStorage {
  return {
    isEncryptionAvailable: () => backend !== 'none',
    encryptString: (text) => Buffer.from(`${backend}:${Buffer.from(text).toString('hex')}`),
    decryptString(encrypted) {
      const [made, hex = ''] = encrypted.toString().split(':');
      if (made !== backend) throw new Error('cannot decrypt');
      return Buffer.from(hex, 'hex').toString();
    },
    getSelectedStorageBackend: () => backend,
  };
}

function credentials(backend: string) {
  const path = join(folder, 'credentials.json');
  return createCredentials({ path, storage: keyring(backend), platform: 'linux', given: null });
}

describe('the token', () => {
  it('is stored encrypted, with the name of what encrypted it, and read again', () => {
    expect(credentials('kwallet6').signIn(TOKEN, true, false).ok).toBe(true);
    const text = readFileSync(join(folder, 'credentials.json'), 'utf8');
    expect(text).toContain('kwallet6');
    expect(text).not.toContain(TOKEN);
    expect(statSync(join(folder, 'credentials.json')).mode & 0o077).toBe(0);
    const again = credentials('kwallet6');
    expect(again.token()).toBe(TOKEN);
    expect(again.view()).toMatchObject({ source: 'stored', plain: false, problem: null });
  });

  it('is not written as plain text without a yes to just that', () => {
    const plain = credentials('basic_text');
    expect(plain.view()).toMatchObject({ backend: 'basic_text', plain: true });
    expect(plain.signIn(TOKEN, true, false)).toMatchObject({ error: { code: 'would_be_plain' } });
    expect(plain.token()).toBeNull();
    expect(plain.signIn(TOKEN, false, false).ok).toBe(true);
    expect(credentials('basic_text').token()).toBeNull();
    expect(plain.signIn(TOKEN, true, true).ok).toBe(true);
    expect(credentials('basic_text').token()).toBe(TOKEN);
  });

  it('under another keyring is asked for anew, and said why; never guessed at', () => {
    credentials('kwallet6').signIn(TOKEN, true, false);
    const moved = credentials('gnome_libsecret');
    expect(moved.token()).toBeNull();
    expect(moved.view().problem).toContain('kwallet6');
    writeFileSync(join(folder, 'credentials.json'), '{"backend":"kwallet6","encrypted":"AAAA"}');
    expect(credentials('kwallet6').view()).toMatchObject({ source: 'none' });
    expect(credentials('kwallet6').view().problem).toContain('cannot be read');
  });

  it('signed out is gone from disk', () => {
    const one = credentials('kwallet6');
    one.signIn(TOKEN, true, false);
    one.signOut();
    expect(one.token()).toBeNull();
    expect(credentials('kwallet6').token()).toBeNull();
  });
});

describe('the lock', () => {
  let now = 0;
  const reports: string[] = [];
  const open = () =>
    createSessionLock({
      path: join(folder, 'lock.json'),
      clock: () => now,
      changed: () => undefined,
      report: (kind) => reports.push(kind),
    });
  beforeEach(() => {
    now = 1_000;
    reports.length = 0;
  });

  it('without a PIN never locks; with one, after so long without a touch, and at every start', async () => {
    const lock = open();
    lock.idle(10 * 60_000, 60_000);
    expect(lock.view().locked).toBe(false);
    expect(await lock.setPin('4711', null)).toBe(true);
    lock.idle(59_000, 60_000);
    expect(lock.view().locked).toBe(false);
    lock.idle(60_000, 60_000);
    expect(lock.view().locked).toBe(true);
    expect(reports).toEqual(['locked']);
    expect(open().view().locked).toBe(true);
  });

  it('takes a kill and shows what there is; refuses everything else, whatever comes to be asked', async () => {
    const lock = open();
    await lock.setPin('4711', null);
    lock.lock('asked');
    const calls = Object.keys(ipcCalls) as (keyof typeof ipcCalls)[];
    const taken = calls.filter((channel) => !lock.refuses(channel));
    expect(taken).toContain('kill.fire');
    expect(taken).toContain('kill.pending');
    const acts = ['ops.pause', 'ops.resume', 'model.command', 'settings.set', 'kill.abandon'];
    for (const channel of [...acts, 'lock.setPin', 'identity.signOut', 'app.quit']) {
      expect(taken).not.toContain(channel);
    }
  });

  it('three wrong PINs make the next wait; the right one unlocks and is remembered by name', async () => {
    const lock = open();
    await lock.setPin('4711', null);
    lock.lock('asked');
    for (const pin of ['0000', '1111', '2222']) expect(await lock.unlock(pin, 'Ana')).toBe(false);
    expect(lock.view().waitUntil).toBe(31_000);
    expect(await lock.unlock('4711', 'Ana')).toBe(false);
    now = 31_000;
    expect(await lock.unlock('4711', 'Ana')).toBe(true);
    expect(open().view()).toMatchObject({ lastUnlockedBy: 'Ana', lastUnlockedAt: 31_000 });
    expect(reports).toEqual([
      'locked',
      'unlock_failed',
      'unlock_failed',
      'unlock_failed',
      'unlocked',
    ]);
  });

  it('each further wrong PIN makes the wait longer, up to an hour; a restart forgives none', async () => {
    const setUp = open();
    await setUp.setPin('4711', null);
    setUp.lock('asked');
    const waits: number[] = [];
    for (let count = 0; count < 12; count += 1) {
      // Each by a terminal that was started anew.
      const lock = open();
      now = lock.view().waitUntil ?? now;
      expect(await lock.unlock('0000', 'Ana')).toBe(false);
      waits.push((lock.view().waitUntil ?? now) - now);
    }
    const seconds = waits.map((wait) => wait / 1_000);
    expect(seconds).toEqual([0, 0, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
    // While it lasts the right one is not looked at either, and stopping needs none.
    const waiting = open();
    expect(await waiting.unlock('4711', 'Ana')).toBe(false);
    expect(waiting.refuses('kill.fire')).toBe(false);
    now += 3_600_000;
    expect(await waiting.unlock('4711', 'Ana')).toBe(true);
    expect(open().view().waitUntil).toBeNull();
  });

  it('a clock that was put back makes no wait longer than it was', async () => {
    const lock = open();
    await lock.setPin('4711', null);
    lock.lock('asked');
    now = 86_400_000;
    for (const pin of ['0', '1', '2']) await lock.unlock(pin, 'Ana');
    now = 1_000;
    expect(await lock.unlock('4711', 'Ana')).toBe(false);
    now += 30_000;
    expect(await lock.unlock('4711', 'Ana')).toBe(true);
  });

  it('many tries at once are as many tries, and the present PIN is guessed no faster by a change of it', async () => {
    const lock = open();
    await lock.setPin('4711', null);
    const tried = await Promise.all(
      ['0', '1', '2', '4711', '4711'].map((present) => lock.setPin('9999', present)),
    );
    expect(tried).toEqual([false, false, false, false, false]);
    expect(await lock.removePin('4711')).toBe(false);
  });

  it('the PIN is changed and removed with the present one only, and is not in the file', async () => {
    const lock = open();
    await lock.setPin('4711', null);
    expect(readFileSync(join(folder, 'lock.json'), 'utf8')).not.toContain('4711');
    expect(await lock.setPin('9999', '1234')).toBe(false);
    expect(await lock.setPin('9999', '4711')).toBe(true);
    expect(await lock.removePin('4711')).toBe(false);
    expect(await lock.removePin('9999')).toBe(true);
    expect(open().view()).toMatchObject({ pinSet: false, locked: false });
  });
});
