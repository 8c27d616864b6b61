import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { addOperator } from '../../../src/gateway/auth/operators';
import { ConfigError, gatewayConfigSchema, readTls } from '../../../src/gateway/config';
import { PATHS, TERMINAL_SUBPROTOCOL } from '../../../src/shared/protocol/wire';
import { newDataDir } from '../../support/desk';

/** A certificate for 127.0.0.1, signed by its own key; only tests trust it. */
const CERT = resolve(import.meta.dirname, '../../support/tls/cert.pem');
const KEY = resolve(import.meta.dirname, '../../support/tls/key.pem');
const ROOT = resolve(import.meta.dirname, '../../..');

const base = { dataDir: 'x', operatorsFile: 'x', environment: 'paper' };

describe('listening off this machine', () => {
  it('is refused without TLS and taken with it', () => {
    const plain = gatewayConfigSchema.safeParse({ ...base, host: '0.0.0.0' });
    expect(plain.error?.issues[0]?.message).toContain('needs TLS');
    const tls = { certFile: CERT, keyFile: KEY };
    expect(gatewayConfigSchema.safeParse({ ...base, host: '0.0.0.0', tls }).success).toBe(true);
  });

  it('says which file of the pair cannot be used', () => {
    const config = (certFile: string, keyFile: string) =>
      gatewayConfigSchema.parse({ ...base, tls: { certFile, keyFile } });
    expect(() => readTls(config('/nowhere.pem', KEY))).toThrow(/tls\.certFile: \/nowhere\.pem/);
    expect(() => readTls(config(CERT, CERT))).toThrow(ConfigError);
    expect(readTls(config(CERT, KEY))).toMatchObject({ cert: readFileSync(CERT, 'utf8') });
  });

  it('serves both sockets and REST over TLS, and nothing in plain text', async () => {
    const dir = newDataDir();
    mkdirSync(dir.path, { recursive: true });
    const operators = join(dir.path, 'operators.yaml');
    const token = await addOperator(operators, {
      id: 'ana',
      displayName: 'Ana',
      roles: ['trading-lead'],
    });
    const config = join(dir.path, 'gateway.yaml');
    const settings = {
      ...{ host: '0.0.0.0', port: 0, dataDir: join(dir.path, 'data'), environment: 'paper' },
      ...{ operatorsFile: operators, tls: { certFile: CERT, keyFile: KEY } },
    };
    writeFileSync(config, JSON.stringify(settings));
    const lib = join(ROOT, 'scripts/lib/bundle.mjs');
    const { bundle } = (await import(lib)) as { bundle(entry: string, name: string): string };
    const program = bundle(join(ROOT, 'src/gateway/cli.ts'), 'gateway-cli');
    const gateway = spawn(process.execPath, [program, '--config', config], { cwd: ROOT });
    try {
      const [said] = (await once(gateway.stdout, 'data')) as [Buffer];
      const port = Number(/:(\d+)\s*$/.exec(String(said))?.[1]);
      const ca = readFileSync(CERT);
      const headers = { authorization: `Bearer ${token}` };
      const status = request({ host: '127.0.0.1', port, path: '/operations/status', ca, headers });
      const [response] = await once(status.end(), 'response');
      expect(response.statusCode).toBe(200);
      for (const path of [PATHS.control, PATHS.telemetry]) {
        const url = `wss://127.0.0.1:${port}${path}`;
        const socket = new WebSocket(url, TERMINAL_SUBPROTOCOL, { ca, headers });
        await once(socket, 'open');
        socket.terminate();
      }
      const plain = new WebSocket(`ws://127.0.0.1:${port}${PATHS.control}`, TERMINAL_SUBPROTOCOL, {
        headers,
      });
      await once(plain, 'error');
      // Not trusting the certificate is the client's right, and the default.
      const wary = new WebSocket(`wss://127.0.0.1:${port}${PATHS.control}`, TERMINAL_SUBPROTOCOL);
      const [error] = await once(wary, 'error');
      expect(String(error)).toMatch(/self.signed/);
    } finally {
      gateway.kill('SIGTERM');
      await once(gateway, 'exit');
      dir.remove();
    }
  });
});
