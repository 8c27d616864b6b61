import { join } from 'node:path';
import type { IpcCall } from '../../shared/ipc/contract';
import type { CommandParams } from '../../shared/protocol/commands';
import type { Failure, Result } from '../../shared/result';
import { fail } from '../../shared/result';
import type { Clock } from '../../shared/time';
import type { CertificateView, IdentityView, LockView } from '../../shared/view/identity';
import type { Transport } from '../link/transport';
import { createCredentials, type SecretStorage } from './credentials';
import { createSessionLock } from './lock';
import { createPins, type Probe } from './pins';

type ReportKind = CommandParams<'terminal.report'>['kind'];

/** Who sits here, whom the terminal speaks to, and whether it is locked. */
export interface Identity {
  token(): string | null;
  /** Null while the address may not be connected to. */
  transport(address: string): Transport | null;
  /** Looks at the certificates of these addresses. */
  look(addresses: readonly string[]): void;
  signIn(
    token: string,
    remember: boolean,
    plainAccepted: boolean,
  ): Result<null, 'would_be_plain' | 'not_kept' | 'not_here'>;
  signOut(): void;
  /** Takes the token that now stands where the terminal was given its own at the start. */
  renew(token: string): void;
  confirm(address: string, typed: string): boolean;
  setPin(pin: string | null, present: string | null): Promise<boolean>;
  lock(): void;
  unlock(pin: string): Promise<boolean>;
  /** Why a window's call is not taken now; null when it is. */
  refusal(channel: IpcCall): Failure | null;
  /** A kill was given here: where the terminal is locked, that is put on the record. */
  killed(): void;
  view(): {
    readonly identity: IdentityView;
    readonly lock: LockView;
    readonly certificates: readonly CertificateView[];
  };
  stop(): void;
}

export interface IdentityDeps {
  readonly userData: string;
  readonly storage: SecretStorage;
  readonly platform: NodeJS.Platform;
  readonly given: { readonly token: string; readonly source: 'embedded' | 'config' } | null;
  readonly base: Omit<Transport, 'pin'>;
  readonly probe: Probe;
  readonly clock: Clock;
  /** Time since anybody touched keyboard or mouse, ms. */
  readonly idleMs: () => number;
  readonly lockAfterMs: () => number;
  /** Who is signed in, by name. */
  readonly who: () => string;
  readonly report: (kind: ReportKind, detail: string) => void;
  /** The token changed. */
  readonly onToken: () => void;
  /** An address may be connected to now. */
  readonly onReady: (address: string) => void;
  readonly changed: () => void;
}

const IDLE_CHECK_MS = 5_000;

export function createIdentity(deps: IdentityDeps): Identity {
  const { userData, clock, report, changed, given } = deps;
  const credentials = createCredentials({
    path: join(userData, 'credentials.json'),
    storage: deps.storage,
    platform: deps.platform,
    given,
  });
  const lock = createSessionLock({ path: join(userData, 'lock.json'), clock, changed, report });
  const pins = createPins({
    path: join(userData, 'certificates.json'),
    base: deps.base,
    probe: deps.probe,
    onReady: deps.onReady,
    onChanged: (address, fingerprint) =>
      report('certificate_changed', `${address} presents ${fingerprint}`),
    changed,
  });
  const watching = setInterval(() => lock.idle(deps.idleMs(), deps.lockAfterMs()), IDLE_CHECK_MS);

  return {
    token: credentials.token,
    transport: pins.transport,
    look: (addresses) => addresses.forEach(pins.look),
    signIn(token, remember, plainAccepted) {
      if (given)
        return fail(
          'not_here',
          'this terminal is given its token by its configuration: change it there',
        );
      const taken = credentials.signIn(token, remember, plainAccepted);
      if (taken.ok || taken.error.code === 'not_kept') deps.onToken();
      changed();
      return taken;
    },
    signOut() {
      if (given) return;
      credentials.signOut();
      deps.onToken();
      changed();
    },
    renew(token) {
      credentials.renew(token);
      deps.onToken();
      changed();
    },
    confirm(address, typed) {
      const confirmed = pins.confirm(address, typed);
      if (confirmed) report('certificate_confirmed', `${address}, by ${deps.who()}`);
      return confirmed;
    },
    setPin: (pin, present) =>
      pin === null ? lock.removePin(present ?? '') : lock.setPin(pin, present),
    lock: () => lock.lock('asked'),
    unlock: (pin) => lock.unlock(pin, deps.who()),
    refusal: (channel) =>
      lock.refuses(channel)
        ? { code: 'locked', message: 'the terminal is locked; a kill is not' }
        : null,
    killed() {
      const { locked, lastUnlockedBy } = lock.view();
      if (locked) report('killed_while_locked', `last unlocked by ${lastUnlockedBy ?? 'nobody'}`);
    },
    view: () => ({
      identity: credentials.view(),
      lock: lock.view(),
      certificates: pins.view(),
    }),
    stop: () => clearInterval(watching),
  };
}
