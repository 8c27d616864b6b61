// A gateway for measuring: `crowdGateway FOLDER`, or one of several `crowdGateway FOLDER NODE REPLICAS SERVERS`. Any
// token is an operator of that name, `engine-…` an engine.
import { join } from 'node:path';
import { startGateway } from '../../../src/gateway/gateway';
import { readPolicies } from '../../../src/node/policyFiles';
import { pooledRandom } from '../../../src/node/random';
import { joinCluster } from '../../support/cluster';
import { ROOT } from '../../support/root';

const [dataDir = '', node, replicas, servers = ''] = process.argv.slice(2);
const uptime = () => performance.now();
const cluster = node && (await joinCluster(servers.split(','), node, Number(replicas)));
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
  uptime,
  random: pooledRandom(),
  ...(cluster && { cluster }),
});
process.stdout.write(`${gateway.port}\n`);
process.once('SIGTERM', () => void gateway.stop().then(() => process.exit(0)));
