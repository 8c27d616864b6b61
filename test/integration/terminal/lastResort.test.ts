import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKillDesk, type KillDesk } from '../../../src/main/kill/killDesk';
import { openLastResort, type Sealer } from '../../../src/main/kill/lastResortStore';
import { directKill, directTest } from '../../../src/node/directKill';
import { fetchJson } from '../../../src/node/fetchJson';
import type { LastResortTarget } from '../../../src/shared/bridges/lastResort';
import { FakeFreqtrade } from '../../fakes/freqtrade';
import { FakeInferenceService } from '../../fakes/inferenceService';
import { shippedPolicy } from '../../support/desk';

let service: FakeInferenceService;
let bot: FakeFreqtrade;
let now = 0;
let reports: string[] = [];
let changed: (() => void)[] = [];
let targets: LastResortTarget[] = [];
/** Turns of the bot's loop that "6.5 s later" is made of here. */
const direct = { fetch: fetchJson, after: () => bot.turns(2) };

beforeEach(async () => {
  service = await FakeInferenceService.start();
  bot = await FakeFreqtrade.start();
  now = 1_000_000;
  reports = [];
  changed = [];
  targets = [
    {
      ...{ engine: 'usdcop', kind: 'inference-api', address: service.address },
      secrets: { apiKey: 'key' },
    },
    {
      ...{ engine: 'bot', kind: 'freqtrade', address: bot.address },
      secrets: { username: 'bot', password: 'secret' },
    },
  ];
});
afterEach(async () => {
  await service.stop();
  await bot.stop();
});

function desk(post: () => Promise<{ ok: boolean; unsaved: boolean; message: string }>): KillDesk {
  return createKillDesk({
    latch: { set: () => undefined, get: () => null },
    clock: () => now,
    newId: randomUUID,
    times: () => shippedPolicy.kill,
    control: () => false,
    controlLive: () => false,
    addresses: () => ['ws://127.0.0.1:1'],
    post,
    lastResort: {
      targets: () => targets,
      kill: (target, kill) => directKill(target, kill, direct),
      afterMs: () => shippedPolicy.kill.lastResortAfterMs,
    },
    report: (kind, detail) => void reports.push(`${kind} ${detail}`),
    changed: () => {
      for (const look of [...changed]) look();
    },
  });
}

function until(condition: () => boolean): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (!condition()) return;
      changed = changed.filter((one) => one !== look);
      done();
    };
    changed.push(look);
    look();
  });
}

const nobody = () => Promise.reject(new Error('ECONNREFUSED'));
const all = { kind: 'all' } as const;
const params = { reason: 'sin gateway', closePositions: true, origin: 'hotkey' } as const;

