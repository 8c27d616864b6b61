// A fleet of engines: `fleet PORT COUNT ITEMS_PER_SECOND`. Says `killed <CLOCK_MONOTONIC, ns>` once the
// last of them was told to block, and `ready` when all are connected.
import WebSocket from 'ws';
import type { EngineOrder } from '../../../src/shared/protocol/engine';
import { ENGINE_SUBPROTOCOL, PATHS } from '../../../src/shared/protocol/wire';

const [port = '', count = '0', perSecond = '0'] = process.argv.slice(2);
const engines = Number(count);
const killed = new Set<string>();
let ready = 0;

for (let index = 0; index < engines; index += 1) {
  const id = `engine-${index}`;
  const socket = new WebSocket(`ws://127.0.0.1:${port}${PATHS.engine}`, ENGINE_SUBPROTOCOL, {
    headers: { authorization: `Bearer ${id}` },
  });
  let seq = 0;
  const send = (message: object): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  socket.on('error', () => undefined);
  socket.on('open', () => {
    const about = { kind: 'fake', environment: 'paper', instruments: ['USD/COP'] };
    send({
      type: 'register',
      engine: { id, name: id, software: 'bench', ...about },
      ...{ mode: 'normal', selfPausedAt: null, loaded: null, available: [], time: Date.now() },
    });
    setInterval(() => {
      const items = Array.from({ length: Math.max(1, Number(perSecond) / 10) }, () => {
        seq += 1;
        return { kind: 'inference', seq, ts: Date.now(), model: 'm', ok: true, latencyMs: 12 };
      });
      send({ type: 'telemetry', items });
    }, 100);
  });
  socket.on('message', (data) => {
    const order = JSON.parse(String(data)) as EngineOrder;
    if (order.type === 'registered') {
      ready += 1;
      if (ready === engines) process.stdout.write('ready\n');
    }
    if (order.type === 'ping') send({ type: 'pong', time: Date.now(), echo: order.time });
    if (order.type !== 'op') return;
    const { opId, operation } = order;
    if (operation.op === 'block') {
      killed.add(id);
      if (killed.size === engines) process.stdout.write(`killed ${process.hrtime.bigint()}\n`);
    }
    if (operation.op === 'set_mode') killed.delete(id);
    const asOf = Date.now();
    const readBack = { asOf, positions: [], workingOrders: [], telemetrySeq: seq };
    const settled = { type: 'op.update', opId, state: 'settled' };
    if (operation.op === 'read_back') send({ ...settled, items: [], readBack });
    else send({ ...settled, items: [{ kind: 'engine', id, outcome: 'done' }] });
  });
}
process.once('SIGTERM', () => process.exit(0));
