import { describe, expect, test } from 'vitest';
import { deskStatus } from '../../../src/renderer/desk/desk.state';
import type { EngineChain } from '../../../src/shared/kill/chain';
import { startChain } from '../../../src/shared/kill/chain';
import type { EngineRecord, OpsState } from '../../../src/shared/ops/state';
import { INITIAL_OPS_STATE, NO_OWN_MODE } from '../../../src/shared/ops/state';
import type { DeskView, LocalKill } from '../../../src/shared/view/desk';

const AT = 1_000_000;

function engine(id: string, change: Partial<EngineRecord> = {}): EngineRecord {
  return {
    id,
    name: id,
    kind: 'paper',
    environment: 'paper',
    instruments: [],
    connected: true,
    session: 's',
    lastSession: 's',
    since: 0,
    lostCause: null,
    clockOffsetMs: 0,
    own: NO_OWN_MODE,
    confirmedMode: 'killed',
    selfPausedAt: null,
    node: null,
    ...change,
  };
}

function chain(id: string, change: Partial<EngineChain> = {}): EngineChain {
  const items = [{ kind: 'engine', id, outcome: 'done' }] as const;
  return { ...startChain(id, 'k', true, AT), block: { at: AT, round: 1, items }, ...change };
}

const killedBase: OpsState = {
  ...INITIAL_OPS_STATE,
  epoch: 'e',
  desk: { ...NO_OWN_MODE, mode: 'killed', since: AT },
};

function killed(engines: EngineRecord[], chains: EngineChain[]): OpsState {
  return {
    ...killedBase,
    engines: Object.fromEntries(engines.map((one) => [one.id, one])),
    chains: Object.fromEntries(chains.map((one) => [one.engine, one])),
  };
}

function view(ops: OpsState, change: Partial<DeskView> = {}): DeskView {
  return {
    ops,
    kills: [],
    link: { state: 'live', since: 0 },
    policy: { kill: { alarmAfterMs: 2_000 } },
    gateway: { storeError: null },
    ...change,
  } as unknown as DeskView;
}

const word = (ops: OpsState, change: Partial<DeskView> = {}, now = AT + 100) =>
  deskStatus(view(ops, change), now).word;
const local = (stage: LocalKill['stage'], unsaved = false) =>
  ({ id: 'new', issuedAt: AT, stage, alarm: false, unsaved }) as LocalKill;
const flat = { phase: 'flat', flatAt: AT } as const;
const link = (state: DeskView['link']['state']) => ({ state, since: AT }) as DeskView['link'];

describe('the word for the desk', () => {
  test('is unknown before any gateway spoke, and the mode of the log after', () => {
    expect(word(INITIAL_OPS_STATE)).toBe('unknown');
    expect(word({ ...INITIAL_OPS_STATE, epoch: 'e' })).toBe('normal');
  });

  test('is as last known while the gateway records nothing, and flat is not said then', () => {
    const deaf = { gateway: { storeError: 'no majority' } } as Partial<DeskView>;
    const status = deskStatus(view({ ...INITIAL_OPS_STATE, epoch: 'e' }, deaf), AT + 100);
    expect(status).toMatchObject({ word: 'normal', stale: 'log' });
    const ops = killed([engine('a')], [chain('a', flat)]);
    expect([word(ops), word(ops, deaf)]).toEqual(['flat', 'halted']);
    const down = { ...deaf, link: link('stale') };
    expect(deskStatus(view(ops, down), AT + 100).stale).toBe('link');
  });

  test('is never normal while a kill is carried out that the log has not taken', () => {
    const running = { ...INITIAL_OPS_STATE, epoch: 'e' };
    for (const stage of ['accepted', 'done'] as const) {
      const status = deskStatus(view(running, { kills: [local(stage, true)] }), AT + 100);
      expect(status).toMatchObject({ word: 'accepted', unlogged: true });
    }
    // One that is over and was in the log is that log's to tell.
    expect(word(running, { kills: [local('done')] })).toBe('normal');
  });

  test('is halted only when every live engine acknowledged the block', () => {
    const both = [engine('a'), engine('b', { confirmedMode: null })];
    expect(word(killed([engine('a')], [chain('a')]))).toBe('halted');
    const open = killed(both, [chain('a'), chain('b', { block: null })]);
    expect(word(open)).toBe('accepted');
    const late = deskStatus(view(open), AT + 7_400);
    expect([late.word, late.waitingSeconds]).toEqual(['unconfirmed', 7]);
  });

  test('is never halted with no live engine to have said so', () => {
    expect(word(killed([], []))).toBe('accepted');
    const gone = killed([engine('a', { connected: false })], [chain('a', { stale: true })]);
    expect(word(gone, {}, AT + 5_000)).toBe('unconfirmed');
  });

  test('is halted, and no more, for an engine that somebody stopped elsewhere', () => {
    const own = { ...NO_OWN_MODE, mode: 'killed', since: AT } as const;
    const of = (change: Partial<EngineRecord>) => ({
      ...INITIAL_OPS_STATE,
      epoch: 'e',
      engines: { a: engine('a', { own, ...change }) },
    });
    expect(word(of({}), {}, AT + 5_000)).toBe('halted');
    expect(word(of({ confirmedMode: 'normal' }), {}, AT + 5_000)).toBe('unconfirmed');
    expect(word(of({ connected: false }), {}, AT + 5_000)).toBe('unconfirmed');
  });

  test('is flat only when every chain is proven so, fresh, over a live link', () => {
    const ops = killed([engine('a')], [chain('a', flat)]);
    expect(word(ops)).toBe('flat');
    expect(word(ops, { link: link('stale') })).toBe('halted');
    expect(word(ops, { link: link('down') })).toBe('disconnected');
    expect(word(killed([engine('a')], [chain('a', { ...flat, stale: true })]))).not.toBe('flat');
    const oneLost = killed(
      [engine('a'), engine('b', { connected: false })],
      [chain('a', flat), chain('b', flat)],
    );
    expect(word(oneLost)).not.toBe('flat');
  });

  test('is partial while something is left, and says its notional', () => {
    const position = { id: 'p', instrument: 'USDCOP', notional: 5, currency: 'USD' };
    const held = { asOf: AT, recordedAt: AT, positions: [position], workingOrders: [] };
    const part = { phase: 'reading_back', held } as unknown as Partial<EngineChain>;
    const status = deskStatus(view(killed([engine('a')], [chain('a', part)])), AT);
    expect(status.word).toBe('partial');
    expect(status.left[0]?.notional).toBe(5);
  });

  test('tells a kill that nothing answered before anything else', () => {
    const ops = killed([engine('a')], [chain('a', flat)]);
    expect(word(ops, { kills: [local('sending')] })).toBe('sent');
    expect(word(ops, { kills: [local('received')] }, AT + 3_000)).toBe('unconfirmed');
    expect(word(ops, { kills: [local('accepted')] })).toBe('accepted');
    expect(word(INITIAL_OPS_STATE, { kills: [local('sending')] })).toBe('sent');
  });
});