describe('a kill that no gateway acknowledges', () => {
  it('goes to the engines’ own services after 3 s by itself; a flag that is set is no flat', async () => {
    service.open(2);
    bot.open('BTC/USDT');
    const kills = desk(nobody);
    kills.fire({ scope: all, ...params });
    now += 2_900;
    kills.tick();
    expect(service.calls).toEqual([]);
    now += 200;
    kills.tick();
    const answer = (engine: string) => kills.view()[0]?.lastResort[engine];
    expect(answer('usdcop')?.state).toBe('trying');
    await until(() => answer('usdcop')?.state === 'blocked');
    await until(() => answer('bot')?.state === 'blocked');
    expect(answer('usdcop')).toMatchObject({ open: 2 });
    expect(service).toMatchObject({ active: true, activatedBy: 'vigia-terminal' });
    expect(bot.takesEntries()).toBe(false);
    await bot.until(() => bot.trades.length === 0);
    expect(bot.sold.get(1)).toBe(2);
    expect(bot.count('POST /stop')).toBe(0);
    // Nothing of it acknowledges the kill: only a gateway does.
    expect(kills.view()[0]).toMatchObject({ stage: 'sending', acknowledgedAt: null });
    expect(reports.filter((line) => line.startsWith('kill_last_resort'))).toHaveLength(4);
    expect(
      reports.some((line) => line.includes('usdcop: blocked') && line.includes('open: 2')),
    ).toBe(true);
    now += 10_000;
    kills.tick();
    expect(service.count('/operations/kill-switch')).toBe(1);
  });

  it('does not sell what a gateway is selling: it looks twice before it closes', async () => {
    bot.open('BTC/USDT', 'ETH/USDT');
    const [first] = bot.trades;
    if (first) first.exit = 'placed';
    const [, target] = targets;
    const outcome = await directKill(
      target as LastResortTarget,
      { reason: 'x', closePositions: true },
      direct,
    );
    expect(outcome.state).toBe('blocked');
    await bot.until(() => bot.trades.length === 0);
    expect([...bot.sold.values()]).toEqual([2, 2]);
  });

  it('is not used for a kill that a gateway has, nor for engines out of scope, nor after a no', async () => {
    const taken = desk(() => Promise.resolve({ ok: true, unsaved: false, message: '' }));
    taken.fire({ scope: all, ...params });
    await until(() => taken.view()[0]?.stage === 'accepted');
    now += 60_000;
    taken.tick();
    expect(service.calls).toEqual([]);
    const kills = desk(nobody);
    const id = kills.fire({ scope: { kind: 'engines', engines: ['bot'] }, ...params });
    now += 3_000;
    kills.tick();
    await until(() => kills.view()[0]?.lastResort.bot?.state === 'blocked');
    expect(service.calls).toEqual([]);
    kills.abandon(id);
    service.resumeElsewhere();
    now += 60_000;
    kills.tick();
    expect(service.calls).toEqual([]);
  });

  it('goes on until the service says that it is stopped; what it cannot know is unknown', async () => {
    targets = targets.slice(0, 1);
    service.instead.set('/operations/kill-switch', { status: 502, text: 'bad gateway' });
    service.instead.set('/trades', { status: 200, text: '{"trades":"none"}' });
    const kills = desk(nobody);
    kills.fire({ scope: all, ...params });
    now += 3_000;
    kills.tick();
    const answer = () => kills.view()[0]?.lastResort.usdcop;
    await until(() => answer()?.state === 'refused');
    expect(answer()).toMatchObject({ open: null });
    service.instead.clear();
    now += 3_000;
    kills.tick();
    await until(() => answer()?.state === 'blocked');
    const closing = service.calls.filter(({ body }) => body.close_positions === true);
    expect(closing).toHaveLength(1);
  });
});

describe('the way that is kept', () => {
  it('is looked at without changing anything', async () => {
    service.open(1);
    const [inference, freqtrade] = targets as [LastResortTarget, LastResortTarget];
    expect(await directTest(inference, direct)).toMatchObject({
      ok: true,
      found: { mode: 'normal', positions: 1 },
    });
    expect(await directTest(freqtrade, direct)).toMatchObject({
      ok: true,
      found: { mode: 'running', environment: 'paper' },
    });
    const wrong = { ...inference, secrets: { apiKey: 'other' } };
    expect(await directTest(wrong, direct)).toMatchObject({ ok: false });
    expect(service.calls.every(({ method }) => method === 'GET')).toBe(true);
    expect(bot.calls.every(({ call }) => !/^POST \/(?!token)/.test(call))).toBe(true);
  });

  it('is sealed on the disk; plain text is asked about, and a damaged file is said', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigia-last-resort-'));
    const path = join(folder, 'last-resort.json');
    let plain = false;
    let backend = 'gnome_libsecret';
    const turn = (text: string) => Buffer.from(text).map((byte) => byte ^ 0x5a);
    const sealer: Sealer = {
      available: () => backend !== 'basic_text' || plain,
      backend: () => backend,
      acceptPlain: () => {
        plain = true;
      },
      seal: (text) => Buffer.from(turn(text)),
      open: (sealed) => Buffer.from(sealed.map((byte) => byte ^ 0x5a)).toString('utf8'),
    };
    const [target] = targets as [LastResortTarget];
    const kept = openLastResort(path, sealer);
    expect(kept.set(target, false)).toBeNull();
    expect(readFileSync(path, 'utf8')).toContain('gnome_libsecret');
    expect(readFileSync(path, 'utf8')).not.toContain(target.address);
    expect(openLastResort(path, sealer).get()).toEqual([target]);
    expect(JSON.stringify(kept.view())).not.toContain('key"');
    backend = 'basic_text';
    expect(kept.set(target, false)).toBe('plain_text');
    expect(kept.set(target, true)).toBeNull();
    expect(plain).toBe(true);
    kept.remove('usdcop');
    expect(openLastResort(path, sealer).get()).toEqual([]);
    writeFileSync(path, '{');
    const damaged = openLastResort(path, sealer);
    expect(damaged.get()).toEqual([]);
    expect(damaged.view().problem).toContain('cannot be opened');
    rmSync(folder, { recursive: true, force: true });
  });
});
