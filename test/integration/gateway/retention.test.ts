import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import type { Gateway } from '../../../src/gateway/gateway';
import { MirrorCore } from '../../../src/main/mirror/core';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { uuidv7 } from '../../../src/shared/ids';
import { modelsPolicy, newDataDir, openGateway } from '../../support/desk';
import { TestTerminal } from '../../support/testTerminal';

const BEGAN = Date.parse('2026-03-02T14:00:00Z');
const LATER = Date.parse('2034-01-02T14:00:00Z');
const reason = 'plazo cumplido';

let now: number;
let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;
let terminal: TestTerminal;

const start = async (change = {}) => {
  gateway = await openGateway(dir.path, 'paper', 0, { clock: () => now, ...change });
  terminal = await TestTerminal.open(gateway.port, 'luis');
};
const stop = async () => {
  terminal.socket.close();
  await gateway.stop();
};
const remove = (kind: string, year = 2026) =>
  terminal.give('retention.delete', { kind, year, reason });
const of = (type: string) => terminal.events.filter((event) => event.type === type);

/** A report's folder at the gateway, of a year by its id. */
function report(year: number): string {
  const id = uuidv7(Date.parse(`${year}-06-01`), (length) => randomBytes(length));
  const folder = join(dir.path, 'reports', id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'report.json'), `{"of":${year}}`);
  return folder;
}

beforeEach(async () => {
  dir = newDataDir();
  now = BEGAN;
  await start();
  await stop();
});
afterEach(async () => {
  await stop();
  dir.remove();
});

describe('a year whose time is over', () => {
  it('is refused before that by name of the day, to who may not, twice, under a hold and during an incident', async () => {
    now = Date.parse('2033-12-31T20:00:00Z');
    await start();
    for (const [kind, day] of [
      ['audit', '2033-12-31'],
      ['trades', '2033-12-31'],
    ]) {
      const message = expect.stringContaining(`kept until ${day}`);
      expect(await remove(kind ?? '')).toMatchObject({ code: 'too_soon', message });
    }
    await stop();
    now = LATER;
    await start();
    expect(await remove('audit', 2033)).toMatchObject({ code: 'too_soon' });
    expect(await remove('audit', 2034)).toMatchObject({ code: 'not_eligible' });
    const eva = await TestTerminal.open(gateway.port, 'eva');
    const asked = { kind: 'audit', year: 2026, reason };
    expect(await eva.give('retention.delete', asked)).toMatchObject({ code: 'forbidden' });
    eva.socket.close();

    const retention = { ...modelsPolicy.retention, hold: true };
    const change = { name: 'models', document: { ...modelsPolicy, retention }, reason: 'proceso' };
    await terminal.give('policy.change', change);
    expect(await remove('trades')).toMatchObject({ code: 'not_eligible' });
    await terminal.give('policy.change', { ...change, document: modelsPolicy });
    await terminal.give('incident.open', { severity: 'P3', title: 'prueba', reason });
    const message = expect.stringContaining('an incident is open');
    expect(await remove('trades')).toMatchObject({ code: 'not_eligible', message });
    expect(of('retention.deleted')).toEqual([]);
  });

  it('goes from a real mirror, which verifies from there on and says by whom', async () => {
    now = LATER;
    await start();
    expect(await remove('audit')).toMatchObject({ stage: 'done' });
    expect(await remove('audit')).toMatchObject({ code: 'superseded' });
    const [deleted] = of('retention.deleted');
    const last = terminal.events.findIndex(({ ts }) => ts === LATER);
    expect(deleted).toMatchObject({
      ...{ actor: { id: 'luis' }, reason },
      data: {
        ...{ kind: 'audit', year: 2026, keptUntil: '2033-12-31' },
        audit: { first: 1, last, hash: terminal.events[last - 1]?.hash },
      },
    });
    const path = join(dir.path, 'terminal', 'audit.db');
    const open = async () => {
      const core = new MirrorCore({
        ...{ path, sha256, clock: () => now, onStatus: () => undefined },
        onBadCheckpoint: (cause) => {
          throw new Error(cause);
        },
      });
      return { core, ops: (await core.open()).ops };
    };
    const first = await open();
    // The log goes on meanwhile: what it says of the desk at this instant is what is asked for below.
    first.core.take(terminal.events);
    const taken = terminal.ops;
    first.core.flush();
    first.core.close();
    const { core, ops } = await open();
    const [deletion] = ops.retention.deleted;
    if (!deletion) throw new Error('the mirror has no deletion');
    core.drop(deletion);
    core.checkpoint(gateway.log.checkpoint() ?? '');
    core.close();
    expect(readdirSync(join(dir.path, 'terminal')).sort()).toEqual(['audit-base.json', 'audit.db']);
    const lines: string[] = [];
    expect(await run(['verify', path], (line) => lines.push(line))).toBe(0);
    expect(lines).toContain(
      `begins at seq ${last + 1}: earlier years deleted under retention on 2034-01-02, by luis (event ${deleted?.seq})`,
    );
    const again = await open();
    again.core.close();
    expect(again.ops).toEqual(taken);
  });

  it('has its reports named with their sums, and gone thereafter, and no other’s', async () => {
    now = LATER;
    const gone = report(2026);
    const kept = report(2033);
    await start();
    expect(await remove('artifacts')).toMatchObject({ stage: 'done' });
    await terminal.until(() => of('retention.named').length === 1);
    expect(of('retention.named')[0]?.data).toEqual({
      ...{ kind: 'artifacts', year: 2026, count: 1 },
      files: [
        {
          name: `${basename(gone)}/report.json`,
          sha256: sha256('{"of":2026}'),
          bytes: 11,
        },
      ],
    });
    expect([gone, kept].map(existsSync)).toEqual([false, true]);
  });

  it('is finished at the next start by a gateway that died between the event and the files', async () => {
    now = LATER;
    await start();
    await remove('artifacts');
    await stop();
    // As if it had died before it came to them.
    const left = report(2026);
    await start();
    await terminal.until(() => of('retention.named').length === 1);
    expect(existsSync(left)).toBe(false);
  });

  it('keeps its files while a full disk has not taken what names them', async () => {
    now = LATER;
    let full = false;
    class FullStore extends SqliteEventStore {
      override async append(...args: Parameters<SqliteEventStore['append']>): Promise<void> {
        if (full && args[0].some(({ event }) => event.type === 'retention.named')) {
          throw new Error('database or disk is full');
        }
        return super.append(...args);
      }
    }
    const left = report(2026);
    await start({ openStore: (path: string) => new FullStore(path, sha256) });
    full = true;
    const unsaved = new Promise<void>((said) => gateway.log.onHealth(() => said()));
    await remove('artifacts');
    await unsaved;
    expect(existsSync(left)).toBe(true);
    full = false;
  });

  it('takes from a terminal the names of what it deletes, for deletions on record only', async () => {
    now = LATER;
    await start();
    const about = { kind: 'trades', year: 2026, count: 2, files: [] };
    expect(await terminal.give('retention.name', about)).toMatchObject({ code: 'unknown_request' });
    await remove('trades');
    expect(await terminal.give('retention.name', about)).toMatchObject({ stage: 'done' });
    expect(of('retention.named')[0]).toMatchObject({
      actor: { terminal: 'terminal-luis' },
      data: about,
    });
  });
});
