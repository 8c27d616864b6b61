import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKept } from '../../../src/main/updates/kept';
import { serveFolder } from '../../../src/main/updates/serveFolder';
import { createUpdates, type Installer } from '../../../src/main/updates/updates';
import { fail, ok } from '../../../src/shared/result';
import type { UpdateHindrance } from '../../../src/shared/update/hindrance';
import { MANIFEST, openUpdateServer, type UpdateServer } from '../../support/updates';

let folder: string;
let server: UpdateServer;
let reports: string[];
let hindrance: UpdateHindrance | null;
let installed: string[];
/** What the system says when it is handed a package; null when it takes it. */
let systemSays: string | null;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-updates-'));
  server = await openUpdateServer(folder);
  reports = [];
  hindrance = null;
  installed = [];
  systemSays = null;
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const keptFolder = () => join(folder, 'updates');

/** In electron-updater's place: it fetches and hands over; the real one is driven end to end. */
function standIn(): Installer {
  const cache = join(folder, 'cache.AppImage');
  return {
    async fetch(manifest, base, _back, onPercent) {
      onPercent(50);
      const name = manifest.files[0]?.url ?? '';
      const response = await fetch(`${base.replace(/\/$/, '')}/${name}`).catch(() => null);
      if (!response?.ok) return fail('unreachable', name);
      writeFileSync(cache, Buffer.from(await response.arrayBuffer()));
      return ok(cache);
    },
    install(failed) {
      if (systemSays !== null) return failed(systemSays);
      installed.push(readFileSync(cache, 'utf8'));
    },
  };
}

/** The program of that version, started. */
function run(
  version: string,
  change: { updateKey?: string; updateServer?: string } = {},
  form = 1,
) {
  const updates = createUpdates({
    ...{ version, manifestName: MANIFEST, fetch, serve: serveFolder },
    settings: () => ({ updateServer: server.url, updateKey: server.publicKey, ...change }),
    kept: openKept(keptFolder(), version, form, MANIFEST),
    loadInstaller: async () => standIn(),
    hindrance: () => hindrance,
    leave: (then) => then(),
    report: (kind, detail) => reports.push(`${kind} ${detail}`),
    changed: () => undefined,
  });
  updates.started();
  return updates;
}

/** The program of that version, started, and the server asked. */
async function runAndCheck(version: string, change = {}, form = 1) {
  const updates = run(version, change, form);
  // What the start began goes on; a second question would be none.
  while (updates.view().stage.kind === 'checking') {
    await new Promise((turn) => setImmediate(turn));
  }
  return updates;
}

async function takeOver(from: string, to: string): Promise<void> {
  const updates = await runAndCheck(from);
  await updates.prepare(to);
  expect(await updates.install(to)).toBeNull();
}

describe('a newer version', () => {
  it('is found at the start and nothing of it is fetched; fetched and installed when asked', async () => {
    await server.publish('0.2.0', { 'v-0.2.0.AppImage': 'two' });
    const updates = await runAndCheck('0.1.0');
    expect(updates.view().stage).toEqual({ kind: 'available', version: '0.2.0' });
    expect(server.asked).toEqual([MANIFEST, `${MANIFEST}.sig`]);
    expect(existsSync(join(keptFolder(), '0.2.0'))).toBe(false);
    expect(await updates.install('0.2.0')).toMatchObject({ code: 'not_ready' });
    await updates.prepare('0.2.0');
    expect(updates.view().stage).toEqual({ kind: 'ready', version: '0.2.0' });
    expect(installed).toEqual([]);
    expect(await updates.install('0.2.0')).toBeNull();
    expect(installed).toEqual(['two']);
    const after = run('0.2.0');
    expect(reports).toEqual(['update_installed 0.1.0 → 0.2.0, by the terminal']);
    // The first one came by hand: there is no package of it.
    expect(after.view().former).toBeNull();
  });

  it.each(['0.1.0', '0.0.9'])('is none where the server has %s', async (version) => {
    await server.publish(version, { 'v.AppImage': 'old' });
    const updates = await runAndCheck('0.1.0');
    expect(updates.view().stage).toEqual({ kind: 'current' });
    await updates.prepare(version);
    expect(server.asked).not.toContain('v.AppImage');
  });

  it.each([
    ['server', { updateServer: '' }],
    ['key', { updateKey: '' }],
  ] as const)('is not looked for without a %s', async (missing, change) => {
    const updates = await runAndCheck('0.1.0', change);
    expect(updates.view()).toMatchObject({ missing, stage: { kind: 'idle' } });
    expect(server.asked).toEqual([]);
  });

  it('a server that is down is said, and nothing else changes', async () => {
    server.close();
    const updates = await runAndCheck('0.1.0');
    expect(updates.view().stage).toMatchObject({ kind: 'failed', problem: 'unreachable' });
    expect(reports).toEqual([]);
    expect(installed).toEqual([]);
  });
});

