import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import { newDataDir, openGateway } from '../../support/desk';
import { TestTerminal } from '../../support/testTerminal';

let folder: string;
let log: string;

/** A real gateway's log with a kill in it and a checkpoint at its end. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-verify-'));
  const dir = newDataDir();
  const gateway = await openGateway(dir.path);
  const terminal = await TestTerminal.open(gateway.port);
  terminal.kill();
  await terminal.until(() => terminal.ops.desk.mode === 'killed');
  await gateway.stop();
  const database = new Database(join(dir.path, 'log.db'));
  log = join(folder, 'log.db');
  database.exec(`VACUUM INTO '${log}'`);
  database.close();
  dir.remove();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function verify(path: string): Promise<{ code: number; said: string }> {
  const lines: string[] = [];
  const code = await run(['verify', path], (line) => lines.push(line));
  return { code, said: lines.join('\n') };
}

function change(sql: string): void {
  const database = new Database(log);
  database.exec(sql);
  database.close();
}

describe('vigia verify', () => {
  it('says up to where a log holds and up to where the gateway has signed it', async () => {
    const { code, said } = await verify(log);
    expect(said).toMatch(/^ok (\d+) [0-9a-f]{64}\nsigned by the gateway up to \1$/);
    expect(code).toBe(0);
  });

  it.each([
    [
      'an altered text',
      "UPDATE events SET body = replace(body, 'prueba', 'nada') WHERE type = 'kill.requested'",
      /^bad \d+ altered/,
    ],
    ['an altered column', "UPDATE events SET actor = 'eva' WHERE seq = 3", /^bad 3 unreadable/],
    ['an event taken out', 'DELETE FROM events WHERE seq = 2', /^bad 2 gap/],
    [
      'two that changed places',
      'UPDATE events SET seq = 99 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = 99',
      /^bad 2 /,
    ],
    [
      'an end that was cut off: the checkpoint knows of more',
      'DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)',
      /^bad \d+ checkpoint: .*there is none here/,
    ],
    [
      'a signature that is not the gateway’s',
      "UPDATE checkpoints SET note = replace(note, '— vigia/log ', '— vigia/log AAAA')",
      /^bad \d+ checkpoint: .*no good signature/,
    ],
  ])('names the first bad sequence of %s', async (_what, sql, expected) => {
    change(sql);
    const { code, said } = await verify(log);
    expect(said).toMatch(expected);
    expect(code).toBe(1);
  });

  it('says what cannot be read, and does not take it for bad', async () => {
    expect(await verify(join(folder, 'none.db'))).toMatchObject({ code: 2 });
    const text = join(folder, 'text.db');
    writeFileSync(text, 'this is not a database, however long it is made to be');
    expect(await verify(text)).toMatchObject({
      code: 2,
      said: expect.stringContaining('not a database'),
    });
    expect(await run(['verify'], () => undefined)).toBe(2);
  });
});
