import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { chainOf } from '../../bench/events';
import {
  blockedAt,
  blockedFaults,
  commandFaults,
  copyFaults,
  flatFaults,
  killedFaults,
  type LedgerLine,
  leaseFaults,
  ledgerFaults,
  lostFaults,
  mirrorFaults,
  modeAt,
  type Outcome,
  ownershipFaults,
  readChain,
  saidOnceFaults,
  slowFaults,
  type Told,
  turnFaults,
} from '../../chaos/checker';

/** A log of so many facts, 10 s apart, so that nothing is excused as being on its way. */
function logOf(...facts: [type: string, data?: object, commandId?: string][]): Told[] {
  return facts.map(([type, data = {}, commandId = null], index) => ({
    ...{
      id: idAt((index + 1) * 10_000),
      seq: index + 1,
      ts: (index + 1) * 10_000,
      type,
      data: data as Told['data'],
    },
    ...{ commandId, prevHash: `h${index}`, hash: `h${index + 1}` },
  }));
}
/** An id of an instant, as the gateway makes them. */
const idAt = (ms: number) => `${ms.toString(16).padStart(12, '0')}-7000`;
const line = (
  at: number,
  what: LedgerLine['what'],
  rest: Partial<LedgerLine> = {},
): LedgerLine => ({
  ...{ at, life: 1, what },
  ...rest,
});
const accepted: Outcome = { id: 'a', name: 'kill', stage: 'accepted', seq: 1, unsaved: false };

it('sees a command that was lost, applied twice, or refused and applied', () => {
  const once = logOf(['kill.requested', {}, 'a'], ['kill.halted', {}, 'a']);
  expect(commandFaults(once, [accepted])).toEqual([]);
  expect(commandFaults(logOf(['ops.paused', {}, 'b']), [accepted])).toHaveLength(2);
  expect(commandFaults([], [{ ...accepted, unsaved: true }])).toEqual([]);
  const twice = logOf(['kill.requested', {}, 'a'], ['kill.requested', {}, 'a']);
  expect(commandFaults(twice, [accepted])).toEqual([expect.stringContaining('applied 2 times')]);
  const refused: Outcome = { ...accepted, stage: 'rejected', seq: null };
  expect(commandFaults(once, [refused])).toEqual([expect.stringContaining('refused and applied')]);
});

it('sees who registers in another mode while the desk is killed', () => {
  const normal = { engine: 'v', appliedMode: 'normal' };
  const bad = logOf(['kill.requested'], ['engine.connected', normal]);
  expect(killedFaults(bad)).toHaveLength(1);
  const good = logOf(['kill.requested'], ['ops.resumed'], ['engine.connected', normal]);
  expect(killedFaults(good)).toEqual([]);
});

it('sees an engine that leaves killed by itself, opens while stopped, or sells twice', () => {
  const killed = line(10_000, 'mode', { mode: 'killed' });
  const normal = line(25_000, 'mode', { mode: 'normal' });
  const log = logOf(['kill.requested'], ['ops.resumed']);
  expect(ledgerFaults(log, 'v', [killed, normal])).toEqual([]);
  const early = line(15_000, 'mode', { mode: 'normal' });
  expect(ledgerFaults(log, 'v', [killed, early])).toEqual([expect.stringContaining('no resume')]);
  const open = line(12_000, 'order', { id: 'o', purpose: 'open', quantity: 5 });
  expect(ledgerFaults(log, 'v', [killed, open])).toEqual([expect.stringContaining('opens')]);
  const fill = (purpose: 'open' | 'close', quantity: number, position: number) =>
    line(30_000, 'fill', { id: 'o', purpose, quantity, position });
  const sold = [fill('open', 5, 5), fill('close', -5, 0)];
  expect(ledgerFaults(log, 'v', sold)).toEqual([]);
  expect(ledgerFaults(log, 'v', [...sold, fill('close', -5, -5)])).toEqual([
    expect.stringContaining('sold twice'),
  ]);
});

