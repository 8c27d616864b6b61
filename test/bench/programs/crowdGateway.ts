// A gateway for measuring with a crowd: any token is an operator of that name, `engine-…` an engine.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startGateway } from '../../../src/gateway/gateway';
import { readPolicies } from '../../../src/node/policyFiles';
import { ROOT } from '../../support/root';

const [dataDir = ''] = process.argv.slice(2);
const gateway = await startGateway({
  dataDir,
  ...{ host: '127.0.0.1', port: 0, tls: null, environment: 'paper', deskName: 'bench' },
  policies: readPolicies(join(ROOT, 'resources/policy')),
  version: 'bench',
  authenticate: async (token) =>
    token.startsWith('engine-')
      ? { kind: 'engine', engine: token, expiresAt: null }
      : {
          kind: 'operator',
          operator: { id: token, name: token, roles: ['trading-lead'] },
          expiresAt: null,
        },
  clock: Date.now,
  uptime: () => performance.now(),
  random: (length) => randomBytes(length),
});
process.stdout.write(`${gateway.port}\n`);
process.once('SIGTERM', () => void gateway.stop().then(() => process.exit(0)));