describe('what is not the desk’s', () => {
  beforeEach(() => server.publish('0.2.0', { 'v-0.2.0.AppImage': 'two' }));

  const refused = async (change = {}) => {
    const updates = await runAndCheck('0.1.0', change);
    expect(updates.view().stage).toMatchObject({ kind: 'failed', problem: 'bad_signature' });
    await updates.prepare('0.2.0');
    expect(server.asked).not.toContain('v-0.2.0.AppImage');
    expect(reports).toEqual([expect.stringMatching(/^update_bad_signature /)]);
  };

  it('a manifest changed after it was signed is refused before anything is fetched', async () => {
    appendFileSync(join(server.folder, MANIFEST), '# changed\n');
    await refused();
  });

  it('a manifest signed by another key is refused', async () => {
    await refused({ updateKey: Buffer.alloc(32, 9).toString('base64') });
  });

  it('another platform’s manifest under this one’s name is refused', async () => {
    await server.publish('0.3.0', { 'v-0.3.0.AppImage': 'three' });
    for (const end of ['', '.sig']) {
      copyFileSync(
        join(server.folder, `${MANIFEST}${end}`),
        join(server.folder, `latest.yml${end}`),
      );
    }
    const updates = createUpdates({
      ...{ version: '0.1.0', manifestName: 'latest.yml', fetch, serve: serveFolder },
      settings: () => ({ updateServer: server.url, updateKey: server.publicKey }),
      kept: openKept(keptFolder(), '0.1.0', 1, 'latest.yml'),
      loadInstaller: async () => standIn(),
      hindrance: () => null,
      leave: (then) => then(),
      report: (kind) => reports.push(kind),
      changed: () => undefined,
    });
    await updates.check();
    expect(updates.view().stage).toMatchObject({ problem: 'bad_signature' });
  });

  it('a signed manifest that names a file elsewhere is refused', async () => {
    const { signManifest } = await import('../../../src/node/updateSignature');
    const { loadOrCreateKey } = await import('../../../src/node/keys');
    const path = join(server.folder, MANIFEST);
    const text = readFileSync(path, 'utf8').replace('v-0.2.0.AppImage', '../../etc/x.AppImage');
    writeFileSync(path, text);
    const note = signManifest(MANIFEST, text, loadOrCreateKey(join(folder, 'update.pem')));
    writeFileSync(`${path}.sig`, note);
    const updates = await runAndCheck('0.1.0');
    expect(updates.view().stage).toMatchObject({ problem: 'bad_manifest' });
  });

  it('a package that was changed on the server is not kept and cannot be installed', async () => {
    const updates = await runAndCheck('0.1.0');
    writeFileSync(join(server.folder, 'v-0.2.0.AppImage'), 'evil');
    await updates.prepare('0.2.0');
    expect(updates.view().stage).toMatchObject({ kind: 'failed', problem: 'altered' });
    expect(existsSync(join(keptFolder(), '0.2.0'))).toBe(false);
    expect(await updates.install('0.2.0')).toMatchObject({ code: 'not_ready' });
  });

  it('a package that was changed while it lay here is refused at the last moment', async () => {
    const updates = await runAndCheck('0.1.0');
    await updates.prepare('0.2.0');
    writeFileSync(join(folder, 'cache.AppImage'), 'evil');
    expect(await updates.install('0.2.0')).toMatchObject({ code: 'altered' });
    expect(reports).toEqual([expect.stringMatching(/^update_altered /)]);
    expect(installed).toEqual([]);
  });
});

describe('a key that the desk withdraws', () => {
  beforeEach(() => server.publish('0.2.0', { 'v-0.2.0.AppImage': 'two' }));

  it.each(['', 'another'])('vouches for nothing any more: now “%s”', async (updateKey) => {
    const change: { updateKey?: string } = {};
    const updates = await runAndCheck('0.1.0', change);
    await updates.prepare('0.2.0');
    expect(updates.view().stage).toMatchObject({ kind: 'ready' });
    change.updateKey = updateKey === '' ? '' : Buffer.alloc(32, 7).toString('base64');
    expect(await updates.install('0.2.0')).toMatchObject({ code: 'not_ready' });
    await updates.rekeyed();
    expect(updates.view().stage).toMatchObject(
      updateKey === '' ? { kind: 'idle' } : { kind: 'failed', problem: 'bad_signature' },
    );
    expect(installed).toEqual([]);
  });

  it('stops what was being fetched by it', async () => {
    const change: { updateKey?: string } = {};
    const updates = await runAndCheck('0.1.0', change);
    const preparing = updates.prepare('0.2.0');
    change.updateKey = '';
    await updates.rekeyed();
    await preparing;
    expect(updates.view().stage).toMatchObject({ kind: 'idle' });
    expect(await updates.install('0.2.0')).toMatchObject({ code: 'not_ready' });
  });
});

