import { expect, it } from 'vitest';
import { joinPeers } from '../../../src/gateway/cluster/peers';
import type { TelemetryItem } from '../../../src/shared/telemetry/types';
import { connectTo } from '../../support/cluster';
import { startNats, WHY_NO_NATS } from '../../support/nats';

/** As long as an engine's frame may be, and longer once it is written again. */
const ITEMS = Array.from(
  { length: 2_000 },
  (_, at): TelemetryItem => ({
    ...{ kind: 'trade', seq: at + 1, ts: 1e15, tradeId: `${at}-${'t'.repeat(100)}` },
    ...{ model: 'm'.repeat(100), instrument: 'USD/COP', side: 'long', quantity: 1e20 },
    ...{ entryPrice: 1e20, exitPrice: 1e20, pnl: 1e20, currency: 'COP' },
    ...{ openedAt: 1e12, closedAt: 1e12 },
  }),
);

it.skipIf(WHY_NO_NATS !== null)(
  'a frame that is longer than the servers take comes in parts, in order, and ends nobody',
  async () => {
    const servers = await startNats({ servers: 1 });
    const uptime = () => performance.now();
    const join = async (node: string) => {
      const connection = await connectTo(servers.addresses, node);
      return {
        connection,
        peers: joinPeers(Promise.resolve(connection), { prefix: 'VIGIA', node, uptime }),
      };
    };
    const norte = await join('norte');
    const sur = await join('sur');
    const heard: number[] = [];
    const all = new Promise<void>((done) => {
      sur.peers.onTelemetry((engine, session, items) => {
        expect([engine, session]).toEqual(['e1', 's1']);
        heard.push(...items.map(({ seq }) => seq));
        if (heard.length === ITEMS.length) done();
      });
    });
    await sur.connection.flush();
    expect(JSON.stringify(ITEMS).length).toBeGreaterThan(500_000);
    norte.peers.telemetry('e1', 's1', ITEMS);
    // One that is longer than any part may be is left out, and what comes after it is not.
    const monster = { ...ITEMS[0], tradeId: 'x'.repeat(2_000_000) } as TelemetryItem;
    norte.peers.telemetry('e1', 's1', [monster]);
    await all;
    expect(heard).toEqual(ITEMS.map(({ seq }) => seq));
    for (const { peers, connection } of [norte, sur]) {
      peers.close();
      await connection.close();
    }
    await servers.stop();
  },
);
