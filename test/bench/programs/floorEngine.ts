// The other end of the floor: says the instant (CLOCK_MONOTONIC, ns) at which each frame was read.
import WebSocket from 'ws';

const socket = new WebSocket(process.argv[2] ?? '');
socket.on('open', () => process.stdout.write('ready\n'));
socket.on('message', (data) => {
  JSON.parse(String(data));
  process.stdout.write(`killed ${process.hrtime.bigint()}\n`);
});
