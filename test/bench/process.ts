import type { ChildProcessByStdio } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const ROOT = process.env.VIGIA_APP ?? process.cwd();
const lib = (name: string) => join(ROOT, 'scripts/lib', name);

/** A program under measure; its output and its errors are read line by line. */
export interface Program {
  readonly pid: number;
  readonly stdin: Writable;
  /** Resolves with the next line that fits; rejects when the program ends first. */
  line(fits: RegExp): Promise<string>;
  end(): Promise<void>;
}

const GRACE_MS = 5_000;

interface Started {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly exited: Promise<number | null>;
  end(): void;
}
const { startProgram } = (await import(lib('child.mjs'))) as {
  startProgram(command: string, args: readonly string[], options: object, graceMs: number): Started;
};

/** Starts a program that leads a process group of its own; nothing of it outlives {@link Program.end}. */
export function start(command: string, args: readonly string[], env: object = {}): Program {
  const { child, exited, end } = startProgram(
    command,
    args,
    {
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, VIGIA_APP: ROOT, ...env },
    },
    GRACE_MS,
  );
  let errors = '';
  child.stderr.on('data', (text) => {
    errors = `${errors}${text}`.slice(-2_000);
  });
  // Read from the start: a line is kept until somebody wants it.
  const kept: string[] = [];
  const waiting = new Set<{ fits: RegExp; done: (line: string) => void; no: (e: Error) => void }>();
  const hear = (line: string): void => {
    for (const one of waiting) {
      if (!one.fits.test(line)) continue;
      waiting.delete(one);
      one.done(line);
      return;
    }
    kept.push(line);
  };
  createInterface({ input: child.stdout }).on('line', hear);
  createInterface({ input: child.stderr }).on('line', hear);
  child.on('exit', (code, signal) => {
    const error = new Error(`${command} ended with ${code ?? signal}: ${errors}`);
    for (const one of waiting) one.no(error);
    waiting.clear();
  });
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    line(fits) {
      const at = kept.findIndex((line) => fits.test(line));
      if (at >= 0) return Promise.resolve(kept.splice(0, at + 1).at(-1) as string);
      return new Promise((done, no) => waiting.add({ fits, done, no }));
    },
    async end() {
      end();
      await exited;
    },
  };
}

/** Bundles a program of `test/bench/programs` and gives the file's path. */
export async function program(name: string): Promise<string> {
  const { bundle } = (await import(lib('bundle.mjs'))) as {
    bundle(entry: string, name: string): string;
  };
  return bundle(resolve(ROOT, `test/bench/programs/${name}.ts`), `bench-${name}`);
}

export interface Display {
  readonly name: string;
  close(): void;
}

export async function openDisplay(): Promise<Display> {
  const { openDisplay: open } = (await import(lib('display.mjs'))) as {
    openDisplay(options: { forceVirtual: boolean }): Promise<Display>;
  };
  return open({ forceVirtual: true });
}

/** Electron on a folder's app, the same runtime and switches for what is measured and its floor. */
export function startElectron(
  folder: string,
  display: Display,
  args: readonly string[],
  env: object = {},
): Program {
  const { VIGIA_ELECTRON: electron, VIGIA_ELECTRON_OFFICIAL: official } = process.env;
  if (!electron) throw new Error('VIGIA_ELECTRON does not name the runtime: use npm run bench');
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  // What is measured is a start as on any day, without the first one's guide.
  const userData = args[args.indexOf('--user-data-dir') + 1];
  if (userData && !existsSync(join(userData, 'settings.json'))) {
    mkdirSync(userData, { recursive: true });
    const settings = { settings: { guideDone: true } };
    writeFileSync(join(userData, 'settings.json'), JSON.stringify(settings));
  }
  const target = official === '1' ? [folder] : [];
  return start(electron, [...root, ...target, ...args], {
    ...{ DISPLAY: display.name, VIGIA_APP: folder, ...env },
  });
}

/** The built terminal's folder. */
export const TERMINAL = ROOT;

/** A folder with the floor's app in it, to be started by {@link startElectron}. */
export async function floorApp(folder: string): Promise<string> {
  const main = await program('floorApp');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'main.mjs'), `await import(${JSON.stringify(main)});\n`);
  const manifest = { name: 'floor', version: '0.0.0', type: 'module', main: 'main.mjs' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}
