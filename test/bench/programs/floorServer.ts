// The least that may stand between a key and an engine: a frame comes in, one row is committed with
// synchronous=FULL, the frame goes out to whoever else is connected.
import type { AddressInfo } from 'node:net';
import Database from 'better-sqlite3';
import { WebSocket, WebSocketServer } from 'ws';

const database = new Database(process.argv[2] ?? '');
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)');
const insert = database.prepare('INSERT INTO events (body) VALUES (?)');
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (from) => {
  from.on('message', (data) => {
    const frame = String(data);
    insert.run(frame);
    for (const to of server.clients) {
      if (to !== from && to.readyState === WebSocket.OPEN) to.send(frame);
    }
  });
});
server.on('listening', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
