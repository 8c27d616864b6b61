import type { PeerCertificate, SecureContextOptions } from 'node:tls';

/** How a connection to a gateway is secured; plain data, so that threads can be given it. */
export interface Transport {
  /** PEM of the one authority to trust; null for the system's own list. */
  readonly ca: string | null;
  /** The certificate that was confirmed for this address. */
  readonly pin: { readonly fingerprint: string; readonly pem: string } | null;
  /** This terminal's own certificate, where the gateway asks for one. */
  readonly client: { readonly cert: string; readonly key: string } | null;
}

export const PLAIN_TRANSPORT: Transport = { ca: null, pin: null, client: null };

export interface ClientTls extends SecureContextOptions {
  allowPartialTrustChain?: boolean;
  checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** The TLS options of a connection. A pinned certificate is the only one that is taken. */
export function clientTls({ ca, pin, client }: Transport): ClientTls {
  const own = client ?? {};
  if (pin === null) return { ...own, ...(ca === null ? {} : { ca }) };
  return {
    ...own,
    ca: ca === null ? pin.pem : [ca, pin.pem],
    // SECURITY: the pin says more than the name: exactly this certificate was compared by a person.
    allowPartialTrustChain: true,
    checkServerIdentity: (_host, certificate) =>
      certificate.fingerprint256 === pin.fingerprint
        ? undefined
        : new Error('the gateway’s certificate is not the one that was confirmed'),
  };
}
