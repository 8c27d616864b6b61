import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openLogFile } from '../node/logFile';
import { readPolicies } from '../node/policyFiles';
import { pooledRandom } from '../node/random';
import { environmentSchema } from '../shared/protocol/engine';
import { VERSION } from '../shared/version';
import { fixedAuthentication } from './auth/authenticate';
import { relayBridges } from './bridges/relayed';
import { startGateway } from './gateway';

/** The part of Electron's `process.parentPort` that is used; the gateway knows no Electron. */
interface ParentPort {
  once(event: 'message', listener: (message: { data: unknown }) => void): void;
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

const settingsSchema = z.object({
  dataDir: z.string(),
  policyDir: z.string(),
  operatorToken: z.string().min(16),
  engineToken: z.string().min(16),
  operator: z.object({ id: z.string().min(1), name: z.string().min(1) }),
  environment: environmentSchema,
  deskName: z.string(),
  port: z.int().default(0),
});

const parent = (process as unknown as { parentPort?: ParentPort }).parentPort;
if (!parent) {
  process.stderr.write('vigia: this program is started by the terminal\n');
  process.exit(1);
}
parent.once('message', ({ data }) => {
  open(data, parent).then(
    (url) => parent.postMessage({ type: 'listening', url }),
    (error: unknown) => {
      parent.postMessage({ type: 'failed', message: (error as Error).message });
      process.exit(1);
    },
  );
});

/** A desk of one: its operator may do everything, since there is nobody else to ask. */
async function open(data: unknown, port: ParentPort): Promise<string> {
  const settings = settingsSchema.parse(data);
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  const operator = { ...settings.operator, roles: ['trading-lead' as const, 'cto' as const] };
  const gateway = await startGateway({
    ...settings,
    policies: readPolicies(settings.policyDir),
    host: '127.0.0.1',
    tls: null,
    bridges: {
      start: relayBridges(
        (message) => port.postMessage(message),
        (listener) => port.on('message', ({ data: said }) => listener(said)),
      ),
      configured: [],
      env: {},
    },
    version: VERSION,
    authenticate: fixedAuthentication({ ...settings, operator }),
    journal: openLogFile({
      path: join(settings.dataDir, 'logs/gateway.log'),
      program: 'gateway',
      secrets: () => [settings.operatorToken, settings.engineToken],
    }),
    clock: Date.now,
    uptime: () => performance.now(),
    random: pooledRandom(),
  });
  process.once('SIGTERM', () => void gateway.stop().then(() => process.exit(0)));
  return `ws://127.0.0.1:${gateway.port}`;
}
