import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileBridgeSchema } from '../../../src/gateway/bridges/config';
import { configure, test as look } from '../../../src/gateway/decide/bridges';
import { isTaken } from '../../../src/renderer/desk/bridges.state';
import { areGateways, gatewaysOf, isPlainOffMachine } from '../../../src/shared/address';
import { NO_BRIDGES } from '../../../src/shared/bridges/state';
import { ipcCalls } from '../../../src/shared/ipc/contract';
import { commandParams } from '../../../src/shared/protocol/commands';
import { shippedPolicy } from '../../support/desk';
import { ROOT } from '../../support/root';

const hasPython = spawnSync('python3', ['--version']).status === 0;
const OFF = 'http://service.example:8000';
const HERE = 'http://127.0.0.1:8000';

it.each([
  ['https://service.example', false],
  ['wss://service.example:1', false],
  [HERE, false],
  ['http://localhost', false],
  ['ws://[::1]:8760/', false],
  [OFF, true],
  ['ws://10.0.0.7:8760', true],
  // Names that only begin like this machine's.
  ['http://localhost.example', true],
  ['http://127.0.0.1.example:8000', true],
])('%s in plain text off this machine: %s', (address, plain) => {
  expect(isPlainOffMachine(address)).toBe(plain);
});

it('one address is given, or several by commas', () => {
  const three = 'ws://127.0.0.1:1,wss://b.example:2,wss://c.example:3';
  expect(areGateways(three)).toBe(true);
  expect(gatewaysOf(three)).toEqual(three.split(','));
  expect(gatewaysOf('ws://127.0.0.1:1')).toEqual(['ws://127.0.0.1:1']);
  for (const bad of ['', 'http://a:1', 'ws://a:1,', 'ws://a:1,b:2', 'ws://a:1, ws://b:2']) {
    expect(areGateways(bad)).toBe(false);
  }
});

describe('credentials that would travel in plain text', () => {
  const context = { state: NO_BRIDGES, policy: shippedPolicy };
  const luis = { id: 'luis', name: 'Luis', roles: ['cto' as const] };
  const about = (change: object) => ({
    ...{ kind: 'inference-api', options: {}, secrets: { apiKey: 'k' }, address: OFF, ...change },
  });

  it('are refused for a bridge and its test, unless a person accepts just that; the record says so', () => {
    const given = (change: object) =>
      configure(
        context,
        commandParams['bridge.configure'].parse({
          ...about({ bridge: 'b', name: 'B', reason: 'VPN', ...change }),
        }),
        {},
        luis,
        '0-00000000-0000-7000-8000-000000000000',
      ).facts[0]?.data;
    const tested = (change: object) =>
      look(
        context,
        commandParams['bridge.test'].parse(about({ bridge: null, ...change })),
        {},
        luis,
      ).fact.data;
    for (const decide of [given, tested]) {
      expect(() => decide({})).toThrow('plain text');
      expect(() => decide({ plainAccepted: false })).toThrow('plain text');
      expect(() => decide({ plainAccepted: true })).not.toThrow();
    }
    expect(given({ plainAccepted: true })).toMatchObject({ plainAccepted: true });
    // What needs no exception is not recorded as one.
    expect(given({ plainAccepted: true, address: HERE })).not.toHaveProperty('plainAccepted');
    expect(given({ address: 'https://service.example' })).not.toHaveProperty('plainAccepted');
  });

  it('are refused in the gateway’s file, where an exception also names its reason', () => {
    const file = (change: object) =>
      fileBridgeSchema.safeParse({
        ...{ id: 'b', kind: 'freqtrade', name: 'B', address: OFF, ...change },
      }).success;
    expect(file({})).toBe(false);
    expect(file({ plainAccepted: true })).toBe(false);
    expect(file({ plainAccepted: true, reason: ' ' })).toBe(false);
    expect(file({ plainAccepted: true, reason: 'VPN' })).toBe(true);
    expect(file({ address: HERE })).toBe(true);
  });

  it('are refused for the last resort, and where a window would send them', () => {
    const target = { engine: 'e', kind: 'freqtrade', address: OFF, secrets: {} };
    const { args } = ipcCalls['lastResort.set'];
    const keep = (change: object) =>
      args.safeParse({ target: { ...target, ...change }, plainAccepted: true });
    expect(keep({}).success).toBe(false);
    expect(keep({ plainAccepted: true })).toMatchObject({ data: { target } });
    expect(keep({ address: HERE }).success).toBe(true);
    expect(isTaken({ address: OFF, plainAccepted: false })).toBe(false);
    expect(isTaken({ address: OFF, plainAccepted: true })).toBe(true);
    expect(isTaken({ address: HERE, plainAccepted: false })).toBe(true);
  });

  it.skipIf(!hasPython)('are refused by the Python client before it connects, or said', () => {
    const run = (arguments_: string) =>
      spawnSync(
        'python3',
        [
          '-c',
          `from vigia_engine import Engine, Link
Link(Engine('e', 'E', []), ${arguments_}, token='t', say=print)
print('made')`,
        ],
        {
          encoding: 'utf8',
          env: {
            ...process.env,
            PYTHONPATH: join(ROOT, 'resources/engine-clients/python'),
            PYTHONDONTWRITEBYTECODE: '1',
          },
        },
      );
    expect(run("'ws://gateway.example:8760'").stderr).toContain('ValueError: ws:// to another');
    expect(run("'ws://127.0.0.1:8760'").stdout).toBe('made\n');
    expect(run("'wss://gateway.example:8760'").stdout).toBe('made\n');
    const accepted = run("'ws://gateway.example:8760', plain_accepted=True").stdout;
    expect(accepted).toMatch(/not encrypted.*\nmade\n$/);
  });
});
