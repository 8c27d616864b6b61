import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openLogFile } from '../node/logFile';
import { PolicyFileError, readPolicies } from '../node/policyFiles';
import { pooledRandom } from '../node/random';
import { roleSchema } from '../shared/protocol/terminal';
import { VERSION } from '../shared/version';
import { OperatorsFileError } from './auth/account';
import { fileAuthentication } from './auth/authenticate';
import { spawnBridges } from './bridges/process';
import { registerModel } from './cliModel';
import { operatorCommand } from './cliOperator';
import { connectTo } from './cluster/connect';
import { openCluster } from './cluster/open';
import { ConfigError, gatewayConfigSchema, readPagerdutySecret, readTls, readYaml } from './config';
import { startGateway } from './gateway';
import { BrokenLogError } from './log';

const USAGE = `vigia-gateway --config FILE
vigia-gateway model register CARD.yaml [--gateway http://127.0.0.1:8760]   (token in VIGIA_TOKEN)
vigia-gateway operator add --file FILE --id ID --name NAME --roles ROLE[,ROLE…] [--days N | --forever]
vigia-gateway operator rotate --file FILE --id ID [--overlap MINUTES] [--days N | --forever]
vigia-gateway operator revoke --file FILE --id ID [--token TOKEN_ID]
vigia-gateway operator list --file FILE

Roles: ${roleSchema.options.join(', ')}; an engine's account has the role engine.
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      file: { type: 'string' },
      id: { type: 'string' },
      name: { type: 'string' },
      roles: { type: 'string' },
      days: { type: 'string' },
      forever: { type: 'boolean' },
      overlap: { type: 'string' },
      token: { type: 'string' },
      gateway: { type: 'string', default: 'http://127.0.0.1:8760' },
      help: { type: 'boolean' },
    },
  });
  const [noun, verb, cardFile] = positionals;
  if (noun === 'operator') {
    const said = await operatorCommand(verb, values, Date.now);
    if (said === null) throw new ConfigError(`something is missing.\n\n${USAGE}`);
    process.stdout.write(`${said.out}\n`);
    if (said.note) process.stderr.write(`${said.note}\n`);
    return;
  }
  if (noun === 'model' && verb === 'register') {
    if (!cardFile) throw new ConfigError(`a card is missing.\n\n${USAGE}`);
    const said = await registerModel(cardFile, values.gateway, process.env.VIGIA_TOKEN);
    process.stdout.write(`${said}\n`);
    return;
  }
  if (!values.config || values.help) {
    process.stdout.write(USAGE);
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  const config = readYaml(values.config, gatewayConfigSchema);
  const policies = readPolicies(config.policyDir);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const uptime = () => performance.now();
  const { cluster: several, ...own } = config;
  const cluster = several && (await openCluster(await connectTo(several), { ...several, uptime }));
  const gateway = await startGateway({
    ...{ ...own, ...(cluster && { cluster }) },
    tls: readTls(config),
    pagerdutySecret: readPagerdutySecret(config),
    bridges: {
      start: spawnBridges((program) => join(import.meta.dirname, `${program}.js`)),
      configured: config.bridges,
      env: process.env,
    },
    policies,
    version: VERSION,
    authenticate: fileAuthentication(config.operatorsFile, Date.now, (problem) => {
      process.stderr.write(`vigia-gateway: ${problem}; the accounts read before still hold\n`);
    }),
    journal: openLogFile({
      path: join(config.dataDir, 'logs/gateway.log'),
      program: 'gateway',
      secrets: () => [],
    }),
    clock: Date.now,
    uptime,
    random: pooledRandom(),
  });
  process.stdout.write(`vigia-gateway: listening on ${config.host}:${gateway.port}\n`);
  const stop = () => void gateway.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`vigia-gateway: ${explain(error)}\n`);
  process.exit(1);
});

function explain(error: unknown): string {
  const ours = [ConfigError, OperatorsFileError, PolicyFileError];
  if (ours.some((kind) => error instanceof kind)) return (error as Error).message;
  if (error instanceof BrokenLogError) {
    return `${error.message}. The gateway does not run on it; keep the file and restore a copy that verifies.`;
  }
  if ((error as { code?: string }).code === 'EADDRINUSE') {
    return `the port is in use: ${(error as Error).message}. Stop what listens there or set another port.`;
  }
  return error instanceof Error ? error.message : String(error);
}
