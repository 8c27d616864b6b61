import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMonitorDesk, type MonitorDesk } from '../../../src/main/monitor/monitorDesk';
import type { OpsState } from '../../../src/shared/ops/state';
import type { ControlRequest } from '../../../src/shared/protocol/terminal';
import { modelsPolicy } from '../../support/desk';
import { foldFacts } from '../../support/models';
import { healthOf, MONDAY_9, monitorPolicy } from '../../support/monitor';

let sent: ControlRequest[];
let ops: OpsState;
let desk: MonitorDesk;
let slept: number;
let ids: number;

beforeEach(() => {
  vi.useFakeTimers({ now: MONDAY_9 });
  sent = [];
  slept = 0;
  ids = 0;
  const environment = 'live';
  const opened = { epoch: 'e', gatewayId: 'g', publicKey: 'k', environment };
  const engine = { engine: 'e1', name: 'e1', kind: 'fake', instruments: [], software: 'test' };
  ops = foldFacts([
    { type: 'log.opened', data: opened },
    { type: 'engine.registered', data: { ...engine, environment } },
  ]);
  desk = createMonitorDesk({
    control: (request) => {
      sent.push(request);
      return true;
    },
    ops: () => ops,
    sees: () => true,
    current: () => true,
    policy: () => monitorPolicy,
    models: () => modelsPolicy,
    keepWindow: async () => null,
    host: 't-1',
    clock: () => Date.now() + slept,
    uptime: () => performance.now(),
    newId: () => {
      ids += 1;
      return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`;
    },
    changed: () => undefined,
  });
  desk.linkUp();
});
afterEach(() => {
  desk.stop();
  vi.useRealTimers();
});

const leases = () => sent.filter(({ type }) => type === 'lease');
const commands = () => sent.flatMap((one) => (one.type === 'command' ? [one] : []));
const items = () =>
  commands().flatMap((one) => (one.name === 'monitor.report' ? one.params.items : []));
const grant = (token: number) =>
  desk.lease({ type: 'lease', holder: 't-1', token, expiresInMs: 15_000 });
/** A check without any data, as right after sleep. */
const check = () => desk.evaluated(healthOf().evaluate(Date.now() + slept), 'check');

describe('a terminal that acts', () => {
  it('asks for the lease anew after sleep, tells of it, and takes what it missed for no blindness', () => {
    grant(7);
    check();
    slept = 3_600_000;
    vi.advanceTimersByTime(monitorPolicy.lease.renewEveryMs);
    expect(desk.view().acts).toBe(false);
    expect(leases().at(-1)).toMatchObject({ token: null, release: false });
    grant(9);
    for (let n = 0; n < monitorPolicy.stalls.graceChecks; n += 1) check();
    expect(items().filter(({ item }) => item === 'suspended')).toEqual([
      { item: 'suspended', data: { host: 't-1', ms: 3_605_000 } },
    ]);
    expect(commands().filter(({ name }) => name === 'pause')).toEqual([]);
    for (let n = 0; n < monitorPolicy.noDataChecks; n += 1) check();
    const pauses = commands().filter(({ name }) => name === 'pause');
    expect(pauses).toMatchObject([{ params: { fence: 9, origin: 'monitor' } }]);
  });

  it('whose checks stand still says so, gives the lease up and does not ask for it', () => {
    grant(7);
    check();
    const { checkEveryMs, lease } = monitorPolicy;
    const until = checkEveryMs * monitorPolicy.stalls.stoppedAfterChecks;
    for (let passed = 0; passed <= until; passed += lease.renewEveryMs) {
      vi.advanceTimersByTime(lease.renewEveryMs);
      if (desk.view().acts) grant(7);
    }
    expect(desk.view()).toMatchObject({ stopped: true, acts: false });
    expect(leases().at(-1)).toMatchObject({ token: 7, release: true });
    const before = leases().length;
    vi.advanceTimersByTime(lease.renewEveryMs);
    expect(leases()).toHaveLength(before);
    check();
    vi.advanceTimersByTime(lease.renewEveryMs);
    expect(desk.view().stopped).toBe(false);
    expect(leases().at(-1)).toMatchObject({ token: null, release: false });
  });

  it('whose windows were filled in only in part leaves the lease to who has them whole', () => {
    grant(7);
    desk.evaluated({ ...healthOf().evaluate(MONDAY_9), partial: true }, 'check');
    vi.advanceTimersByTime(monitorPolicy.lease.renewEveryMs);
    expect(leases().at(-1)).toMatchObject({ token: 7, release: true });
  });
});
