import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { MAX_RUN_EVENT } from '../../../src/shared/lineage/runEvent';
import { newDataDir, openGateway } from '../../support/desk';
import { runEvent } from '../../support/openLineage';
import { TestTerminal } from '../../support/testTerminal';

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

function post(path: string, token: string | null, body: unknown): Promise<Response> {
  return fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method: 'POST',
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function recorded(count: number): Promise<TestTerminal> {
  const ana = await TestTerminal.open(gateway.port);
  const received = () => ana.events.filter(({ type }) => type === 'lineage.received').length;
  await ana.until(() => received() === count);
  return ana;
}

test.each(['/lineage', '/api/v1/lineage'])('%s records a run event whole', async (path) => {
  const event = runEvent({ custom: { of: ['the', 'pipeline'] } });
  expect((await post(path, 'pablo', event)).status).toBe(201);
  const ana = await recorded(1);
  const found = ana.events.find(({ type }) => type === 'lineage.received');
  expect(found?.data).toEqual({ event });
  expect(found?.actor).toMatchObject({ id: 'pablo', terminal: 'rest' });
  ana.socket.terminate();
});

test('nobody without the role, and nobody unknown', async () => {
  expect((await post('/lineage', null, runEvent())).status).toBe(401);
  const refused = await post('/lineage', 'eva', runEvent());
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ code: 'forbidden' });
});

test.each([
  ['no JSON', 'START'],
  ['no event', []],
  ['a run that is none', runEvent({ run: { runId: 'x' } })],
  ['too much', runEvent({ extra: 'x'.repeat(MAX_RUN_EVENT) })],
  ['text that has no canonical form', JSON.stringify(runEvent({ extra: '\ud800' }))],
])('%s is refused with a reason and changes nothing', async (_, body) => {
  const answer = await post('/lineage', 'pablo', body);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: 'bad_params', detail: expect.any(String) });
  expect((await post('/lineage', 'pablo', runEvent())).status).toBe(201);
  const ana = await recorded(1);
  ana.socket.terminate();
});

test('a terminal may give the same by its socket', async () => {
  const pablo = await TestTerminal.open(gateway.port, 'pablo');
  const answer = await pablo.give('lineage.report', { event: runEvent() });
  expect(answer).toMatchObject({ stage: 'done', summary: 'lineage.received' });
  pablo.socket.terminate();
});
