import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const lib = (name: string) => join(root, 'scripts/lib', name);

const inNode = (code: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 20_000,
  });

describe('npm start', () => {
  it.each([
    [['--for', 'soon'], '--for soon is not a number of seconds', 'like --for 20'],
    [['--for', '0'], '--for 0 is not a number of seconds', 'above 0'],
    [['--for', '-3'], '--for -3 is not a number of seconds', 'above 0'],
    [['--for'], '--for wants a value', 'a number of seconds'],
    [['--screenshot'], '--screenshot wants a value', 'a path'],
    [['--screenshot', '--for', '3'], '--screenshot wants a value', 'a path'],
    [['--for', '1', '--for', '2'], '--for is given twice', 'Give it once'],
  ])('refuses %j before anything else is done', (args, what, remedy) => {
    const script = join(root, 'scripts/start.mjs');
    const { status, stderr, stdout } = spawnSync(process.execPath, [script, ...args], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain(what);
    expect(stderr).toContain(remedy);
    expect(stdout).toBe('');
  });

  it.each([
    [['--screenshot', 'a.png'], { picture: 'a.png', seconds: 20, rest: [] }],
    [['--for', '1.5', '--config', 'x'], { picture: null, seconds: 1.5, rest: ['--config', 'x'] }],
    [['--config', 'x.yaml'], { picture: null, seconds: null, rest: ['--config', 'x.yaml'] }],
  ])('reads %j', (args, expected) => {
    const { stdout } = inNode(`
      const { readStartOptions } = await import(${JSON.stringify(lib('startOptions.mjs'))});
      console.log(JSON.stringify(readStartOptions(${JSON.stringify(args)})));`);
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  it('ends a terminal that ignores SIGTERM, and the children it has', () => {
    const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`;
    const parent = `${stubborn}
      const child = require('node:child_process').spawn(process.execPath,
        ['-e', ${JSON.stringify(`${stubborn} console.log(process.pid)`)}]);
      child.stdout.on('data', (pid) => console.log(String(pid)));`;
    const { status, stdout, stderr } = inNode(`
      const { startProgram } = await import(${JSON.stringify(lib('child.mjs'))});
      const app = startProgram(process.execPath, ['-e', ${JSON.stringify(parent)}],
        { stdio: ['ignore', 'pipe', 'inherit'] }, 200);
      const [line] = await new Promise((done) => app.child.stdout.once('data', (text) => done([text])));
      app.end();
      app.end();
      console.log(JSON.stringify({ code: await app.exited, child: Number(line) }));`);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const { code, child } = JSON.parse(stdout) as { code: unknown; child: number };
    expect(code).toBeNull();
    expect(child).toBeGreaterThan(0);
    const left = spawnSync('ps', ['-o', 'stat=', '-p', String(child)], { encoding: 'utf8' });
    expect(left.stdout.trim()).toMatch(/^(Z.*)?$/);
  });
});

describe('the last line of a test run', () => {
  it.each([
    ['no report', null, 1, '0 passed, 1 failed, 0 skipped'],
    ['half a report', '{"passed":', 0, '0 passed, 1 failed, 0 skipped'],
    ['a crash after passing tests', '{"passed":3,"failed":0,"skipped":1}', 1, '3 passed, 1 failed'],
    ['a failed test', '{"passed":3,"failed":2,"skipped":0}', 1, '3 passed, 2 failed, 0 skipped'],
    ['all well', '{"passed":3,"failed":0,"skipped":0}', 0, '3 passed, 0 failed, 0 skipped'],
  ])('counts %s', (_name, text, status, line) => {
    const folder = mkdtempSync(join(tmpdir(), 'vigia-tally-'));
    const report = join(folder, 'report.json');
    if (text !== null) writeFileSync(report, text);
    const { stdout } = inNode(`
      const { lastLine, tallyOf } = await import(${JSON.stringify(lib('tally.mjs'))});
      console.log(lastLine(tallyOf(${JSON.stringify(report)}, ${status}, (json) => json)));`);
    rmSync(folder, { recursive: true });
    expect(stdout).toContain(line);
  });
});
