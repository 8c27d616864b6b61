import { join } from 'node:path';
import { archivesOf } from '../node/audit/archives';
import { FileInUseError, openSource } from '../node/audit/source';
import { sha256 } from '../node/sha256';
import type { ClusterConfig } from './cluster/config';
import { connectCluster } from './cluster/connect';
import { MigrationError, type MigrationOptions, toFile, toStream } from './cluster/migrate';
import { openLog } from './cluster/open';
import type { LogStream } from './cluster/stream';
import { ConfigError, gatewayConfigSchema, readYaml } from './config';

export interface LogOptions {
  readonly config?: string | undefined;
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly out?: string | undefined;
}

const SAY_EVERY_MS = 1_000;

/**
 * `vigia-gateway migrate | backup`: takes the log into the replicated one, or out of it into a file.
 *
 * @param say hears how far it is.
 * @returns what to print; null where an option is missing.
 * @throws {ConfigError}, {ClusterError}, {MigrationError}, {StreamUnavailableError}
 */
export async function logCommand(
  verb: 'migrate' | 'backup',
  { config: configFile, to, from, out }: LogOptions,
  say: (line: string) => void,
): Promise<string | null> {
  if (configFile === undefined) return null;
  const { dataDir, cluster } = readYaml(configFile, gatewayConfigSchema);
  if (!cluster) {
    throw new ConfigError(`${configFile}: cluster: there are no servers of a replicated log in it`);
  }
  const { stream: name } = cluster;
  const own = join(dataDir, 'log.db');
  const options: MigrationOptions = { sha256, onProgress: sayNow(say) };

  if (verb === 'migrate' && to === 'stream') {
    const path = from ?? own;
    const source = openAlone(path);
    try {
      const head = await withStream(cluster, cluster.replicas, (it) =>
        toStream(source, it, options),
      );
      return `the stream ${name} holds ${path}: events 1 to ${head.seq}, the last one ${head.hash}`;
    } finally {
      source.close();
    }
  }
  if (verb === 'backup' ? out === undefined : to !== 'file') return null;
  const path = out ?? own;
  const head = await withStream(cluster, null, (it) => toFile(it, path, options));
  return `${path} holds the stream ${name}: events 1 to ${head.seq}, the last one ${head.hash}`;
}

/** @param replicas of a stream that is made; null makes none */
async function withStream<Result>(
  cluster: ClusterConfig,
  replicas: number | null,
  use: (stream: LogStream) => Promise<Result>,
): Promise<Result> {
  const connection = await connectCluster(cluster, 'vigia-gateway', () => undefined);
  try {
    return await use(await openLog(connection, cluster.stream, replicas));
  } finally {
    await connection.close();
  }
}

/** A log or a mirror, with its archives, that nothing writes to meanwhile. */
function openAlone(path: string) {
  try {
    return openSource([...archivesOf(path), path], true);
  } catch (error) {
    if (!(error instanceof FileInUseError)) throw new MigrationError((error as Error).message);
    throw new MigrationError(
      `${error.message}: stop the gateway (or terminal) that runs on it first, and leave it stopped until this is done`,
    );
  }
}

/** Says the first and the last of each step, and one a second between. */
function sayNow(say: (line: string) => void): MigrationOptions['onProgress'] {
  let last = { what: '', at: 0 };
  return (what, done, of) => {
    const at = performance.now();
    if (what === last.what && done < of && at - last.at < SAY_EVERY_MS) return;
    last = { what, at };
    say(`${what}: ${done} of ${of}`);
  };
}
