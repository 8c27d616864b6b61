import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endsWithUs } from '../support/children';
import { ROOT } from '../support/root';

/** A program under test that can be killed at any moment. */
export interface Running {
  readonly pid: number;
  /** The line that it was waited for; empty where none was. */
  readonly line: string;
  readonly exited: Promise<number | null>;
  /** What it said last, for a report. */
  said(): string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const KEPT_CHARACTERS = 4_000;

/**
 * Starts a Node program and waits for a line of its output, or for nothing where that is null.
 *
 * @param onLine hears every line.
 * @throws when it ends before.
 */
export async function run(
  args: readonly string[],
  ready: RegExp | null,
  env: object = {},
  onLine: (line: string) => void = () => undefined,
): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, VIGIA_APP: ROOT, ...env },
  });
  let text = '';
  child.stderr?.on('data', (part) => {
    text = `${text}${part}`.slice(-KEPT_CHARACTERS);
  });
  endsWithUs(child);
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const line = await new Promise<string>((done, failed) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (one) => {
      onLine(one);
      if (ready?.test(one)) done(one);
    });
    if (ready === null) done('');
    void exited.then((code) => failed(new Error(`${args[0]} ended with ${code}: ${text}`)));
  });
  return {
    pid: child.pid ?? 0,
    exited,
    line,
    said: () => text,
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      await exited;
    },
  };
}

const bundled = new Map<string, string>();

/** Bundles a program, once, and gives the file's path. @param entry from the project's root */
export async function program(entry: string): Promise<string> {
  const lib = join(ROOT, 'scripts/lib/bundle.mjs');
  const { bundle } = (await import(lib)) as { bundle(entry: string, name: string): string };
  const known = bundled.get(entry);
  if (known !== undefined) return known;
  const path = bundle(join(ROOT, entry), `chaos-${entry.replace(/[^a-z]+/gi, '-')}`);
  bundled.set(entry, path);
  return path;
}
