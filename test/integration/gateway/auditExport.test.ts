import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/vigia';
import type { Gateway } from '../../../src/gateway/gateway';
import { newDataDir, openGateway } from '../../support/desk';
import { TestTerminal } from '../../support/testTerminal';

let dir: ReturnType<typeof newDataDir>;
let gateway: Gateway;

beforeEach(async () => {
  dir = newDataDir();
  gateway = await openGateway(dir.path);
});
afterEach(async () => {
  await gateway.stop();
  dir.remove();
});

function get(query: string, operator = 'ana'): Promise<Response> {
  const headers = { authorization: `Bearer ${operator}` };
  return fetch(`http://127.0.0.1:${gateway.port}/audit/export${query}`, { headers });
}

const exported = async () =>
  (await gateway.log.read(1, 1_000)).filter(({ type }) => type === 'audit.exported');

describe('GET /audit/export', () => {
  it('gives a zip that verifies, signed to its last event, and is itself on the record', async () => {
    const answer = await get('');
    const seq = Number(answer.headers.get('x-vigia-last-seq'));
    const hash = gateway.log.hashAt(seq);
    expect(answer.headers.get('content-disposition')).toContain(`vigia-1-${seq}.zip`);
    const path = join(dir.path, 'export.zip');
    writeFileSync(path, Buffer.from(await answer.arrayBuffer()));
    const lines: string[] = [];
    expect(await run(['verify', path], (line) => lines.push(line))).toBe(0);
    expect(lines).toEqual([`ok ${seq} ${hash}`, `signed by the gateway up to ${seq}`]);
    const [event] = await exported();
    expect(event).toMatchObject({
      actor: { id: 'ana' },
      data: { format: 'zip', firstSeq: 1, lastSeq: seq, lastHash: hash },
    });
  });

  it('gives the bare lines and the table of a period', async () => {
    const lines = (await (await get('?format=jsonl&to=2999-01-01')).text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      (await gateway.log.read(1, 1_000)).slice(0, lines.length),
    );
    const table = await (await get('?format=csv')).text();
    expect(table).toMatch(/^seq,id,time_utc,time_bogota,type,actor,role,/);
    expect((await (await get('?format=jsonl&from=2999-01-01')).text()).length).toBe(0);
    expect(await exported()).toHaveLength(3);
  });

  it('is for those whose role it is, and says what it cannot read', async () => {
    expect((await get('', 'eva')).status).toBe(403);
    expect((await get('', 'nobody')).status).toBe(401);
    expect((await get('?from=ayer')).status).toBe(400);
    expect((await get('?format=exe')).status).toBe(400);
    expect(await exported()).toEqual([]);
  });

  it('keeps a kill no longer than a kill takes without it', async () => {
    for (let index = 0; index < 4_000; index += 1) {
      gateway.log.append({ type: 'terminal.reported', data: { kind: 'x', detail: `${index}` } });
    }
    const terminal = await TestTerminal.open(gateway.port);
    const running = get('');
    const response = await running;
    const reader = response.body?.getReader();
    await reader?.read();
    const started = performance.now();
    terminal.kill();
    await terminal.until(() => terminal.answers.some(({ stage }) => stage === 'accepted'));
    expect(performance.now() - started).toBeLessThan(250);
    await reader?.cancel();
    terminal.socket.close();
  });
});
