import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { z } from 'zod';
import { fetchJson } from '../../../node/fetchJson';
import { BRIDGE_OPTIONS } from '../../../shared/bridges/bridge';
import { BRIDGE_SETTINGS } from '../client/bridgeSettings';
import { createEngineLink } from '../client/link';
import { createOrphan } from '../client/orphan';
import type { ProbeReport } from '../client/probe';
import type { ProgramContext, Running } from '../client/program';
import { createInferenceApi } from './api';
import { createInferenceBridge } from './bridge';
import { readInventory } from './models';
import { createStream } from './stream';

export const inferenceSettingsSchema = z.object({
  ...BRIDGE_SETTINGS,
  secrets: z.object({ apiKey: z.string().default('') }),
  options: BRIDGE_OPTIONS['inference-api'].prefault({}),
});
export type InferenceSettings = z.output<typeof inferenceSettingsSchema>;

const STATUS_EVERY_MS = 2_000;
const NEWS_MS = 1_000;
const HOLDINGS_EVERY_MS = 10_000;
const HEALTH_EVERY_MS = 10_000;
const MODELS_EVERY_MS = 120_000;

/** Starts the bridge in this process. It registers once the service has answered a first time. */
export function runInferenceBridge(
  settings: InferenceSettings,
  { say, refused }: Pick<ProgramContext, 'say' | 'refused'>,
): Running {
  const uptime = () => performance.now();
  const { address, options } = settings;
  const command = new AsyncLocalStorage<string>();
  const api = createInferenceApi({
    ...{ address, apiKey: settings.secrets.apiKey, fetch: fetchJson, uptime },
    after: (ms) => after(ms),
    owner: settings.owner,
    requestId: () => command.getStore(),
  });
  const link = createEngineLink({
    ...{ gateway: settings.gateway, token: settings.token },
    ...{ uptime, random: Math.random, say, onRefused: refused },
    onUnknown: () => orphan.replaced(),
  });
  const bridge = createInferenceBridge({
    ...{ id: settings.id, name: settings.name, ...options, api, link },
    owner: settings.owner,
    former: settings.former,
    ...{ now: Date.now, uptime, say },
    onBehalfOf: (commandId, work) => command.run(commandId, work),
  });
  const orphan = createOrphan(() => bridge.engine.mode);
  let attached = false;
  let stopped = false;
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    lookedAt = uptime();
    await bridge.look();
    if (attached || stopped || !bridge.known()) return;
    attached = true;
    await bridge.inventory();
    if (stopped) return;
    link.attach(bridge.engine);
    await bridge.health();
  }

  const timers = [
    setInterval(() => void look(), STATUS_EVERY_MS),
    setInterval(() => void (attached ? bridge.holdings() : null), HOLDINGS_EVERY_MS),
    setInterval(() => void (attached ? bridge.health() : null), HEALTH_EVERY_MS),
    setInterval(() => void (attached ? bridge.inventory() : null), MODELS_EVERY_MS),
  ];
  const stream = createStream({
    address: address.replace(/^http/, 'ws'),
    newClientId: () => `vigia-${settings.id}-${randomUUID()}`,
    ...{ uptime, random: Math.random, say },
    onPrediction: bridge.prediction,
    onTrade: bridge.trade,
    onAlert: bridge.alert,
    onNews: () => {
      // A flood of news is one look a second: the service counts them.
      if (uptime() - lookedAt >= NEWS_MS) void look();
    },
  });
  void look();
  return {
    stop() {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      stream.stop();
      bridge.stop();
      link.stop();
    },
    leave: bridge.leave,
    orphaned: orphan.begin,
  };
}

/** Looks at the service once. @returns what it found, in words without a secret. */
export async function probeInference(settings: InferenceSettings): Promise<ProbeReport> {
  const uptime = () => performance.now();
  const { address, secrets, options, owner } = settings;
  const { apiKey } = secrets;
  const api = createInferenceApi({
    address,
    apiKey,
    owner,
    fetch: fetchJson,
    uptime,
    after: (ms) => after(ms),
  });
  try {
    const status = await api.status('urgent');
    if (!status.ok) return { ok: false, message: status.error.message, found: {} };
    const inventory = await readInventory(api);
    const open = await api.openTrades('urgent');
    return {
      ok: true,
      message: '',
      found: {
        kind: 'inference-api',
        environment: options.environment,
        mode: status.value.mode,
        model: inventory?.loaded?.model ?? null,
        models: inventory?.available.length ?? null,
        positions: open.ok ? open.value.length : null,
      },
    };
  } finally {
    api.stop();
  }
}
