import { setTimeout as after } from 'node:timers/promises';
import { z } from 'zod';
import { fetchJson } from '../../../node/fetchJson';
import { BRIDGE_OPTIONS } from '../../../shared/bridges/bridge';
import { entriesOf } from '../../../shared/bridges/freqtrade';
import { BRIDGE_SETTINGS } from '../client/bridgeSettings';
import { createEngineLink } from '../client/link';
import { createOrphan } from '../client/orphan';
import type { ProbeReport } from '../client/probe';
import type { ProgramContext, Running } from '../client/program';
import { createFreqtradeApi } from './api';
import { createFreqtradeBridge } from './bridge';
import { createBotStream } from './stream';

export const freqtradeSettingsSchema = z.object({
  ...BRIDGE_SETTINGS,
  secrets: z.object({ username: z.string().default(''), password: z.string().default('') }),
  options: BRIDGE_OPTIONS.freqtrade.prefault({}),
});
export type FreqtradeSettings = z.output<typeof freqtradeSettingsSchema>;

const LOOK_EVERY_MS = 2_000;

/** Starts the bridge in this process. It registers once the bot has answered a first time. */
export function runFreqtradeBridge(
  settings: FreqtradeSettings,
  { say, refused }: Pick<ProgramContext, 'say' | 'refused'>,
): Running {
  const uptime = () => performance.now();
  const { address, secrets, options, owner } = settings;
  const api = createFreqtradeApi({ address, ...secrets, fetch: fetchJson, uptime });
  const link = createEngineLink({
    ...{ gateway: settings.gateway, token: settings.token },
    ...{ uptime, random: Math.random, say, onRefused: refused },
    onUnknown: () => orphan.replaced(),
  });
  const bridge = createFreqtradeBridge({
    ...{ id: settings.id, name: settings.name, api, link, owner, dust: options.dust },
    former: settings.former,
    ...{ now: Date.now, uptime, say, after: (ms: number) => after(ms) },
  });
  const orphan = createOrphan(() => bridge.engine.mode);
  let attached = false;
  let stopped = false;

  async function look(): Promise<void> {
    await bridge.look();
    if (attached || stopped || !bridge.known()) return;
    attached = true;
    link.attach(bridge.engine);
  }

  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  const stream = createBotStream({
    address: address.replace(/^http/, 'ws'),
    token: api.accessToken,
    ...{ uptime, random: Math.random, say, onMessage: bridge.hear },
  });
  void look();
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
      stream.stop();
      bridge.stop();
      link.stop();
    },
    leave: bridge.leave,
    orphaned: orphan.begin,
  };
}

/** Looks at the bot once. @returns what it found, in words without a secret. */
export async function probeFreqtrade(settings: FreqtradeSettings): Promise<ProbeReport> {
  const { address, secrets } = settings;
  const uptime = () => performance.now();
  const api = createFreqtradeApi({ address, ...secrets, fetch: fetchJson, uptime });
  const config = await api.config();
  if (!config.ok) return { ok: false, message: config.error.message, found: {} };
  const [trades, balance] = [await api.status(), await api.balance()];
  const { dry_run, exchange, strategy, bot_name, version, stake_currency } = config.value;
  return {
    ok: true,
    message: '',
    found: {
      kind: 'freqtrade',
      environment: dry_run ? 'paper' : 'live',
      mode: entriesOf(config.value) ?? config.value.state,
      model: strategy ?? null,
      name: bot_name ?? null,
      venue: exchange ?? null,
      version: version ?? null,
      positions: trades.ok ? trades.value.length : null,
      equity: balance.ok ? (balance.value.total ?? null) : null,
      currency: stake_currency ?? null,
    },
  };
}
