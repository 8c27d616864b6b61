import { expect, it } from 'vitest';
import { readConfig } from '../../../src/main/config';
import { isOwnCaller } from '../../../src/main/ipc/sender';

it('reads a config and refuses a wrong one with its place', async () => {
  const good = 'gateways: ["https://g.example:7443/"]\ntoken: 0123456789abcdef\n';
  const read = await readConfig(['--config', 'a.yaml'], () => good);
  expect(read.ok && read.value.gateways).toEqual(['wss://g.example:7443']);
  const bad = await readConfig(['--config=a.yaml'], () => 'gateways: []\ntoken: 1\n');
  expect(!bad.ok && bad.error.message).toMatch(/a\.yaml: gateways/);
  expect((await readConfig(['--config'], () => null)).ok).toBe(false);
  expect((await readConfig([], () => null)).ok).toBe(true);
});

it('knows its own pages and no others', () => {
  const own = { root: 'vigia://app/', contentsIds: () => [7] };
  const call = (url: string, sender = 7, parent: unknown = null) =>
    isOwnCaller({ sender: { id: sender }, senderFrame: { url, parent } }, own);
  expect(call('vigia://app/panel.html')).toBe(true);
  expect(call('vigia://app/panel.html', 8)).toBe(false);
  expect(call('vigia://app/panel.html', 7, {})).toBe(false);
  expect(call('vigia://app/%2e%2e%2fevil.html')).toBe(false);
  expect(call('https://app/panel.html')).toBe(false);
  expect(call('file:///app/panel.html')).toBe(false);
  expect(call('vigia://apple/panel.html')).toBe(false);
  expect(isOwnCaller({ sender: { id: 7 }, senderFrame: null }, own)).toBe(false);
});
