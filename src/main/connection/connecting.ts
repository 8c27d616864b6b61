import type { Joined } from '../../shared/connection';
import type { Failure, Result } from '../../shared/result';
import { fail, ok } from '../../shared/result';
import type { ConnectionView } from '../../shared/view/connection';
import type { Identity } from '../identity/identity';
import type { SettingsStore } from '../settings';
import { type Chosen, sameConnection } from './choose';
import type { TryGateway } from './tryGateway';

export interface Connecting {
  view(): ConnectionView;
  /** Looks at the certificate of an address. @returns what a token for it would be kept by */
  look(address: string): Promise<{ address: string; backend: string; plain: boolean }>;
  /** Signs in at a gateway; it is this terminal's own from the next start on if that went well. */
  join(args: {
    readonly address: string;
    readonly token: string;
    readonly remember: boolean;
    readonly plainAccepted: boolean;
  }): Promise<Result<Joined>>;
  /** A desk of its own on paper from the next start on. @returns why not; null when so */
  usePaper(): Failure | null;
  /** The settings' files changed. */
  reread(): void;
}

const NOT_KEPT = { code: 'not_kept', message: 'the disk or the keyring refuses to keep it' };

/** The operator's choice of where this terminal is connected. It holds from the next start on. */
export function createConnecting(deps: {
  readonly now: Chosen;
  /** What a start would choose now. */
  readonly choose: () => Chosen;
  readonly identity: Pick<Identity, 'look' | 'transport' | 'keepForNext' | 'keptBy'>;
  readonly settings: Pick<SettingsStore, 'setConnection'>;
  readonly terminal: { readonly id: string; readonly name: string; readonly version: string };
  readonly tryGateway: TryGateway;
  readonly changed: () => void;
}): Connecting {
  const { now, identity, settings } = deps;
  let next = deps.choose();

  function reread(): void {
    next = deps.choose();
    deps.changed();
  }

  function notHere(): Failure | null {
    const { source } = deps.choose();
    if (source !== 'config' && source !== 'desk') return null;
    const who = source === 'config' ? 'its command line' : 'the desk’s settings file';
    return { code: 'not_here', message: `${who} says where this terminal is connected` };
  }

  return {
    reread,
    view: () => ({
      source: now.source,
      gateways: now.gateways,
      problem: next.problem,
      next: sameConnection(now, next) ? null : { source: next.source, gateways: next.gateways },
    }),
    async look(address) {
      await identity.look([address]);
      return { address, ...identity.keptBy() };
    },
    async join({ address, token, remember, plainAccepted }) {
      const refused = notHere();
      if (refused) return { ok: false, error: refused };
      if (remember && identity.keptBy().plain && !plainAccepted) {
        return fail('would_be_plain', 'the token would be kept as plain text on this disk');
      }
      const transport = identity.transport(address);
      if (!transport) return fail('certificate', 'its certificate is not confirmed');
      const welcome = await deps.tryGateway(address, token, transport, deps.terminal);
      if (!welcome.ok) return welcome;
      if (!settings.setConnection({ gateways: [address] })) return { ok: false, error: NOT_KEPT };
      // One that is not to be kept takes the place of another gateway's, which is not for this one.
      const kept = identity.keepForNext(remember ? token : null, plainAccepted);
      reread();
      const { deskName, environment, operator } = welcome.value;
      return ok({
        address,
        deskName,
        environment,
        operator: operator.name,
        kept: remember && kept.ok,
      });
    },
    usePaper() {
      const refused = notHere();
      if (refused) return refused;
      if (!settings.setConnection(null)) return NOT_KEPT;
      reread();
      return null;
    },
  };
}
