import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { safeStorage } from 'electron';
import { type DirectKillDeps, directKill, directTest } from '../../node/directKill';
import { fetchJson } from '../../node/fetchJson';
import type { Logger } from '../../node/logFile';
import type { LastResortTarget, LastResortTest } from '../../shared/bridges/lastResort';
import type { OperationsPolicy } from '../../shared/policy/operations';
import type { DeskState } from '../desk';
import type { Identity } from '../identity/identity';
import type { ControlLink } from '../link/controlLink';
import { postKill } from './httpKill';
import { createKillDesk, type KillDesk, type KillDeskDeps } from './killDesk';
import { type LastResortTargets, openLastResort } from './lastResortStore';
import { openKillLatch } from './latch';

export interface Kills {
  readonly kills: KillDesk;
  /** The engines' own services, for a kill that no gateway acknowledges. */
  readonly lastResort: LastResortTargets;
  readonly testLastResort: (target: LastResortTarget) => Promise<LastResortTest>;
}

/** All the ways of a kill: the gateways' sockets, HTTP, and the engines' own services. */
export function createKills(
  deps: Pick<KillDeskDeps, 'control' | 'clock' | 'newId' | 'report' | 'changed'> & {
    readonly userData: string;
    /** Where the latch is kept. */
    readonly data: string;
    readonly policy: OperationsPolicy['kill'];
    readonly journal: Logger;
    readonly link: Pick<ControlLink, 'sendTo' | 'addresses' | 'view'>;
    readonly desk: Pick<DeskState, 'ops'>;
    readonly identity: Pick<Identity, 'token' | 'transport'>;
  },
): Kills {
  const { userData, data, policy, journal, link, desk, identity } = deps;
  const { control, clock, newId, report, changed } = deps;
  const lastResort = openLastResort(join(userData, 'last-resort.json'), {
    available: () => safeStorage.isEncryptionAvailable(),
    // Only Linux has several; elsewhere it is the system's own.
    backend: () =>
      process.platform === 'linux' ? safeStorage.getSelectedStorageBackend() : process.platform,
    acceptPlain: () => safeStorage.setUsePlainTextEncryption(true),
    seal: (text) => safeStorage.encryptString(text),
    open: (sealed) => safeStorage.decryptString(sealed),
  });
  const direct: DirectKillDeps = { fetch: fetchJson, after: (ms) => after(ms) };
  const posted = new Set<string>();
  const kills = createKillDesk({
    ...{ clock, newId, control, sendTo: link.sendTo, report, changed },
    gateways() {
      const { state, address, strangers } = link.view();
      return { live: state === 'live' ? address : null, addresses: link.addresses(), strangers };
    },
    lifted: (id) => desk.ops().kills.some((one) => one.commandId === id && one.resumedAt !== null),
    latch: openKillLatch(join(data, 'latch.json')),
    times: () => policy,
    async post(address, command) {
      const given = `${address} ${command.id}`;
      // It is given to one that lacks it for as long as it stands; the journal needs that once.
      if (!posted.has(given)) journal.warn('kill.http', { correlationId: command.id, address });
      posted.add(given);
      const token = identity.token();
      const transport = identity.transport(address);
      if (token !== null && transport) return postKill(address, token, transport, command);
      const message = token === null ? 'nobody is signed in' : 'certificate not confirmed';
      return { ok: false, unsaved: false, message };
    },
    lastResort: {
      targets: lastResort.get,
      kill: (target, kill) => directKill(target, kill, direct),
      afterMs: () => policy.lastResortAfterMs,
    },
  });
  return { kills, lastResort, testLastResort: (target) => directTest(target, direct) };
}
