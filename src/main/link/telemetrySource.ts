import type { OperationsPolicy } from '../../shared/policy/operations';
import type { Identity } from '../identity/identity';
import type { ControlLink } from './controlLink';
import type { Telemetry } from './telemetry';
import type { TelemetryTarget } from './telemetryMessages';

export interface TelemetrySource {
  /** Takes it from the gateway whose log is followed, or else from any other that answers. */
  take(address: string): void;
  /** Takes it from where it was taken, as with a certificate that was confirmed meanwhile. */
  again(): void;
  /** Whoever spoke for this terminal has changed: nothing is taken until the next address. */
  forget(): void;
}

/** Where telemetry comes from: it follows the log, and its thread goes to another gateway by itself. */
export function createTelemetrySource(deps: {
  readonly identity: Pick<Identity, 'token' | 'transport'>;
  readonly link: Pick<ControlLink, 'addresses' | 'view'>;
  readonly connect: Telemetry['connect'];
  readonly terminal: TelemetryTarget['terminal'];
  readonly times: OperationsPolicy['link'];
}): TelemetrySource {
  const { identity, link, connect, terminal, times } = deps;
  let from: string | null = null;

  function take(address: string): void {
    const token = identity.token();
    const strangers = link.view().strangers;
    const others = link.addresses().filter((one) => one !== address && !strangers.includes(one));
    const gateways = [address, ...others].flatMap((one) => {
      const transport = identity.transport(one);
      return transport === null ? [] : [{ address: one, transport }];
    });
    if (token === null || gateways[0]?.address !== address) return;
    from = address;
    connect({ gateways, token, terminal, times });
  }

  return {
    take,
    again() {
      if (from !== null) take(from);
    },
    forget() {
      from = null;
      if (identity.token() === null) connect(null);
    },
  };
}
