import { expect, it } from 'vitest';
import type {
  KillCommand,
  KillEvent,
  LocalKills,
  TrackedKill,
} from '../../../src/main/kill/localKills';
import {
  DONE_SHOWN_MS,
  foldKills,
  killActions,
  killsView,
  latched,
} from '../../../src/main/kill/localKills';

const TIMES = { alarmAfterMs: 1_000, retryEveryMs: 1_000 };
const id = '0192f0c8-0000-7000-8000-000000000001';
const command: KillCommand = {
  ...{ type: 'command', id, name: 'kill', issuedAt: 0 },
  params: {
    ...{ scope: { kind: 'all' }, reason: 'x', closePositions: true, notifyTeam: true },
    origin: 'panel',
  },
};
const run = (...events: KillEvent[]): LocalKills =>
  events.reduce<LocalKills>((kills, event) => foldKills(kills, event, TIMES), []);
const only = (kills: LocalKills): TrackedKill => kills[0] as TrackedKill;
const fired: KillEvent = { type: 'fired', command };
const sent: KillEvent = { type: 'sent', id, by: 'control', at: 0 };
const types = (kill: TrackedKill, at: number, live: boolean): string[] =>
  killActions(kill, at, live, TIMES).map((action) => action.type);

it('goes by the socket when live, then to the other gateways, and by HTTP when not', () => {
  expect(types(only(run(fired)), 0, true)).toEqual(['control.send', 'others.send']);
  expect(types(only(run(fired)), 0, false)).toEqual(['http.post']);
});

it('asks before it sends again, and sends again only what is not known', () => {
  expect(types(only(run(fired, sent)), 500, true)).toEqual([]);
  expect(types(only(run(fired, sent)), 1_000, true)).toEqual([
    ...['control.query', 'others.send', 'http.post'],
  ]);
  const missing = run(fired, sent, {
    ...{ type: 'answer', at: 1, answer: { type: 'answer', id, stage: 'unknown' } },
  });
  expect(types(only(missing), 1, true)).toContain('control.send');
});

it('alarms when late, keeps trying when silenced, and is latched until acknowledged', () => {
  const late = run(fired, sent, { type: 'tick', at: 1_000 });
  expect(killsView(late)[0]?.alarm).toBe(true);
  const silenced = foldKills(late, { type: 'silenced', id }, TIMES);
  expect(killsView(silenced)[0]?.alarm).toBe(false);
  expect(types(only(silenced), 2_000, false)).toEqual(['http.post']);
  expect(latched(silenced)).toHaveLength(1);
  const accepted = foldKills(silenced, { type: 'http.accepted', id, at: 2, unsaved: false }, TIMES);
  expect(latched(accepted)).toHaveLength(0);
  expect(foldKills(accepted, { type: 'abandoned', id }, TIMES)).toHaveLength(1);
  expect(foldKills(silenced, { type: 'abandoned', id }, TIMES)).toHaveLength(0);
});

it('is neither kept waiting nor kept quiet by a clock that was put back', () => {
  const hour = 3_600_000;
  const ahead = { ...command, issuedAt: hour };
  const early = run({ type: 'fired', command: ahead }, { ...sent, at: hour } as KillEvent);
  expect(types(only(early), 10, true)).toEqual([...['control.query', 'others.send', 'http.post']]);
  const ticked = foldKills(early, { type: 'tick', at: 10 }, TIMES);
  expect(killsView(ticked)[0]?.alarm).toBe(true);
});

it('is acknowledged by the first gateway; what another says later, or cannot do, changes nothing', () => {
  const accepted: KillEvent = {
    ...{ type: 'answer', at: 5 },
    answer: { type: 'answer', id, stage: 'accepted', seq: 9, unsaved: false },
  };
  const first = run(fired, sent, { type: 'error', id, message: 'b: refused' }, accepted);
  const [shown] = killsView(first);
  expect(shown).toMatchObject({ stage: 'accepted', acknowledgedAt: 5, lastError: null });
  const later: KillEvent[] = [
    { type: 'http.accepted', id, at: 9, unsaved: true },
    { type: 'error', id, message: 'c: HTTP 500' },
    {
      ...{ type: 'answer', at: 10 },
      answer: { type: 'answer', id, stage: 'rejected', code: 'unavailable', message: 'x' },
    },
  ];
  for (const event of later) expect(killsView(foldKills(first, event, TIMES))).toEqual([shown]);
});

it('is shown for as long as no log has it, also when it was carried out long ago', () => {
  const answered = (answer: object): KillEvent =>
    ({ type: 'answer', at: 5, answer: { type: 'answer', id, ...answer } }) as KillEvent;
  const done = run(
    ...[fired, sent, answered({ stage: 'accepted', seq: 9, unsaved: true })],
    answered({ stage: 'done', summary: 'flat' }),
  );
  const later = { type: 'tick', at: 10 * DONE_SHOWN_MS } as const;
  const [shown] = killsView(foldKills(done, later, TIMES));
  expect(shown).toMatchObject({ stage: 'done', unsaved: true });
  const logged = foldKills(done, { type: 'logged', id, at: 6 }, TIMES);
  expect(killsView(logged)[0]).toMatchObject({ unsaved: false });
  expect(foldKills(logged, later, TIMES)).toEqual([]);
});