describe('installing', () => {
  beforeEach(() => server.publish('0.2.0', { 'v-0.2.0.AppImage': 'two' }));

  it.each(['live', 'incident', 'kill', 'unknown', 'positions'] as const)(
    'is refused while %s stands against it, on the record, and works once it does not',
    async (why) => {
      const updates = await runAndCheck('0.1.0');
      await updates.prepare('0.2.0');
      hindrance = why;
      expect(await updates.install('0.2.0')).toEqual({ code: 'update_refused', message: why });
      expect(installed).toEqual([]);
      expect(reports).toEqual([`update_refused 0.2.0: ${why}`]);
      hindrance = null;
      expect(await updates.install('0.2.0')).toBeNull();
    },
  );

  it('that the system refused is told at the next start, on the record', async () => {
    systemSays = 'Command pkexec exited with code 126';
    await takeOver('0.1.0', '0.2.0');
    const updates = run('0.1.0');
    const said = '0.2.0: Command pkexec exited with code 126';
    expect(reports).toEqual([`update_not_installed ${said}`]);
    expect(updates.view().stage).toEqual({
      ...{ kind: 'failed', problem: 'not_installed', detail: said },
    });
    // Told once.
    run('0.1.0');
    expect(reports).toHaveLength(1);
  });

  it('by hand, from outside, is on the record too', () => {
    run('0.1.0');
    run('0.1.1');
    expect(reports).toEqual(['update_installed 0.1.0 → 0.1.1, from outside the terminal']);
  });
});

describe('going back', () => {
  beforeEach(async () => {
    await server.publish('0.2.0', { 'v-0.2.0.AppImage': 'two' });
    await takeOver('0.1.0', '0.2.0');
    run('0.2.0');
    await server.publish('0.3.0', { 'v-0.3.0.AppImage': 'three' });
    await takeOver('0.2.0', '0.3.0');
    installed = [];
    reports = [];
  });

  it('takes the kept package, with no server, after the same checks', async () => {
    server.close();
    const updates = await runAndCheck('0.3.0');
    expect(updates.view().former).toEqual({ version: '0.2.0', readsMirror: true });
    await updates.prepare('0.2.0');
    expect(updates.view().stage).toEqual({ kind: 'ready', version: '0.2.0' });
    hindrance = 'incident';
    expect(await updates.install('0.2.0')).toMatchObject({ code: 'update_refused' });
    hindrance = null;
    expect(await updates.install('0.2.0')).toBeNull();
    expect(installed).toEqual(['two']);
    expect(run('0.2.0').view().former).toMatchObject({ version: '0.3.0' });
    expect(reports.at(-1)).toBe('update_installed 0.3.0 → 0.2.0, by the terminal');
  });

  it('keeps two versions and lets older ones go', async () => {
    run('0.3.0');
    await server.publish('0.4.0', { 'v-0.4.0.AppImage': 'four' });
    await takeOver('0.3.0', '0.4.0');
    run('0.4.0');
    const there = ['0.2.0', '0.3.0', '0.4.0'].map((one) => existsSync(join(keptFolder(), one)));
    expect(there).toEqual([false, true, true]);
  });

  it.each([
    ['its package', 'v-0.2.0.AppImage'],
    ['its manifest', MANIFEST],
    ['its signature', `${MANIFEST}.sig`],
  ])('is refused when %s was changed on disk', async (_what, name) => {
    const updates = await runAndCheck('0.3.0');
    writeFileSync(join(keptFolder(), '0.2.0', name), 'evil');
    await updates.prepare('0.2.0');
    expect(updates.view().stage.kind).toBe('failed');
    expect(reports.at(-1)).toMatch(/^update_(altered|bad_signature) /);
    expect(await updates.install('0.2.0')).toMatchObject({ code: 'not_ready' });
    expect(installed).toEqual([]);
  });

  it('says when the former version cannot read the present mirror, or when that is not known', () => {
    expect(run('0.3.0', {}, 2).view().former).toEqual({ version: '0.2.0', readsMirror: false });
    const path = join(keptFolder(), 'state.json');
    const state = JSON.parse(readFileSync(path, 'utf8'));
    delete state.forms['0.2.0'];
    writeFileSync(path, JSON.stringify(state));
    expect(run('0.3.0', {}, 2).view().former).toEqual({ version: '0.2.0', readsMirror: null });
  });
});
