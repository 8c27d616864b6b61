import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket, { WebSocketServer } from 'ws';
import { PAPER_MODELS } from '../../src/gateway/engines/paper/models';
import { PATHS, TERMINAL_SUBPROTOCOL } from '../../src/shared/protocol/wire';
import { openGateway } from '../support/desk';
import { TestTerminal } from '../support/testTerminal';
import { produceModel, stageModel } from '../support/walk';
import { percentile, print, round } from './figure';
import { forthAndBack } from './policies';
import { program, start } from './process';

const RUNS = 200;
const ENGINES = ['bench-1', 'bench-2'];
const MESSAGES_PER_SECOND = 5_000;
const TARGET_MS = 2_000;
/** Fewer than these a second at a reader, and nothing was measured. */
const ENOUGH = 0.9 * MESSAGES_PER_SECOND;

const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
const gateway = await openGateway(folder, 'paper', 0, { policies: forthAndBack });
const url = `ws://127.0.0.1:${gateway.port}`;
const engines = [];
for (const id of ENGINES) {
  const rate = String(MESSAGES_PER_SECOND / ENGINES.length);
  const engine = start(process.execPath, [await program('engine'), url, 'engine-token', id, rate]);
  await engine.line(/^normal /);
  engines.push(engine);
}
const [first, second] = PAPER_MODELS;
const { model, version, hash } = second as (typeof PAPER_MODELS)[number];
await stageModel(gateway.port, model, { version, model_hash: hash });
await produceModel(gateway.port, model);
const ana = await TestTerminal.open(gateway.port, 'ana');
await ana.until(() => ana.ops.models.deployments[0]?.completedAt != null);

// The floor: a message to two peers over plain sockets, and the answer of both.
const server = new WebSocketServer({ port: 0 });
await once(server, 'listening');
const peers = ENGINES.map(() => {
  const peer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  peer.on('message', (data) => peer.send(data));
  return peer;
});
await Promise.all(peers.map((peer) => once(peer, 'open')));

// A terminal that takes all of it, and counts.
let items = 0;
const reader = new WebSocket(`${url}${PATHS.telemetry}`, TERMINAL_SUBPROTOCOL, {
  headers: { authorization: 'Bearer luis' },
});
await once(reader, 'open');
reader.on('message', (data) => {
  const frame = JSON.parse(String(data)) as {
    readonly type: string;
    readonly batches?: readonly { readonly items: readonly unknown[] }[];
  };
  if (frame.type === 'ping') reader.send('{"type":"pong"}');
  for (const batch of frame.batches ?? []) items += batch.items.length;
});
const who = { id: 'reader', name: 'reader', version: 'bench' };
reader.send(JSON.stringify({ type: 'hello', terminal: who, time: Date.now() }));
while (items === 0) await once(reader, 'message');

const ours: number[] = [];
const floors: number[] = [];
const began = { at: performance.now(), items };
for (let run = 0; run < RUNS; run += 1) {
  const target = run % 2 === 0 ? first.model : model;
  const from = performance.now();
  const answer = await ana.give('model.rollback', { target, reason: 'bench', origin: 'cli' });
  ours.push(performance.now() - from);
  if (answer.stage !== 'done') throw new Error(JSON.stringify(answer));
  const sent = performance.now();
  const answered = [...server.clients].map((client) => once(client, 'message'));
  for (const client of server.clients) client.send('{"op":"load_model"}');
  await Promise.all(answered);
  floors.push(performance.now() - sent);
}
const arrived = (items - began.items) / ((performance.now() - began.at) / 1_000);
if (arrived < ENOUGH) throw new Error(`${round(arrived)} items/s arrived, not ${ENOUGH}`);
for (const fraction of [0.5, 0.99] as const) {
  const value = percentile(ours, fraction);
  const beside = percentile(floors, fraction);
  const tail = fraction === 0.99;
  print({
    figure: `rollback.command_to_every_hash_p${fraction * 100}`,
    value: round(value),
    unit: 'ms',
    floor: round(beside),
    ratio: round(value / beside),
    target: tail ? `≤ ${TARGET_MS} ms` : 'none',
    met: !tail || value <= TARGET_MS,
    runs: RUNS,
  });
}
reader.terminate();
for (const peer of peers) peer.terminate();
server.close();
ana.socket.terminate();
for (const engine of engines) await engine.end();
await gateway.stop();
rmSync(folder, { recursive: true, force: true });
