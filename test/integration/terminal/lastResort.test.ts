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
    sendTo: () => false,
    gateways: () => ({ live: null, addresses: ['ws://127.0.0.1:1'], strangers: [] }),
    lifted: () => false,
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

/** Of each kill the service took, whether it was to close. */
const closing = () =>
  service.calls
    .filter(({ path }) => path === '/operations/kill-switch')
    .map(({ body }) => body.close_positions === true);
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
    expect(closing()).toEqual([false, true]);
  });

  it('does not sell what a gateway is selling: it looks twice before it closes', async () => {
    bot.open('BTC/USDT', 'ETH/USDT');
    const [first] = bot.trades;
    if (first) first.exit = 'placed';
    const [, target] = targets;
    const outcome = await directKill(
      target as LastResortTarget,
      { reason: 'x', closePositions: true, closing: new Set() },
      direct,
    );
    expect(outcome.state).toBe('blocked');
    await bot.until(() => bot.trades.length === 0);
    expect([...bot.sold.values()]).toEqual([2, 2]);
  });

  it('asks to close until it was heard: not before the service is there, and again after a no', async () => {
    targets = targets.slice(0, 1);
    const kills = desk(nobody);
    const answer = () => kills.view()[0]?.lastResort.usdcop;
    const again = async (state: string) => {
      now += 3_000;
      kills.tick();
      await until(() => answer()?.state === state);
    };
    const { port } = service;
    await service.stop();
    kills.fire({ scope: all, ...params });
    await again('unknown');
    expect(answer()).toMatchObject({ open: null, owed: true });
    service = await FakeInferenceService.start(port);
    service.open(1);
    // It takes the flag and refuses to close: blocked, with the closing owed.
    service.closingFails = true;
    await again('blocked');
    expect(answer()).toMatchObject({ owed: true, detail: expect.stringContaining('no broker') });
    service.closingFails = false;
    now += 3_000;
    kills.tick();
    await until(() => answer()?.owed === false);
    expect(answer()?.state).toBe('blocked');
    expect(closing()).toEqual([false, true, false, true]);
  });

  it('does not ask again to close what may have been heard', async () => {
    targets = targets.slice(0, 1);
    service.closingHangs = true;
    const kills = desk(nobody);
    kills.fire({ scope: all, ...params });
    now += 3_000;
    kills.tick();
    await until(() => kills.view()[0]?.lastResort.usdcop?.state === 'blocked');
    expect(kills.view()[0]?.lastResort.usdcop?.owed).toBe(false);
    now += 3_000;
    kills.tick();
    expect(closing()).toEqual([false, true]);
  });

  it('asks a bot to exit once its trades can be read, each that was not asked, each once', async () => {
    targets = targets.slice(1);
    const kills = desk(nobody);
    const answer = () => kills.view()[0]?.lastResort.bot;
    bot.open('BTC/USDT', 'ETH/USDT', 'SOL/USDT');
    bot.vetoed.add(1);
    const third = bot.trades[2];
    if (third) third.entryOpen = true;
    bot.breaks.set('/status', 'database is locked');
    kills.fire({ scope: all, ...params });
    now += 3_000;
    kills.tick();
    await until(() => answer()?.state === 'blocked');
    expect(answer()).toMatchObject({ open: null, owed: true });
    expect(answer()?.detail).toContain('database is locked');
    // An empty list that another answer does not confirm is no word that nothing is open.
    bot.breaks.clear();
    bot.statusFails = true;
    let before = answer();
    now += 3_000;
    kills.tick();
    await until(() => answer() !== before);
    expect(answer()).toMatchObject({ state: 'blocked', open: null, owed: true });
    bot.statusFails = false;
    before = answer();
    now += 3_000;
    kills.tick();
    await until(() => answer() !== before);
    // The third showed an order, so it is looked at again.
    expect(answer()).toMatchObject({ owed: true, detail: expect.stringContaining('trade 3') });
    if (third) third.entryOpen = false;
    now += 3_000;
    kills.tick();
    await until(() => answer()?.owed === false);
    const exits = bot.calls.filter(({ call }) => call === 'POST /forceexit');
    expect(exits.map(({ body }) => (body as { tradeid: string }).tradeid)).toEqual(['1', '2', '3']);
    await bot.until(() => bot.trades.length === 1);
    expect([...bot.sold.values()]).toEqual([2, 2]);
  });

  it('does not take a bot that reloads for a stopped one: it comes back running', async () => {
    targets = targets.slice(1);
    await bot.stop();
    bot = await FakeFreqtrade.start(3_600_000);
    targets = [{ ...(targets[0] as LastResortTarget), address: bot.address }];
    bot.reload();
    const kills = desk(nobody);
    kills.fire({ scope: all, ...params });
    now += 3_000;
    kills.tick();
    await until(() => kills.view()[0]?.lastResort.bot?.state === 'unknown');
    bot.restart();
    expect(bot.takesEntries()).toBe(true);
    now += 3_000;
    kills.tick();
    await until(() => kills.view()[0]?.lastResort.bot?.state === 'blocked');
    expect(bot.takesEntries()).toBe(false);
  });

  it('is not held up by a clock that was put back', async () => {
    targets = targets.slice(0, 1);
    service.instead.set('/operations/kill-switch', { status: 502, text: 'bad gateway' });
    const kills = desk(nobody);
    kills.fire({ scope: all, ...params });
    now -= 3_600_000;
    kills.tick();
    const answer = () => kills.view()[0]?.lastResort.usdcop;
    await until(() => answer()?.state === 'refused');
    service.instead.clear();
    now -= 3_600_000;
    kills.tick();
    await until(() => answer()?.state === 'blocked');
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
    await until(() => answer()?.owed === false);
    // What was refused was not carried out, and is asked for again.
    expect(closing()).toEqual([false, true, false, true]);
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
    // What it cannot read may be whole for another keyring: it is not written over.
    expect(damaged.set(target, true)).toBe('unreadable');
    damaged.remove('usdcop');
    expect(readFileSync(path, 'utf8')).toBe('{');
    rmSync(folder, { recursive: true, force: true });
  });
});
