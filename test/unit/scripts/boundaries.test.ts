import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-lint-'));
  cpSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
  cpSync(join(ROOT, 'scripts/lint'), join(folder, 'scripts/lint'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lints one file as if it lay at `path` of this repository, by the rules of this repository. */
function lint(path: string, code: string): { status: number | null; output: string } {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [BIOME, 'lint', '--colors=off', path],
    { cwd: folder, encoding: 'utf8' },
  );
  return { status, output: stdout + stderr };
}

const uses = (name: string, from: string) =>
  `import { ${name} } from '${from}';\n\nexport const used = ${name};\n`;

const FORBIDDEN: readonly (readonly [path: string, code: string, word: string])[] = [
  ['src/shared/a.ts', uses('app', 'electron'), 'pure'],
  ['src/shared/a.ts', uses('readFileSync', 'node:fs'), 'pure'],
  ['src/shared/a.ts', uses('Database', 'better-sqlite3'), 'pure'],
  ['src/shared/a.ts', uses('sha256', '../node/sha256'), 'pure'],
  ['src/renderer/a.ts', uses('app', 'electron'), 'IPC contract'],
  ['src/renderer/a.ts', uses('readFileSync', 'node:fs'), 'IPC contract'],
  ['src/renderer/a.ts', uses('thing', '../main/thing'), 'IPC contract'],
  ['src/gateway/a.ts', uses('app', 'electron'), 'without Electron'],
  ['src/gateway/a.ts', uses('thing', '../main/thing'), 'without Electron'],
  ['src/node/a.ts', uses('app', 'electron'), 'without Electron'],
  ['src/cli/a.ts', uses('thing', '../renderer/thing'), 'without Electron'],
  ['src/main/a.ts', uses('thing', '../gateway/log'), 'by its protocol'],
  ['src/main/kill/a.ts', uses('thing', '../../gateway/engines/paper/engine'), 'by its protocol'],
  ['src/main/a.ts', uses('ipcMain', 'electron'), 'src/main/ipc/host.ts'],
  ['src/main/ipc/host.ts', uses('ipcRenderer', 'electron'), 'renderer'],
  ['src/main/ipc/host.ts', uses('thing', '../../renderer/thing'), 'by its protocol'],
  ['src/preload/a.ts', uses('ipcMain', 'electron'), 'preload'],
  ['src/preload/a.ts', uses('readFileSync', 'node:fs'), 'preload'],
  [
    'src/main/a.ts',
    'export function tell(own: { webContents: { send(a: string): void } }) {\n  own.webContents.send("a");\n}\n',
    'src/main/ipc/host.ts',
  ],
];

const ALLOWED: readonly (readonly [path: string, code: string])[] = [
  ['src/main/ipc/host.ts', uses('ipcMain', 'electron')],
  ['src/main/a.ts', uses('BrowserWindow', 'electron')],
  ['src/preload/a.ts', uses('ipcRenderer', 'electron')],
  ['src/gateway/a.ts', uses('sha256', '../node/sha256')],
  ['src/renderer/a.ts', uses('ok', '@shared/result')],
];

describe('what each runtime may import', () => {
  it.each(FORBIDDEN)('%s refuses %j', (path, code, word) => {
    const { status, output } = lint(path, code);
    expect(output).toContain(word);
    expect(status).toBe(1);
  });

  it.each(ALLOWED)('%s may have %j', (path, code) => {
    const { status, output } = lint(path, code);
    expect(output).not.toContain('error');
    expect(status).toBe(0);
  });
});
