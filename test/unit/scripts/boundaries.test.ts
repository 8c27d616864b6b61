import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const IMPORTS = 'lint/style/noRestrictedImports';
const NODE = 'lint/correctness/noNodejsModules';
const GLOBALS = 'lint/style/noRestrictedGlobals';
const PLUGIN = 'plugin';

const uses = (name: string, from: string) => `import { ${name} } from '${from}';\n${name}();\n`;
const sends = (call: string) =>
  `export function tell(own: { webContents: never; contents: never }) {\n  ${call};\n}\n`;

/** Where a snippet stands, its text, and the rule that refuses it; null where it is allowed. */
const CASES: readonly (readonly [file: string, text: string, rule: string | null])[] = [
  ['src/shared/a/electron.ts', uses('app', 'electron'), IMPORTS],
  ['src/shared/a/fs.ts', uses('readFileSync', 'node:fs'), NODE],
  ['src/shared/a/fsByOldName.ts', uses('readFileSync', 'fs'), NODE],
  ['src/shared/a/ws.ts', uses('WebSocket', 'ws'), IMPORTS],
  ['src/shared/a/sqlite.ts', uses('Database', 'better-sqlite3'), IMPORTS],
  ['src/shared/a/react.ts', uses('useState', 'react'), IMPORTS],
  ['src/shared/a/main.ts', uses('x', '../../main/x'), IMPORTS],
  ['src/shared/a/gateway.ts', uses('x', '../../gateway/x'), IMPORTS],
  ['src/shared/a/node.ts', uses('x', '../../node/x'), IMPORTS],
  ['src/shared/a/renderer.ts', uses('x', '../../renderer/x'), IMPORTS],
  ['src/shared/a/process.ts', 'export const x = process.env;\n', GLOBALS],
  ['src/shared/a/document.ts', 'export const x = document.title;\n', GLOBALS],
  ['src/shared/a/clean.ts', uses('z', 'zod') + uses('y', '../log/event'), null],

  ['src/renderer/a/electron.ts', uses('ipcRenderer', 'electron'), IMPORTS],
  ['src/renderer/a/fs.ts', uses('readFileSync', 'node:fs'), NODE],
  ['src/renderer/a/ws.ts', uses('WebSocket', 'ws'), IMPORTS],
  ['src/renderer/a/main.ts', uses('x', '../../main/x'), IMPORTS],
  ['src/renderer/a/gateway.ts', uses('x', '../../gateway/x'), IMPORTS],
  ['src/renderer/a/node.ts', uses('x', '../../node/x'), IMPORTS],
  ['src/renderer/a/preload.ts', uses('x', '../../preload/index'), IMPORTS],
  ['src/renderer/a/clean.ts', uses('x', 'react') + uses('y', '../../shared/time'), null],

  ['src/gateway/a/electron.ts', uses('app', 'electron'), IMPORTS],
  ['src/gateway/a/main.ts', uses('x', '../../main/x'), IMPORTS],
  ['src/gateway/a/renderer.ts', uses('x', '../../renderer/x'), IMPORTS],
  ['src/gateway/a/clean.ts', uses('x', 'node:fs') + uses('y', '../../node/keys'), null],
  ['src/node/electron.ts', uses('app', 'electron'), IMPORTS],
  ['src/cli/electron.ts', uses('app', 'electron'), IMPORTS],
  ['src/cli/main.ts', uses('x', '../main/x'), IMPORTS],

  ['src/preload/fs.ts', uses('readFileSync', 'node:fs'), NODE],
  ['src/preload/zod.ts', uses('z', 'zod'), IMPORTS],
  ['src/preload/main.ts', uses('x', '../main/x'), IMPORTS],
  ['src/preload/renderer.ts', uses('x', '../renderer/x'), IMPORTS],
  ['src/preload/clean.ts', uses('ipcRenderer', 'electron') + uses('y', '../shared/time'), null],

  ['src/main/gatewayInside.ts', uses('x', '../gateway/log'), IMPORTS],
  ['src/main/a/gatewayInside.ts', uses('x', '../../gateway/log'), IMPORTS],
  ['src/main/a/b/gatewayInside.ts', uses('x', '../../../gateway/log'), IMPORTS],
  ['src/main/renderer.ts', uses('x', '../renderer/x'), IMPORTS],
  ['src/main/a/renderer.ts', uses('x', '../../renderer/x'), IMPORTS],
  ['src/main/a/preload.ts', uses('x', '../../preload/index'), IMPORTS],
  ['src/main/ipcMain.ts', uses('ipcMain', 'electron'), IMPORTS],
  ['src/main/ipc/ipcMain.ts', uses('ipcMain', 'electron'), IMPORTS],
  ['src/main/a/ipcRenderer.ts', uses('ipcRenderer', 'electron'), IMPORTS],
  ['src/main/a/contextBridge.ts', uses('contextBridge', 'electron'), IMPORTS],
  ['src/main/a/wholeElectron.ts', "import * as e from 'electron';\ne.ipcMain.on();\n", IMPORTS],
  ['src/main/a/defaultElectron.ts', "import e from 'electron';\ne.ipcMain.on();\n", IMPORTS],
  ['src/main/a/send.ts', sends("own.webContents.send('x')"), PLUGIN],
  ['src/main/a/optionalSend.ts', sends("own.webContents?.send('x', 1)"), PLUGIN],
  ['src/main/a/contentsSend.ts', sends('own.contents.send()'), PLUGIN],
  ['src/main/a/postMessage.ts', sends("own.webContents.postMessage('x', 1)"), PLUGIN],
  [
    'src/main/a/plainContents.ts',
    'export const f = (contents: never) => contents.send(1);\n',
    PLUGIN,
  ],
  ['src/main/clean.ts', uses('app', 'electron') + uses('y', './embedded/gateway'), null],
  ['src/main/a/clean.ts', uses('y', '../embedded/gateway') + sends("own.socket.send('x')"), null],
  ['src/main/ipc/host.ts', uses('ipcMain', 'electron') + sends('own.contents.send(1)'), null],
];

