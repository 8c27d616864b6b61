import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadOrCreateKey } from '../../../src/node/keys';
import type { NatsServers } from '../../support/nats';
import { type Program, program, start } from '../process';

/** A gateway of several, as a program of its own. */
export interface MeasuredGateway {
  readonly node: string;
  readonly port: number;
  readonly program: Program;
}

const KEY = 'signing.pem';

/** Starts so many gateways of one desk, each in a folder of its own under `folder`. */
export async function startGateways(
  folder: string,
  servers: NatsServers,
  count: number,
): Promise<MeasuredGateway[]> {
  mkdirSync(folder, { recursive: true });
  loadOrCreateKey(join(folder, KEY));
  const gateways: MeasuredGateway[] = [];
  for (let index = 0; index < count; index += 1) {
    const node = `g${index}`;
    mkdirSync(join(folder, node));
    copyFileSync(join(folder, KEY), join(folder, node, KEY));
    gateways.push(await startMember(folder, servers, node));
  }
  return gateways;
}

/** Starts one of them, anew where its folder has been used. */
export async function startMember(
  folder: string,
  servers: NatsServers,
  node: string,
): Promise<MeasuredGateway> {
  const { addresses } = servers;
  const args = [join(folder, node), node, String(addresses.length), addresses.join()];
  const gateway = start(process.execPath, [await program('crowdGateway'), ...args]);
  return { node, port: Number(await gateway.line(/^\d+$/)), program: gateway };
}
