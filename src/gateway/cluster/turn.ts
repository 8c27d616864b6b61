import { rmSync } from 'node:fs';
import type { Clock } from '../../shared/time';
import type { Bridges } from '../bridges/bridges';
import type { Commands } from '../commands';
import { beginDuties, type Duties, type DutyOptions, type Missed } from '../duties';
import type { KillDriver } from '../killDriver';
import type { GatewayLog } from '../log';
import type { DeploymentDriver } from '../models/deploymentDriver';
import { openOutbox } from '../notify/outbox';
import type { DeskSecrets } from '../secrets';
import { watchGateways } from './acting';
import { type Cluster, serveOthers } from './cluster';

export interface TurnOptions {
  readonly cluster: Pick<Cluster, 'node' | 'peers' | 'leases'>;
  /** Of what people are to be told; made anew with each turn. */
  readonly outboxFile: string;
  readonly duties: DutyOptions;
  /** What the one that acted before may have told nobody of. */
  readonly missed: () => readonly Missed[];
  readonly commands: Commands;
  readonly driver: Pick<KillDriver, 'conclude'>;
  readonly deployments: Pick<DeploymentDriver, 'start'>;
  readonly secrets: Pick<DeskSecrets, 'look'>;
  /** Null where this gateway runs none. */
  readonly bridges: Pick<Bridges, 'start' | 'stop'> | null;
  /** Where the bridges' engines reach this gateway. */
  readonly url: string;
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
  /** Hears of the duties as they begin, and of null before they end. */
  readonly held: (duties: Duties | null) => void;
}

/** How often printings at the servers are compared with the record. */
const SHARE_EVERY_MS = 60_000;

/**
 * What only one gateway does is this one's from now on, until the way out is taken.
 *
 * @param own the log for this turn. @returns the way out
 */
export function beginTurn(own: GatewayLog, options: TurnOptions): () => void {
  const { cluster, outboxFile, commands, driver, deployments, secrets, bridges } = options;
  const { url, clock, uptime } = options;
  const { reports } = options.duties;
  const { peers, leases } = cluster;
  // What is older than what is told again below was another's to tell.
  for (const file of [outboxFile, `${outboxFile}-wal`, `${outboxFile}-shm`]) {
    rmSync(file, { force: true });
  }
  const ways: (() => void)[] = [];
  const leave = (): void => {
    for (const way of ways.splice(0).reverse()) way();
  };
  // What the servers do not take now is tried again.
  const share = () => void reports.share().catch(() => undefined);
  const sharing = setInterval(share, SHARE_EVERY_MS);
  ways.push(() => clearInterval(sharing));
  try {
    const box = openOutbox(outboxFile, String(clock()));
    const mine = beginDuties(own, box, options.missed(), options.duties);
    let begun = true;
    options.held(mine);
    ways.push(() => {
      begun = false;
      options.held(null);
      mine.stop();
    });
    ways.push(() => bridges?.stop());
    bridges?.start(url);
    ways.push(serveOthers(peers, commands, mine.lease, mine.reports));
    ways.push(watchGateways(own, { node: cluster.node, peers, leases, uptime, clock }));
    setImmediate(() => {
      if (!begun) return;
      driver.conclude();
      deployments.start();
      void secrets.look();
      share();
    });
    return leave;
  } catch (error) {
    leave();
    throw error;
  }
}