interface Report {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly severity: string;
    readonly location: { readonly path: string };
  }[];
}

const found = lintAll();

/** Lints every snippet under the project's own configuration. @returns errors by file */
function lintAll(): ReadonlyMap<string, readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-boundaries-'));
  try {
    cpSync(join(root, 'biome.json'), join(folder, 'biome.json'));
    cpSync(join(root, 'scripts/lint'), join(folder, 'scripts/lint'), { recursive: true });
    for (const [file, text] of CASES) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
    const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', 'src'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    const errors = (JSON.parse(stdout) as Report).diagnostics.filter(
      ({ severity }) => severity === 'error',
    );
    return new Map(
      CASES.map(([file]) => [
        file,
        errors.filter(({ location }) => location.path === file).map(({ category }) => category),
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the boundaries between the runtimes are lint errors', () => {
  it.each(CASES)('%s', (file, _text, rule) => {
    if (rule === null) expect(found.get(file)).toEqual([]);
    else expect(found.get(file)).toContain(rule);
  });
});

describe('the sources', () => {
  it('name none of what would weaken a page', () => {
    const weakens = [
      ...['allowRunningInsecureContent', 'experimentalFeatures', 'enableBlinkFeatures'],
      ...['allowpopups', 'openExternal', 'disable-web-security', 'webSecurity: false'],
    ];
    const files = readdirSync(join(root, 'src'), { recursive: true }).map(String);
    const named = files
      .filter((file) => /\.(tsx?|html)$/.test(file))
      .filter((file) => {
        const text = readFileSync(join(root, 'src', file), 'utf8');
        return weakens.some((word) => text.includes(word));
      });
    expect(named).toEqual([]);
  });
});
