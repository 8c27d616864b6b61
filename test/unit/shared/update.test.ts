import { describe, expect, it } from 'vitest';
import type { OpsState } from '../../../src/shared/ops/state';
import { settingsSchema } from '../../../src/shared/settings';
import { updateHindrance } from '../../../src/shared/update/hindrance';
import { isNewer, MANIFEST_NAME, manifestName } from '../../../src/shared/update/manifest';
import type { DeskView, EngineFigures, LocalKill } from '../../../src/shared/view/desk';
import { alertFact, deskFact, engineFacts, incidentDesk, killFact } from '../../support/incidents';

type Fact = ReturnType<typeof deskFact>;
type Seen = Parameters<typeof updateHindrance>[0];

function stateAfter(...facts: readonly Fact[]): OpsState {
  const desk = incidentDesk();
  desk.append([...facts]);
  return desk.state();
}

const FLAT = { positions: [], workingOrders: [] } as unknown as EngineFigures;

function seen(ops: OpsState, change: Partial<Seen> = {}): Seen {
  return {
    ...{ ops, kills: [], pendingKill: null, environment: 'live', telemetryLink: 'live' },
    link: { state: 'live' } as DeskView['link'],
    mirror: { state: 'ok', headSeq: ops.seq } as DeskView['mirror'],
    figures: Object.fromEntries(Object.keys(ops.engines).map((id) => [id, FLAT])),
    ...change,
  };
}

/** A live desk whose engine has taken that mode over. */
function liveIn(mode: 'normal' | 'reducing' | 'paused' | 'killed', confirmed = mode): OpsState {
  const ops = stateAfter(deskFact('live'), ...engineFacts('e', 'live'));
  const engine = ops.engines.e;
  if (!engine) throw new Error('there is no engine');
  return {
    ...ops,
    engines: { e: { ...engine, own: { ...engine.own, mode }, confirmedMode: confirmed } },
  };
}

const PAPER = stateAfter(deskFact('paper'), ...engineFacts('e'));
const paper = (change: Partial<Seen> = {}) =>
  updateHindrance(seen(PAPER, { environment: 'paper', ...change }));

describe('what stands against another version now', () => {
  it('is nothing on paper, whatever the mode and the positions are', () => {
    expect(paper()).toBeNull();
    expect(paper({ figures: {} })).toBeNull();
  });

  it.each([
    ['normal', 'live'],
    ['reducing', 'live'],
    ['paused', null],
    ['killed', null],
  ] as const)('with a live engine that is %s: %s', (mode, expected) => {
    expect(updateHindrance(seen(liveIn(mode)))).toBe(expected);
  });

  it('is live while an engine has not confirmed that it stopped, or cannot be asked', () => {
    expect(updateHindrance(seen(liveIn('killed', 'normal')))).toBe('live');
    const ops = liveIn('paused');
    const engine = ops.engines.e as (typeof ops.engines)[string];
    const gone = { ...ops, engines: { e: { ...engine, connected: false } } };
    expect(updateHindrance(seen(gone))).toBe('live');
  });

  it.each([
    ['a position', { ...FLAT, positions: [{}] }],
    ['a working order', { ...FLAT, workingOrders: [{}] }],
    ['figures that nobody has told', { ...FLAT, positions: null }],
    ['no figures', undefined],
  ])('is what is held, with a paused live engine and %s', (_what, figures) => {
    const held = seen(liveIn('paused'), { figures: { e: figures as EngineFigures } });
    expect(updateHindrance(held)).toBe('positions');
  });

  it('is what is held where telemetry does not come', () => {
    expect(updateHindrance(seen(liveIn('paused'), { telemetryLink: 'stale' }))).toBe('positions');
  });

  it('is an open incident, on paper too', () => {
    const ops = stateAfter(deskFact('paper'), ...engineFacts('e'), alertFact('a1', 'P1'));
    expect(ops.incidents.incidents).toHaveLength(1);
    expect(updateHindrance(seen(ops, { environment: 'paper' }))).toBe('incident');
  });

  it('is a kill: given here, queued from before, or under way at any terminal', () => {
    const kill = { stage: 'sending' } as LocalKill;
    expect(paper({ kills: [kill] })).toBe('kill');
    expect(paper({ pendingKill: {} as DeskView['pendingKill'] })).toBe('kill');
    const ops = stateAfter(deskFact('paper'), ...engineFacts('e'), killFact());
    expect(Object.keys(ops.chains)).toEqual(['e']);
    expect(updateHindrance(seen(ops, { environment: 'paper' }))).toBe('kill');
  });

  it.each([
    ['the link is down', { link: { state: 'down' } }],
    ['the link is stale', { link: { state: 'stale' } }],
    ['the log is not followed to its end', { mirror: { state: 'ok', headSeq: PAPER.seq + 1 } }],
    ['nobody has said where the log ends', { mirror: { state: 'ok', headSeq: null } }],
    ['the log cannot be followed', { mirror: { state: 'broken', headSeq: PAPER.seq } }],
    ['nobody has said whether it is paper', { environment: null }],
  ])('is not known, which is the worst, while %s', (_what, change) => {
    expect(paper(change as Partial<Seen>)).toBe('unknown');
  });
});

describe('a release', () => {
  it.each([
    ['0.1.1', '0.1.0', true],
    ['0.10.0', '0.9.9', true],
    ['1.0.0', '0.99.99', true],
    ['0.1.0', '0.1.0', false],
    ['0.9.9', '0.10.0', false],
  ])('%s is newer than %s: %s', (a, b, expected) => {
    expect(isNewer(a, b)).toBe(expected);
  });

  it('has its manifest where electron-builder puts it', () => {
    const names = [
      manifestName('linux', 'x64'),
      manifestName('linux', 'arm64'),
      manifestName('win32', 'x64'),
      manifestName('darwin', 'arm64'),
    ];
    expect(names).toEqual([
      'latest-linux.yml',
      'latest-linux-arm64.yml',
      'latest.yml',
      'latest-mac.yml',
    ]);
    for (const name of names) expect(name).toMatch(MANIFEST_NAME);
  });
});

describe('the address of an update server', () => {
  const takes = (updateServer: string) =>
    settingsSchema.partial().safeParse({ updateServer }).success;

  it.each(['', 'https://updates.mesa.example', 'https://h:8443/vigia/', 'http://127.0.0.1:80/v'])(
    'may be "%s"',
    (address) => expect(takes(address)).toBe(true),
  );

  it.each([
    'http://updates.mesa.example/',
    'http://127.0.0.1.evil.example/',
    'http://localhost@evil.example/',
    'https://user:word@h/',
    'ftp://h/',
    'file:///etc',
    'https://h/?x',
  ])('may not be "%s"', (address) => expect(takes(address)).toBe(false));
});
