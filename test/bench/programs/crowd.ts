// A crowd of terminals that follow log and telemetry: `crowd PORT[,PORT…] COUNT`, on the gateways by turns. Says
// how many are there, and after each line on standard input how many are still there and how many items they were sent.
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { EMPTY_LOG } from '../../../src/shared/log/event';
import { PATHS, TERMINAL_SUBPROTOCOL } from '../../../src/shared/protocol/wire';

const [ports = '', count = '0'] = process.argv.slice(2);
const gateways = ports.split(',');
/** Terminals that come at the same moment. */
const TOGETHER = 25;
let open = 0;
let bytes = 0;
let flat = 0;

function connect(
  port: string,
  name: string,
  path: string,
  then: (socket: WebSocket) => void,
): Promise<void> {
  const headers = { authorization: `Bearer ${name}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, TERMINAL_SUBPROTOCOL, { headers });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    open -= 1;
  });
  return new Promise((done) =>
    socket.once('open', () => {
      open += 1;
      const terminal = { id: name, name, version: 'bench' };
      socket.send(JSON.stringify({ type: 'hello', terminal, time: Date.now() }));
      then(socket);
      done();
    }),
  );
}

async function join(index: number): Promise<void> {
  const port = gateways[index % gateways.length] ?? '';
  const name = `terminal-${index}`;
  await connect(port, name, PATHS.control, (socket) => {
    socket.on('message', (data: Buffer) => {
      if (data.includes('"type":"kill.flat"')) flat += 1;
    });
    const from = { epoch: null, fromSeq: 1, fromHash: EMPTY_LOG.hash };
    socket.send(JSON.stringify({ type: 'subscribe', ...from }));
  });
  await connect(port, name, PATHS.telemetry, (socket) => {
    socket.on('message', (data: Buffer) => {
      bytes += data.length;
    });
  });
}
const indexes = Array.from({ length: Number(count) }, (_, index) => index);
for (let from = 0; from < indexes.length; from += TOGETHER) {
  await Promise.all(indexes.slice(from, from + TOGETHER).map(join));
}
process.stdout.write(`there ${open}\n`);
createInterface({ input: process.stdin }).on('line', () => {
  process.stdout.write(`state ${open} ${bytes} ${flat}\n`);
});
process.once('SIGTERM', () => process.exit(0));
