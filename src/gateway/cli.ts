import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openLogFile } from '../node/logFile';
import { PolicyFileError, readPolicies } from '../node/policyFiles';
import { pooledRandom } from '../node/random';
import { roleSchema } from '../shared/protocol/terminal';
import type { Clock } from '../shared/time';
import { VERSION } from '../shared/version';
import { OperatorsFileError } from './auth/account';
import { fileAuthentication } from './auth/authenticate';
import { spawnBridges } from './bridges/process';
import { logCommand } from './cliLog';
import { registerModel } from './cliModel';
import { operatorCommand } from './cliOperator';
import type { Cluster } from './cluster/cluster';
import type { ClusterConfig } from './cluster/config';
import { ClusterError, connectCluster } from './cluster/connect';
import { OtherHistoryError } from './cluster/log';
import { openCluster } from './cluster/open';
import { ConfigError, gatewayConfigSchema, readPagerdutySecret, readTls, readYaml } from './config';
import { startGateway } from './gateway';
import { BrokenLogError } from './log';

const USAGE = `vigia-gateway --config FILE
vigia-gateway migrate --config FILE --to stream [--from LOG]
vigia-gateway migrate --config FILE --to file [--out LOG]
vigia-gateway backup --config FILE --out LOG
vigia-gateway model register CARD.yaml [--gateway http://127.0.0.1:8760]   (token in VIGIA_TOKEN)
vigia-gateway operator add --file FILE --id ID --name NAME --roles ROLE[,ROLE…] [--days N | --forever]
vigia-gateway operator rotate --file FILE --id ID [--overlap MINUTES] [--days N | --forever]
vigia-gateway operator revoke --file FILE --id ID [--token TOKEN_ID]
vigia-gateway operator list --file FILE

migrate takes the log into the stream that the configuration names, or out of it into a file; backup
writes such a file while gateways run.
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
      to: { type: 'string' },
      from: { type: 'string' },
      out: { type: 'string' },
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
  if (noun === 'migrate' || noun === 'backup') {
    const say = (line: string) => void process.stderr.write(`${line}\n`);
    const said = await logCommand(noun, values, say);
    if (said === null) throw new ConfigError(`something is missing.\n\n${USAGE}`);
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
  const cluster = several && (await joinCluster(several, config.dataDir, uptime));
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

/** Joins the desk's other gateways; what the servers say meanwhile goes to standard error. */
function joinCluster(config: ClusterConfig, dataDir: string, uptime: Clock): Promise<Cluster> {
  const name = `vigia-gateway ${config.node}`;
  const say = (line: string) => void process.stderr.write(`vigia-gateway: ${line}\n`);
  const connect = () =>
    connectCluster(config, name, (status) => {
      if (status.state === 'problem') say(status.message);
    });
  return openCluster(connect, {
    ...{ ...config, uptime, hasCopy: existsSync(join(dataDir, 'log.db')) },
    onLate: (why) => say(`${why.message}; it goes on with its copy of the log until one does`),
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`vigia-gateway: ${explain(error)}\n`);
  process.exit(1);
});

function explain(error: unknown): string {
  const ours = [ConfigError, OperatorsFileError, PolicyFileError, ClusterError];
  if (ours.some((kind) => error instanceof kind)) return (error as Error).message;
  if (error instanceof BrokenLogError) {
    return `${error.message}. The gateway does not run on it; keep the file and restore a copy that verifies.`;
  }
  if (error instanceof OtherHistoryError) {
    return `${error.message}. The gateway does not run on it, and the file stays as it is. Where the replicated log is the right one, move log.db with its -wal and -shm out of dataDir, keep it, and start again; where this copy is, take it there with vigia-gateway migrate --to stream. docs/cluster.md says which.`;
  }
  if ((error as { code?: string }).code === 'EADDRINUSE') {
    return `the port is in use: ${(error as Error).message}. Stop what listens there or set another port.`;
  }
  return error instanceof Error ? error.message : String(error);
}
