import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { newDataDir, openGateway } from '../../support/desk';
import { TestTerminal } from '../../support/testTerminal';

const EVENTS = 30;

let data: ReturnType<typeof newDataDir>;
let gateway: Gateway;

beforeEach(async () => {
  data = newDataDir();
  gateway = await openGateway(data.path);
});
afterEach(async () => {
  await gateway.stop();
  data.remove();
});

it('what is recorded one by one in a turn of the loop goes out in one frame, in order', async () => {
  const terminal = await TestTerminal.open(gateway.port);
  await terminal.until(() => terminal.types().includes('session.opened'));
  const frames: { type: string; events?: { seq: number }[] }[] = [];
  terminal.socket.on('message', (text) => frames.push(JSON.parse(String(text))));
  const before = gateway.log.savedHead().seq;
  for (let at = 0; at < EVENTS; at += 1) {
    const opened = { terminal: `t${at}`, name: 't', version: 'test' };
    gateway.log.append({ type: 'session.opened', data: opened });
    // Promises run on, as they do between two frames that came in together.
    for (let hops = 0; hops < 20; hops += 1) await Promise.resolve();
  }
  await terminal.until(() => (terminal.events.at(-1)?.seq ?? 0) >= before + EVENTS);
  // The gateway may record something of its own before and after.
  const own = ({ seq }: { seq: number }) => seq > before && seq <= before + EVENTS;
  const carried = frames
    .map(({ type, events = [] }) => (type === 'events' ? events.filter(own) : []))
    .filter((events) => events.length > 0);
  expect(carried.map((events) => events.length)).toEqual([EVENTS]);
  expect(carried.flat().map(({ seq }) => seq)).toEqual(
    Array.from({ length: EVENTS }, (_, at) => before + 1 + at),
  );
  terminal.socket.terminate();
});
