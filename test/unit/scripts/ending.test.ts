import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const lib = resolve(import.meta.dirname, '../../../scripts/lib/ending.mjs');
const { endGroup } = (await import(lib)) as {
  endGroup(child: ReturnType<typeof spawn>, graceMs?: number): Promise<void>;
};

/** A program that says its grandchild's pid once both are up, and answers SIGTERM as told. */
async function start(onTerm: string) {
  const code = `
    const { spawn } = require('node:child_process');
    process.on('SIGTERM', () => { ${onTerm} });
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)']);
    console.log(child.pid);
    setInterval(() => 0, 1e6);`;
  const program = spawn(process.execPath, ['-e', code], { detached: true });
  const [said] = (await once(program.stdout, 'data')) as [Buffer];
  return { program, grandchild: Number(String(said)) };
}

/** Resolves once there is no such process. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((later) => setImmediate(later));
  }
}

describe('ending a program', () => {
  it('lets it end in order, and takes with it what it left behind', async () => {
    const { program, grandchild } = await start('process.exit(7)');
    await endGroup(program);
    expect(program.exitCode).toBe(7);
    await gone(grandchild);
  });

  it('kills one that does not listen once the grace is over', async () => {
    const { program, grandchild } = await start('');
    await endGroup(program, 100);
    expect(program.signalCode).toBe('SIGKILL');
    await gone(grandchild);
  });

  it('is done at once with one that has ended', async () => {
    const program = spawn(process.execPath, ['-e', '0'], { detached: true });
    await once(program, 'exit');
    await endGroup(program);
    expect(program.exitCode).toBe(0);
  });
});
