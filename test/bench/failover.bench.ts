import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDeskState, type DeskState } from '../../src/main/desk';
import { createControlLink } from '../../src/main/link/controlLink';
import { PLAIN_TRANSPORT } from '../../src/main/link/transport';
import { EMPTY_LOG } from '../../src/shared/log/event';
import { INITIAL_OPS_STATE } from '../../src/shared/ops/state';
import { openProxy } from '../chaos/proxy';
import { openGateway, quietPolicies, shippedPolicy } from '../support/desk';
import { percentile, print, round } from './figure';

/** From the moment a gateway is lost, or hangs, until an event of after that is followed at the terminal. */
const CUTS = 100;
const HANGS = 30;
const TARGET_MS = 1_000;

const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
const gateway = await openGateway(folder, 'paper', 0, { policies: quietPolicies });
const proxies = [await openProxy(Math.random), await openProxy(Math.random)];
for (const proxy of proxies) proxy.target(gateway.port);
const address = (port: number): string => `ws://127.0.0.1:${port}`;

let looks: (() => void)[] = [];
const changed = (): void => {
  for (const look of [...looks]) look();
};
const desk: DeskState = createDeskState({
  ...{ append: () => undefined, onFresh: () => undefined, changed },
  quarantine(cause) {
    throw new Error(cause);
  },
});
const link = createControlLink({
  ...{ token: () => 'ana', transport: () => PLAIN_TRANSPORT, embedded: false },
  ...{ clock: Date.now, uptime: () => performance.now(), random: Math.random },
  terminal: { id: 't1', name: 't1', version: 'bench' },
  times: shippedPolicy.link,
  ...{ position: desk.position, onWelcome: desk.welcomed, onEvents: desk.take },
  ...{ onReplayed: desk.replayed, onDiverged: desk.diverged, onState: changed, changed },
  ...{ onCheckpoint: () => undefined, onLease: () => undefined, onHealth: () => undefined },
  ...{ onAnswer: () => undefined, onFailed: () => undefined, onStranger: () => undefined },
});

function until(condition: () => boolean): Promise<void> {
  return new Promise((done) => {
    const look = (): void => {
      if (!condition()) return;
      looks = looks.filter((one) => one !== look);
      done();
    };
    looks.push(look);
    look();
  });
}

const isAtHead = (): boolean => desk.position()?.head.hash === gateway.log.savedHead().hash;
const isReady = (): boolean =>
  link.view().state === 'live' && link.view().standing === 2 && isAtHead();

async function lose(how: 'cut' | 'stall'): Promise<number> {
  await until(isReady);
  const live = proxies.find(({ port }) => address(port) === link.view().address);
  if (!live) throw new Error('the live gateway is none of ours');
  const since = performance.now();
  live.set({ kind: how === 'cut' ? 'refuse' : 'stall' });
  if (how === 'cut') live.cut();
  gateway.log.append({ type: 'gateway.stopped', data: { cause: 'bench' } });
  const { seq } = gateway.log.savedHead();
  await until(() => (desk.position()?.head.seq ?? 0) >= seq);
  const took = performance.now() - since;
  live.set({ kind: 'none' });
  return took;
}

desk.opened({ type: 'opened', head: EMPTY_LOG, ops: INITIAL_OPS_STATE });
link.connect(proxies.map(({ port }) => address(port)));
for (const [how, runs] of [
  ['cut', CUTS],
  ['stall', HANGS],
] as const) {
  const samples: number[] = [];
  for (let run = 0; run < runs; run += 1) samples.push(await lose(how));
  for (const [name, fraction] of [
    ['p50', 0.5],
    ['worst', 1],
  ] as const) {
    const value = round(percentile(samples, fraction));
    print({
      figure: `failover.${how}_to_live_again_${name}`,
      ...{ value, unit: 'ms', floor: null, ratio: null },
      target: name === 'worst' ? `≤ ${TARGET_MS} ms` : 'none',
      met: name !== 'worst' || value <= TARGET_MS,
      runs,
    });
  }
}
link.stop();
for (const proxy of proxies) await proxy.close();
await gateway.stop();
rmSync(folder, { recursive: true, force: true });
