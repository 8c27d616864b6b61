import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway';
import { postKill } from '../../../src/main/kill/httpKill';
import type { KillCommand } from '../../../src/main/kill/localKills';
import { PLAIN_TRANSPORT } from '../../../src/main/link/transport';
import { newDataDir, openGateway } from '../../support/desk';
import { FakeEngine } from '../../support/fakeEngine';
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

const kill = (): KillCommand => ({
  type: 'command',
  id: randomUUID(),
  name: 'kill',
  params: {
    scope: { kind: 'all' },
    reason: 'pérdida excesiva',
    closePositions: true,
    notifyTeam: true,
    origin: 'hotkey',
  },
  issuedAt: Date.now(),
});

describe('a kill by HTTP', () => {
  it('is acknowledged once it is on record, not once an engine that hangs is flat', async () => {
    const engine = new FakeEngine('e1', 100);
    engine.behaviour = 'hangs';
    await engine.connect(gateway.port);
    const terminal = await TestTerminal.open(gateway.port);
    await terminal.until(() => terminal.ops.engines.e1?.connected === true);
    const command = kill();
    const answer = await postKill(
      `ws://127.0.0.1:${gateway.port}`,
      'ana',
      PLAIN_TRANSPORT,
      command,
    );
    expect(answer).toEqual({ ok: true, unsaved: false, message: '' });
    await terminal.until(() => terminal.ops.kills[0]?.commandId === command.id);
    expect(terminal.ops.kills[0]).toMatchObject({ reason: 'pérdida excesiva', flatAt: null });
  });

  it('says what a gateway that refuses the token answered', async () => {
    const answer = await postKill(
      `ws://127.0.0.1:${gateway.port}`,
      'nobody',
      PLAIN_TRANSPORT,
      kill(),
    );
    expect(answer).toEqual({ ok: false, unsaved: false, message: 'HTTP 401' });
  });

  it('does not take a page that answers 200 for an acknowledgement, nor an endless one', async () => {
    let page = '<html>login</html>';
    const proxy = createServer((_request, response) => response.end(page)).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    expect(await postKill(address, 'ana', PLAIN_TRANSPORT, kill())).toMatchObject({ ok: false });
    page = JSON.stringify({ success: true, command_id: randomUUID() });
    expect(await postKill(address, 'ana', PLAIN_TRANSPORT, kill())).toMatchObject({ ok: false });
    page = 'x'.repeat(100_000);
    await expect(postKill(address, 'ana', PLAIN_TRANSPORT, kill())).rejects.toThrow(/too long/);
    proxy.close();
  });
});