it('sees a flat that is not', () => {
  const log = logOf(['kill.requested'], ['kill.flat', { engines: ['v'] }]);
  const held = [line(1, 'fill', { id: 'o', purpose: 'open', quantity: 5, position: 5 })];
  expect(flatFaults(log, new Map([['v', held]]))).toHaveLength(1);
  const closed = line(19_999, 'fill', { id: 'p', purpose: 'close', quantity: -5, position: 0 });
  expect(flatFaults(log, new Map([['v', [...held, closed]]]))).toEqual([]);
  const working = line(19_999, 'order', { id: 'q', purpose: 'open', quantity: 5 });
  expect(flatFaults(log, new Map([['v', [...held, closed, working]]]))).toHaveLength(1);
});

it('sees what was accepted without being saved and never came into the log', () => {
  const unsaved: Outcome = { ...accepted, unsaved: true };
  expect(lostFaults(logOf(['kill.requested', {}, 'a']), [unsaved])).toEqual([]);
  expect(lostFaults(logOf(['command.rejected', {}, 'a']), [unsaved])).toHaveLength(1);
});

it('sees a copy of the log that is another', () => {
  const log = logOf(['a'], ['b'], ['c']);
  const forked = log.map((event) => (event.seq === 2 ? { ...event, hash: 'other' } : event));
  const of = (...copies: Told[][]) =>
    copyFaults(new Map(copies.map((copy, at) => [`copy ${at}`, copy])));
  expect(of(log, log.slice(0, 2), [])).toEqual([]);
  expect(of(log, forked)).toEqual(['copy 1: event 2 is not that of the others']);
  expect(of(log, log.slice(1))).toHaveLength(1);
});

it('sees two that act at once, and what is said in a turn that is over', () => {
  const acting = (token: number): [string, object] => ['gateway.acting', { token }];
  const log = logOf(acting(1), ['kill.flat'], acting(2), ['kill.flat']);
  expect(turnFaults(log)).toEqual([]);
  expect(turnFaults(logOf(acting(1), acting(1)))).toHaveLength(1);
  expect(turnFaults(logOf(acting(2), acting(1)))).toHaveLength(2);
  expect(turnFaults(logOf(['kill.halted'], acting(1)))).toHaveLength(1);
  const late = log.map((event) => (event.seq === 4 ? { ...event, id: idAt(25_000) } : event));
  expect(turnFaults(late)).toEqual(['event 4: kill.flat of a turn before 2']);
});

it('sees an engine that two have, a token that goes back, and who speaks of what has left', () => {
  type Line = [string, object];
  const started = (node: string, lease: number): Line => ['gateway.started', { node, lease }];
  const at = (node: string, lease: number, session: string): Line => [
    'engine.connected',
    { engine: 'v', node, lease, session },
  ];
  const lost: Line = ['engine.lost', { engine: 'v' }];
  const said: Line = ['engine.self_paused', { engine: 'v' }];
  const begun = [started('a', 1), started('b', 1)];
  const good = [
    ...begun,
    at('a', 1, 's'),
    lost,
    at('a', 2, 's'),
    said,
    at('b', 1, 't'),
    said,
    lost,
  ];
  expect(ownershipFaults(logOf(...good))).toEqual([]);
  expect(ownershipFaults(logOf(...good, started('b', 2), at('b', 2, 'u'), said))).toEqual([]);
  const faults = (...lines: Line[]) => ownershipFaults(logOf(...good, ...lines));
  expect(faults(at('a', 2, 's'))).toEqual(['event 10: v is back at a, which it left']);
  expect(faults(at('a', 1, 'u'))).toEqual(['event 10: a under 1 after 2']);
  expect(faults(started('b', 1))).toHaveLength(1);
  expect(faults(['engine.connected', { engine: 'v', node: 'a', session: 'u' }])).toHaveLength(1);
  expect(faults(lost)).toEqual(['event 10: v is lost again']);
  // Noted before it came to the second.
  const late = logOf(...good).map((one) => (one.seq === 8 ? { ...one, id: idAt(65_000) } : one));
  expect(ownershipFaults(late)).toEqual([
    'event 8: engine.self_paused of v by who had it before b',
  ]);
});

