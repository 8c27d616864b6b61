// A fleet of engines: `fleet PORT[,PORT…] COUNT ITEMS_PER_SECOND`, on the gateways by turns. Says
// `killed <CLOCK_MONOTONIC, ns>` once the last of them was told to block, `ready` when all are connected, and
// after a line with a number on standard input `sent` once so many more items are.
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import type { EngineOrder } from '../../../src/shared/protocol/engine';
import { ENGINE_SUBPROTOCOL, PATHS } from '../../../src/shared/protocol/wire';

const [ports = '', count = '0', perSecond = '0'] = process.argv.slice(2);
const engines = Number(count);
const killed = new Set<string>();
const gateways = ports.split(',');
let ready = 0;
let toSend = 0;

for (let index = 0; index < engines; index += 1) {
  const id = `engine-${index}`;
  const port = gateways[index % gateways.length];
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
      if (toSend > 0 && toSend <= items.length) process.stdout.write('sent\n');
      toSend = Math.max(0, toSend - items.length);
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
createInterface({ input: process.stdin }).on('line', (line) => {
  toSend = Number(line);
});
process.once('SIGTERM', () => process.exit(0));
