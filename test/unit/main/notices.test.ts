import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDesktopNotices } from '../../../src/main/notify/desktop';
import { createEmergency } from '../../../src/main/notify/emergency';
import { openOwnChannels, type Vault } from '../../../src/main/notify/ownChannels';
import type { Timers } from '../../../src/node/notify/lanes';
import type { Send } from '../../../src/node/notify/send';
import type { LogEvent } from '../../../src/shared/log/event';
import type { Level } from '../../../src/shared/notify/message';
import { type Outcome, outcome } from '../../../src/shared/notify/outcome';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import type { LocalKill } from '../../../src/shared/view/desk';
import { notificationsPolicy } from '../../support/desk';
import { ROUTING_KEY } from '../../support/thirdParties';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-own-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Encrypts by turning every bit; enough to see that nothing is in the clear. */
const turned = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0xff));
const KEYRING: Vault = {
  available: () => true,
  encrypt: (text) => turned(Buffer.from(text)),
  decrypt: (bytes) => turned(bytes).toString(),
};
const NONE: Vault = { ...KEYRING, available: () => false };
const SLACK = { channel: 'slack', label: '#mesa', ca: null } as const;
const PAGERDUTY = {
  channel: 'pagerduty',
  url: 'https://events.pagerduty.com/v2/enqueue',
  ca: null,
} as const;
const WEBHOOK = 'https://hooks.slack.com/services/T/B/SECRETO';
const file = () => join(folder, 'own.json');

describe('channels of this terminal', () => {
  it('come back after a restart, their secrets never in the clear', () => {
    const own = openOwnChannels(file(), KEYRING);
    expect(own.set(SLACK, WEBHOOK)).toBeNull();
    expect(readFileSync(file(), 'latin1')).not.toContain('SECRETO');
    const again = openOwnChannels(file(), KEYRING);
    expect(again.get('slack')).toEqual({ settings: SLACK, secret: WEBHOOK });
    expect(again.all()).toEqual({ slack: { settings: SLACK, secretSet: true } });
    again.remove('slack');
    expect(openOwnChannels(file(), KEYRING).all()).toEqual({});
  });

  it('last until the end where there is no keyring, and are not written', () => {
    const own = openOwnChannels(file(), NONE);
    expect(own.set(SLACK, WEBHOOK)).toBeNull();
    expect(own.get('slack')?.secret).toBe(WEBHOOK);
    expect(own.kept()).toBe('memory');
    expect(() => readFileSync(file())).toThrow();
  });

  it('say what is wrong with them, and keep a secret only for the same place', () => {
    const own = openOwnChannels(file(), KEYRING);
    expect(own.set(SLACK, 'http://hooks.slack.com/x')).toMatch(/https/);
    expect(own.set(PAGERDUTY, ROUTING_KEY)).toBeNull();
    expect(own.set(PAGERDUTY, null)).toBeNull();
    expect(own.set({ ...PAGERDUTY, url: 'https://mal.example/' }, null)).toMatch(/missing/);
  });
});

