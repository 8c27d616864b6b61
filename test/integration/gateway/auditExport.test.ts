import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../../src/cli/vigia';
import type { Gateway } from '../../../src/gateway/gateway';
import { manifestSchema } from '../../../src/node/export/manifest';
import { unzip } from '../../../src/node/export/unzip';
import { readCard } from '../../../src/shared/models/card';
import { policyNameSchema } from '../../../src/shared/ops/events';
import { newDataDir, openGateway } from '../../support/desk';
import { card } from '../../support/models';
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

function get(query: string, operator = 'ana', signal?: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${operator}` };
  const url = `http://127.0.0.1:${gateway.port}/audit/export${query}`;
  return fetch(url, { headers, ...(signal ? { signal } : {}) });
}

/** More events than are read at a time. */
function fill(): void {
  const facts = Array.from({ length: 4_000 }, (_, index) => {
    return { type: 'terminal.reported', data: { kind: 'x', detail: `${index}` } } as const;
  });
  gateway.log.append(...facts);
}

const exported = async () =>
  (await gateway.log.read(1, 100_000)).filter(({ type }) => type === 'audit.exported');

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

  it('gives in it what a reader needs to trust it: whose clock, which policies, cards and post-mortems', async () => {
    const read = readCard(card('ppo'));
    if (!read.ok) throw new Error(read.error.message);
    gateway.log.append(
      { type: 'model.registered', data: { ...read.value, source: 'operator' } },
      { type: 'postmortem.saved', data: { incident: 'i1', language: 'es', markdown: '# Caída' } },
    );
    const path = join(dir.path, 'export.zip');
    writeFileSync(path, Buffer.from(await (await get('')).arrayBuffer()));
    const folder = join(dir.path, 'unpacked');
    await unzip(path, folder, new AbortController().signal);
    const manifest = manifestSchema.parse(
      JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')),
    );
    const state = gateway.log.state();
    expect(manifest).toMatchObject({
      madeBy: 'ana',
      software: expect.stringMatching(/^vigia-gateway /),
      policies: {
        operations: state.policies.operations?.version,
        models: state.policies.models?.version,
      },
      // Nobody measured how far the gateway's clock is from UTC, and it does not say that it is right.
      time: { source: "the gateway's clock, as it stamped each event", offsetMs: null },
      period: { from: null, to: null },
      byType: { 'model.registered': 1, 'postmortem.saved': 1 },
    });
    expect(Object.keys(manifest.policies).sort()).toEqual([...policyNameSchema.options].sort());
    expect(manifest.signedTo).toBe(manifest.last?.seq);
    expect(readdirSync(join(folder, 'documents')).sort()).toEqual([
      'model-ppo.en.md',
      'model-ppo.es.md',
      'model-ppo.yaml',
      'postmortem-i1.draft.md',
    ]);
  });

  it('begins with the first event of the time that was asked for', async () => {
    const append = (detail: string) =>
      gateway.log.append({ type: 'terminal.reported', data: { kind: 'x', detail } })[0]?.ts ?? 0;
    const first = append('0');
    while (append('1') === first);
    const events = await gateway.log.read(1, 100_000);
    const from = events.at(-1)?.ts ?? 0;
    const answer = await get(`?format=jsonl&from=${new Date(from).toISOString()}`);
    const lines = (await answer.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const expected = events.filter(({ ts }) => ts >= from);
    expect(lines).toEqual(expected);
    expect(expected.length).toBeLessThan(events.length);
    expect(answer.headers.get('x-vigia-first-seq')).toBe(String(expected[0]?.seq));
    const [event] = await exported();
    expect(event?.data).toMatchObject({ from, to: null, firstSeq: expected[0]?.seq });
  });

  it('is over for the gateway when the caller hangs up midway', async () => {
    fill();
    const close = vi.spyOn(Database.prototype, 'close');
    for (const [index, format] of ['zip', 'jsonl', 'csv'].entries()) {
      const controller = new AbortController();
      const answer = await get(`?format=${format}`, 'ana', controller.signal);
      const reader = answer.body?.getReader();
      await reader?.read();
      controller.abort();
      await expect(reader?.read()).rejects.toThrow();
      // What it read the log with is closed, whatever it had still to give.
      await expect.poll(() => close.mock.calls.length, { timeout: 5_000 }).toBe(index + 1);
    }
    close.mockRestore();
    expect(await exported()).toHaveLength(3);
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
    fill();
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
