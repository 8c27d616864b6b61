import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import Database from 'better-sqlite3';
import { VERSION } from '../../src/shared/version';
import { forget, newUserData, type RunningApp, showView, startApp } from '../e2e/app';
import { openUpdateServer, type UpdateServer } from '../support/updates';
import { made, programAs, run } from './packages';

const OLDER = '0.0.1';
const NEWER = '1.2.0';
const DESK_FILE = '/etc/vigia/settings.json';

const userData = newUserData();
const work = mkdtempSync(join(tmpdir(), 'vigia-update-'));
let server: UpdateServer;

test.beforeAll(async () => {
  server = await openUpdateServer(work);
  const { url: updateServer, publicKey: updateKey } = server;
  mkdirSync('/etc/vigia');
  const settings = { updateServer, updateKey };
  writeFileSync(DESK_FILE, JSON.stringify({ settings }), { mode: 0o644 });
  standInForPolkit();
});
test.afterAll(() => {
  server.close();
  rmSync('/etc/vigia', { recursive: true });
  rmSync(work, { recursive: true });
  forget(userData);
});

const polkit = (name: string) => join(work, 'polkit', name);

/** In the place of polkit's password prompt: the command waits until it is answered. */
function standInForPolkit(): void {
  mkdirSync(polkit(''));
  const script = [
    '#!/bin/sh',
    `printf '%s' "$4" > ${polkit('asked.new')}`,
    `mv ${polkit('asked.new')} ${polkit('asked')}`,
    `read code < ${polkit('answer')}`,
    'exit "$code"',
    '',
  ];
  writeFileSync(polkit('pkexec'), script.join('\n'), { mode: 0o755 });
  run('mkfifo', polkit('answer'));
  chmodSync(work, 0o755);
  for (const name of ['', 'answer']) chownSync(polkit(name), 65534, 65534);
}

/** The administrator's answer to the next prompt: the command is run as root, or it is not. */
async function answerPrompt(allow: boolean): Promise<string> {
  await expect.poll(() => existsSync(polkit('asked')), { timeout: 60_000 }).toBe(true);
  const command = readFileSync(polkit('asked'), 'utf8');
  rmSync(polkit('asked'));
  const status = allow ? spawnSync('/bin/bash', ['-c', command]).status : 126;
  writeFileSync(polkit('answer'), `${status}\n`);
  return command;
}

async function start(): Promise<{ running: RunningApp; console: Page }> {
  const { PATH } = process.env;
  process.env.PATH = `${polkit('')}:${PATH}`;
  const running = await startApp(userData);
  process.env.PATH = PATH;
  const console = await running.openConsole();
  await showView(console, 'settings');
  return { running, console };
}

/** What the record says of versions. */
function reports(): string[] {
  const database = new Database(join(userData, 'gateway/log.db'), { readonly: true });
  const rows = database.prepare("SELECT body FROM events WHERE type='terminal.reported'").all();
  database.close();
  return (rows as { body: string }[])
    .map(({ body }) => JSON.parse(body).data as { kind: string; detail: string })
    .filter(({ kind }) => kind.startsWith('update_'))
    .map(({ kind, detail }) => `${kind} ${detail}`);
}

/** Waits until the program has started again by itself and reported, and ends it in order. */
async function endOfRestarted(report: string): Promise<void> {
  await expect.poll(reports, { timeout: 60_000 }).toContainEqual(expect.stringContaining(report));
  const pid = Number(/-(\d+)$/.exec(readlinkSync(join(userData, 'SingletonLock')))?.[1]);
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain(userData);
  process.kill(pid, 'SIGTERM');
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
}

const press = (console: Page, name: string) => console.getByRole('button', { name }).click();
const installedVersion = () => /^Version: (.+)$/m.exec(run('dpkg', '-s', 'vigia'))?.[1];

test('the installed terminal takes versions from the desk’s server as its package, and goes back', async () => {
  test.setTimeout(600_000);
  const older = join(work, 'older.deb');
  writeFileSync(older, await programAs(OLDER));
  run('dpkg', '-i', older);
  const deb = made(/\/vigia_.*\.deb$/);
  copyFileSync(deb, join(server.folder, basename(deb)));
  const manifest = made(/\/latest-linux\.yml$/);
  copyFileSync(manifest, join(server.folder, basename(manifest)));
  await server.sign();

  await test.step('what the administrator refuses is not installed, and the program is back', async () => {
    const { running, console } = await start();
    await press(console, `Descargar la ${VERSION}`);
    await press(console, `Instalar la ${VERSION} y reiniciar`);
    expect(await answerPrompt(false)).toContain(`dpkg -i ${join(userData, 'home/.cache')}`);
    // electron-updater's way of mending what dpkg did not finish.
    expect(await answerPrompt(false)).toContain('apt-get');
    await running.ended;
    await endOfRestarted(`update_not_installed ${VERSION}: Command pkexec`);
    expect(installedVersion()).toBe(OLDER);
  });

  await test.step('what the administrator allows takes its place, on the record', async () => {
    const { running, console } = await start();
    await press(console, `Descargar la ${VERSION}`);
    await press(console, `Instalar la ${VERSION} y reiniciar`);
    await answerPrompt(true);
    await running.ended;
    await endOfRestarted(`update_installed ${OLDER} → ${VERSION}, by the terminal`);
    expect(installedVersion()).toBe(/_(.+)_/.exec(basename(deb))?.[1]);
  });

  await test.step('and so does the next one', async () => {
    await server.publish(NEWER, { [`vigia_${NEWER}_amd64.deb`]: await programAs(NEWER) });
    const { running, console } = await start();
    await press(console, `Descargar la ${NEWER}`);
    await press(console, `Instalar la ${NEWER} y reiniciar`);
    await answerPrompt(true);
    await running.ended;
    await endOfRestarted(`update_installed ${VERSION} → ${NEWER}, by the terminal`);
    expect(installedVersion()).toBe(NEWER);
  });

  await test.step('the way back needs no server', async () => {
    server.close();
    const { running, console } = await start();
    await press(console, `Preparar la vuelta a la ${VERSION}`);
    await press(console, `Instalar la ${VERSION} y reiniciar`);
    await answerPrompt(true);
    await running.ended;
    await endOfRestarted(`update_installed ${NEWER} → ${VERSION}, by the terminal`);
    expect(installedVersion()).toBe(/_(.+)_/.exec(basename(deb))?.[1]);
  });
});
