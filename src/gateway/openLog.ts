import type { KeyObject } from 'node:crypto';
import type { PolicyFiles } from '../node/policyFiles';
import { sha256 } from '../node/sha256';
import type { SqliteEventStore } from '../node/sqliteEventStore';
import { type RandomBytes, uuidv7 } from '../shared/ids';
import { LOG_ORIGIN } from '../shared/log/checkpoint';
import type { LogEvent } from '../shared/log/event';
import { policyNameSchema } from '../shared/ops/events';
import type { OpsState } from '../shared/ops/state';
import type { Environment } from '../shared/protocol/engine';
import type { Clock } from '../shared/time';
import type { Cluster } from './cluster/cluster';
import { createClusterLog } from './cluster/log';
import { holdOwnership, type Ownership } from './cluster/owning';
import { createLog, type GatewayLog, publicKeyText } from './log';

export interface OpenLogOptions {
  readonly store: SqliteEventStore;
  readonly key: KeyObject;
  /** The file that the key is from. */
  readonly keyFile: string;
  readonly checkpointEvery: number;
  readonly environment: Environment;
  /** Null for a gateway that is alone. */
  readonly cluster: Cluster | null;
  /** Whether this one of several gateways signs the log's checkpoints now. */
  readonly signs: () => boolean;
  /** Sees every stored event once, with the state it led to, before the start is put on record. */
  readonly onReplay: (event: LogEvent, state: OpsState) => void;
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
  readonly random: RandomBytes;
}

/** The log of a gateway that has started. */
export interface OpenedLog {
  readonly log: GatewayLog;
  readonly gatewayId: string;
  /** Under which this one of several gateways owns its engines; null for one that is alone. */
  readonly owner: Ownership | null;
}

/** A gateway of several whose key is not the desk's: terminals would believe nothing that it signs. */
export class OtherKeyError extends Error {
  override readonly name = 'OtherKeyError';
  constructor(path: string) {
    super(
      `${path} is not the key that the log names: all gateways of a desk share one. Stop, and copy the file from a gateway that runs on this log`,
    );
  }
}

/**
 * Opens the log, verified and begun where it is new, and takes what this gateway owns its engines under.
 *
 * @throws BrokenLogError, OtherHistoryError, OtherKeyError
 */
export async function openLog(options: OpenLogOptions): Promise<OpenedLog> {
  const { store, key, cluster, clock, uptime, random, environment } = options;
  const common = {
    ...{ store, sha256, clock, random, key, origin: LOG_ORIGIN },
    checkpointEvery: options.checkpointEvery,
    onReplay: options.onReplay,
  };
  const log = cluster
    ? await createClusterLog({
        ...{ ...common, stream: cluster.stream, uptime, signs: options.signs },
      })
    : await createLog(common);
  if (log.state().epoch === null) {
    const data = {
      epoch: uuidv7(clock(), random),
      gatewayId: uuidv7(clock(), random),
      publicKey: publicKeyText(key),
      environment,
    };
    log.append({ type: 'log.opened', data, holds: ({ epoch }) => epoch === null });
    await log.settled();
  }
  const [opened] = await log.read(1, 1);
  if (cluster && opened && opened.data.publicKey !== publicKeyText(key)) {
    await log.stop();
    throw new OtherKeyError(options.keyFile);
  }
  const gatewayId = log.state().gatewayId ?? 'gateway';
  const owner =
    cluster && (await holdOwnership({ log, leases: cluster.leases, node: cluster.node }));
  return { log, gatewayId, owner };
}

/** Puts on record that this gateway has started, and what changed in the policies' files meanwhile. */
export function recordStart(
  { log, owner }: OpenedLog,
  options: {
    readonly version: string;
    readonly environment: Environment;
    readonly policies: PolicyFiles;
  },
): void {
  const { environment } = options;
  const startedAs = owner && { node: owner.node, lease: owner.token() };
  log.append({
    type: 'gateway.started',
    data: {
      ...{ version: options.version, runtime: `node ${process.versions.node}`, environment },
      ...startedAs,
    },
    // The engines of a later life under this name are not lost by it.
    holds: ({ leases }) => !startedAs || (leases[startedAs.node] ?? 0) < startedAs.lease,
  });
  for (const name of policyNameSchema.options) {
    const { document, hash } = options.policies[name];
    // The same file read again does not undo what a person changed since.
    if (log.state().policies[name]?.fileHash === hash) continue;
    const data = { name, version: document.version, hash, document };
    const holds = ({ policies: now }: OpsState) => now[name]?.fileHash !== hash;
    log.append({ type: 'policy.loaded', data, holds });
  }
}