it('sees a token of a lease that two have had', () => {
  const seen = (holder: string | null, token: number, lease = 'acting') => ({
    ...{ lease, holder, token },
    ...{ revision: token * 10, at: 5 },
  });
  const fine = [
    ...[seen('norte', 1), seen(null, 1), seen('sur', 2)],
    ...[seen('norte', 3), seen('sur', 1, 'other')],
  ];
  expect(leaseFaults(fine)).toEqual([]);
  expect(leaseFaults([...fine, seen('centro', 2)])).toEqual([
    'lease acting: token 2 was sur’s (change 20, seen at 5) and centro’s (change 20, seen at 5)',
  ]);
});

it('sees that kills took too long, by the slowest of few and by P99 of many', () => {
  const of = (count: number, ...slow: number[]) => [...new Array(count).fill(10), ...slow];
  expect(slowFaults('a kill', [], 1_000)).toEqual([]);
  expect(slowFaults('a kill', of(5, 1_000), 1_000)).toEqual([
    'a kill: p99 of 6 is 1000 ms, not below 1000 ms',
  ]);
  expect(slowFaults('a kill', of(198, 2_000, 2_000), 1_000)).toEqual([]);
  expect(slowFaults('a kill', of(197, 2_000, 2_000, 2_000), 1_000)).toHaveLength(1);
});

it('sees a kill that is called flat again with nothing between', () => {
  const flat: [string, object, string] = ['kill.flat', {}, 'a'];
  expect(saidOnceFaults(logOf(flat, ['kill.reopened', {}, 'a'], flat))).toEqual([]);
  expect(saidOnceFaults(logOf(flat, ['ops.paused'], flat))).toHaveLength(1);
});

it('sees who came unaware of a kill and was not blocked', () => {
  const came: [string, object] = ['engine.connected', { engine: 'v', appliedMode: 'normal' }];
  const blocked: [string, object] = ['kill.step_settled', { engine: 'v', step: 'block' }];
  expect(blockedFaults(logOf(['kill.requested'], came))).toHaveLength(1);
  expect(blockedFaults(logOf(['kill.requested'], came, blocked))).toEqual([]);
  expect(blockedFaults(logOf(['kill.requested'], came, ['ops.resumed']))).toEqual([]);
});

it('tells when an engine was blocked', () => {
  const mode = (at: number, to: string) => line(at, 'mode', { mode: to });
  const ledger = [mode(10, 'normal'), mode(20, 'killed'), mode(30, 'normal'), mode(40, 'killed')];
  expect([5, 10, 25, 35].map((at) => modeAt(ledger, at))).toEqual([
    ...['paused', 'normal', 'killed', 'normal'],
  ]);
  expect([15, 21, 41].map((since) => blockedAt(ledger, since))).toEqual([20, 40, null]);
});

it('hashes a chain afresh, and sees one byte of it changed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-checker-'));
  const path = join(folder, 'log.db');
  const store = new SqliteEventStore(path, sha256);
  await store.append(chainOf(20), 0);
  expect(readChain(path)).toHaveLength(20);
  expect(mirrorFaults(readChain(path), readChain(path).slice(0, 9))).toEqual([]);
  expect(mirrorFaults(readChain(path).slice(0, 9), readChain(path))).toHaveLength(1);
  store.database.exec(`UPDATE events SET body = replace(body, 'halted', 'flat') WHERE seq = 7`);
  store.database.exec(`UPDATE events SET body = body || ' ' WHERE seq = 7`);
  expect(() => readChain(path)).toThrow('does not hold at 7');
  store.close();
  rmSync(folder, { recursive: true });
});