describe('a kill that nobody acknowledges', () => {
  const kill = (change: Partial<LocalKill> = {}): LocalKill => ({
    ...{ id: 'c1', issuedAt: 1_000, reason: 'pérdida', scope: { kind: 'all' }, origin: 'hotkey' },
    ...{ stage: 'sending', acknowledgedAt: null, unsaved: false, alarm: true, attempts: 3 },
    ...{ path: null, lastError: null, lackedBy: [], lastResort: {} },
    ...change,
  });

  function emergency(answers: Outcome[]) {
    const sent: Send[] = [];
    const due: (() => void)[] = [];
    const timers: Timers = {
      set: (run) => due.push(run),
      clear: () => undefined,
    };
    const channels = openOwnChannels(file(), NONE);
    channels.set(SLACK, WEBHOOK);
    channels.set(PAGERDUTY, ROUTING_KEY);
    let now = 5_000;
    const made = createEmergency({
      ...{ channels, timers, jitter: () => 0.5, changed: () => undefined },
      policy: () => ({
        ...notificationsPolicy,
        spacingMs: { slack: 0, email: 0, pagerduty: 0 },
      }),
      desk: () => ({ name: 'USD/COP', environment: 'live' }),
      operator: () => 'ana',
      clock: () => now,
      send: async (what) => {
        sent.push(what);
        return answers.shift() ?? outcome('delivered', 'delivered', 202, '');
      },
    });
    const settle = () => new Promise((done) => setImmediate(done));
    return {
      made,
      sent,
      settle,
      async later(ms: number) {
        now += ms;
        for (const run of due.splice(0)) run();
        await settle();
      },
    };
  }

  it('is told by the terminal itself, once, under the gateway’s key', async () => {
    const { made, sent, settle } = emergency([]);
    made.kills([kill({ alarm: false })]);
    await settle();
    expect(sent).toEqual([]);
    made.kills([kill()]);
    made.kills([kill()]);
    await settle();
    expect(sent.map(({ settings }) => settings.channel).sort()).toEqual(['pagerduty', 'slack']);
    expect(sent.find(({ page }) => page)?.page).toEqual({ action: 'trigger', key: 'kill:c1' });
    expect(sent[0]?.message.title).toContain('VIVO');
    expect(made.view().notices).toMatchObject([{ state: 'delivered' }, { state: 'delivered' }]);
  });

  it('is tried again, and no more once a gateway has it', async () => {
    const no = outcome('retry', 'unreachable', null, '');
    const { made, sent, settle, later } = emergency([no, no, no, no]);
    made.kills([kill()]);
    await settle();
    expect(sent).toHaveLength(2);
    expect(made.view().notices).toMatchObject([{ state: 'sending' }, { state: 'sending' }]);
    await later(2_000);
    expect(sent).toHaveLength(4);
    made.kills([kill({ stage: 'accepted', alarm: false })]);
    await later(60_000);
    expect(sent).toHaveLength(4);
  });

  it('goes on being told after its siren was silenced', async () => {
    const no = outcome('retry', 'unreachable', null, '');
    const { made, sent, settle, later } = emergency([no, no]);
    made.kills([kill()]);
    await settle();
    made.kills([kill({ alarm: false })]);
    await later(2_000);
    expect(sent).toHaveLength(4);
  });

  it('a test says what was answered, and its page is closed', async () => {
    const { made, sent } = emergency([outcome('refused', 'not_found', 404, 'no_service')]);
    expect(await made.test('slack')).toMatchObject({ ok: false, code: 'not_found', status: 404 });
    expect(await made.test('pagerduty')).toMatchObject({ ok: true });
    expect(sent.flatMap(({ page }) => page?.action ?? [])).toEqual(['trigger', 'resolve']);
    expect(await made.test('email')).toMatchObject({ ok: false, code: 'not_configured' });
  });
});

describe('notices on the desktop', () => {
  const NOW = 1_000_000;
  const alert = (seq: number, severity: string, ts = NOW): LogEvent =>
    ({
      ...{ seq, id: `e${seq}`, ts, type: 'alert.raised', reason: null, commandId: null },
      ...{ prevHash: '', hash: '', actor: { id: 'gateway', role: 'gateway', terminal: null } },
      data: {
        ...{ alert: `a${seq}`, severity, kind: 'drift', model: null, engine: null },
        detail: '<b>x</b>\nsegunda',
      },
    }) as LogEvent;

  function desktop(least: Level | null) {
    const shown: { title: string; body: string; urgent: boolean }[] = [];
    const sounds: Level[] = [];
    const notices = createDesktopNotices({
      policy: () => notificationsPolicy,
      least: () => least,
      language: () => 'es',
      context: (language) => ({
        ...{ deskName: 'USD/COP', environment: 'paper', language },
        runbook: notificationsPolicy.runbook,
      }),
      show: (title, body, urgent) => shown.push({ title, body, urgent }),
      sound: (level) => sounds.push(level),
      clock: () => NOW,
    });
    return {
      shown,
      sounds,
      fresh: (...events: LogEvent[]) => notices.fresh(events, INITIAL_OPS_STATE),
    };
  }

  it('are for what is fresh and grave enough, each once', () => {
    const { shown, sounds, fresh } = desktop('critical');
    fresh(alert(1, 'P2'), alert(2, 'P1'), alert(3, 'P0', NOW - 120_000));
    fresh(alert(2, 'P1'));
    expect(shown).toHaveLength(1);
    expect(shown[0]).toMatchObject({ title: '[CRÍTICO] ALERTA · USD/COP · PAPEL', urgent: false });
    expect(shown[0]?.body).toContain('Detalle: <b>x</b> segunda');
    expect(sounds).toEqual(['critical']);
  });

  it('a storm is one notice, its P0 one by one', () => {
    const { shown, sounds, fresh } = desktop('info');
    fresh(...Array.from({ length: 50 }, (_, n) => alert(n + 1, n % 25 === 0 ? 'P0' : 'P2')));
    expect(shown.map(({ urgent }) => urgent)).toEqual([true, true, false]);
    expect(shown[2]?.title).toContain('48 avisos juntos');
    expect(sounds).toEqual(['p0']);
  });

  it('are none where they are switched off', () => {
    const { shown, fresh } = desktop(null);
    fresh(alert(1, 'P0'));
    expect(shown).toEqual([]);
  });
});
