import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fetchJson, readAnswer } from '../../../src/node/fetchJson';
import { ok } from '../../../src/shared/result';

let server: Server;
let base = '';
let reached: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const { url = '' } = request;
    reached.push(`${url} ${request.headers['x-api-key'] ?? ''}`.trim());
    if (url === '/away') response.writeHead(302, { location: `${base}/thief` }).end();
    else if (url === '/long') response.end(`"${'x'.repeat(5_000_000)}"`);
    else if (url === '/page') response.end('<html>');
    else if (url === '/nan') response.end('{"a":NaN}');
    else if (url === '/wait') response.writeHead(429, { 'retry-after': '3' }).end('{}');
    else if (url === '/cut') response.writeHead(200, { 'content-length': '9' }).write('{"a"');
    if (url === '/cut') setImmediate(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const get = (path: string, timeoutMs = 2_000) =>
  fetchJson({
    method: 'GET',
    url: `${base}${path}`,
    headers: { 'x-api-key': 'secret' },
    timeoutMs,
  });

describe('asking a service', () => {
  it('follows nobody elsewhere with a key in hand', async () => {
    reached = [];
    expect(await get('/away')).toMatchObject({ ok: false, error: { code: 'network' } });
    expect(reached).toEqual(['/away secret']);
  });

  it('gives up what is too long, cut short, silent or not there, and says which', async () => {
    expect(await get('/long')).toMatchObject({ error: { code: 'malformed' } });
    expect(await get('/cut')).toMatchObject({ error: { code: 'network' } });
    expect(await get('/hangs', 50)).toMatchObject({ error: { code: 'timeout' } });
    const nobody = { method: 'GET', headers: {}, timeoutMs: 500 } as const;
    expect(await fetchJson({ ...nobody, url: 'http://127.0.0.1:1' })).toMatchObject({
      error: { code: 'network' },
    });
  });

  it('takes a page and a NaN for no JSON, and hears how long to wait', async () => {
    expect(await get('/page')).toMatchObject({ value: { body: null } });
    expect(await get('/nan')).toMatchObject({ value: { body: null } });
    expect(await get('/wait')).toMatchObject({ value: { status: 429, retryAfterMs: 3_000 } });
  });

  it('takes an error for a no, but not that of a proxy which gave up waiting', () => {
    const read = (status: number) =>
      readAnswer(ok({ status, body: null, retryAfterMs: null }), z.unknown());
    expect(read(502)).toMatchObject({ error: { code: 'http' } });
    expect(read(504)).toMatchObject({ error: { code: 'timeout' } });
  });
});
