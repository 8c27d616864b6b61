import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { z } from 'zod';
import { writeFileDurably } from '../../node/latchFile';
import type { CertificateView } from '../../shared/view/identity';
import type { Transport } from '../link/transport';

/** A gateway's certificate as it presents it. */
export interface Presented {
  readonly fingerprint: string;
  readonly pem: string;
  readonly subject: string;
  readonly validTo: string;
  /** Whether its chain and name hold by the authority that is trusted. */
  readonly trusted: boolean;
}

export type Probe = (address: string, transport: Transport) => Promise<Presented>;

/** Which certificates were confirmed, and what is found instead. */
export interface Pins {
  /** Null while the address may not be connected to. */
  transport(address: string): Transport | null;
  /**
   * Looks at what the address presents; to be called at the start and after a connection failed.
   *
   * @returns once it is seen, or found unreachable
   */
  look(address: string): Promise<void>;
  /** A person compared the fingerprint: `typed` is its last eight digits, colons or not. */
  confirm(address: string, typed: string): boolean;
  view(): readonly CertificateView[];
}

const fileSchema = z.record(z.string(), z.object({ fingerprint: z.string(), pem: z.string() }));
const TYPED_DIGITS = 8;

/**
 * Trust on first use, said aloud: the first certificate of an address is confirmed by a person who
 * compares its fingerprint, or by an authority that was named; another one later is an alarm.
 */
export function createPins(deps: {
  readonly path: string;
  readonly base: Omit<Transport, 'pin'>;
  readonly probe: Probe;
  /** Told once when an address presents another certificate than the confirmed one. */
  readonly onChanged: (address: string, fingerprint: string) => void;
  /** An address may be connected to now. */
  readonly onReady: (address: string) => void;
  readonly changed: () => void;
}): Pins {
  const { base } = deps;
  let kept = read(deps.path);
  const seen = new Map<string, Presented | 'unreachable'>();
  const looking = new Map<string, Promise<void>>();
  const isTls = (address: string) => address.startsWith('wss:');

  function keep(address: string, { fingerprint, pem }: Presented): void {
    kept = { ...kept, [address]: { fingerprint, pem } };
    writeFileDurably(deps.path, JSON.stringify(kept));
    deps.onReady(address);
    deps.changed();
  }

  function found(address: string, presented: Presented): void {
    const before = seen.get(address);
    seen.set(address, presented);
    const pin = kept[address];
    if (!pin && presented.trusted && base.ca !== null) {
      keep(address, presented);
      return;
    }
    const isNew = before === undefined || before === 'unreachable';
    const other = isNew || before.fingerprint !== presented.fingerprint;
    if (pin && pin.fingerprint !== presented.fingerprint && other) {
      deps.onChanged(address, presented.fingerprint);
    }
    deps.changed();
  }

  return {
    transport(address) {
      if (!isTls(address)) return { ...base, pin: null };
      const pin = kept[address];
      const now = seen.get(address);
      const differs = now && now !== 'unreachable' && now.fingerprint !== pin?.fingerprint;
      return pin && !differs ? { ...base, pin } : null;
    },
    look(address) {
      if (!isTls(address)) return Promise.resolve();
      const begun = looking.get(address);
      if (begun) return begun;
      const look = deps
        .probe(address, { ...base, pin: null })
        .then((presented) => found(address, presented))
        .catch(() => {
          if (!seen.has(address)) seen.set(address, 'unreachable');
          deps.changed();
        })
        .finally(() => looking.delete(address));
      looking.set(address, look);
      return look;
    },
    confirm(address, typed) {
      const presented = seen.get(address);
      if (!presented || presented === 'unreachable') return false;
      const digits = (text: string) => text.replaceAll(':', '').toUpperCase();
      if (digits(presented.fingerprint).slice(-TYPED_DIGITS) !== digits(typed.trim())) return false;
      keep(address, presented);
      return true;
    },
    view: () =>
      [...seen].map(([address, presented]) => {
        const confirmed = kept[address]?.fingerprint ?? null;
        if (presented === 'unreachable') {
          const unknown = { fingerprint: null, subject: null, validTo: null };
          return { address, state: 'unreachable', confirmed, ...unknown };
        }
        const { fingerprint, subject, validTo } = presented;
        const same = confirmed === fingerprint;
        const state = confirmed === null ? 'asking' : same ? 'confirmed' : 'changed';
        return { address, state, confirmed, fingerprint, subject, validTo };
      }),
  };
}

/** Looks at the certificate of an address over a connection on which nothing is said. */
export const probeCertificate: Probe = (address, { ca, client }) =>
  new Promise((done, failed) => {
    const url = new URL(address);
    const socket = connect({
      host: url.hostname,
      port: Number(url.port || 443),
      servername: /^[\d.:[\]]+$/.test(url.hostname) ? '' : url.hostname,
      ...(ca === null ? {} : { ca }),
      ...(client ?? {}),
      // SECURITY: to see a certificate nobody vouches for, it must be let in; no token and no byte of
      // ours goes over this connection, and every other one is held to what a person confirmed.
      rejectUnauthorized: false,
      timeout: 5_000,
    });
    socket.on('error', failed);
    socket.on('timeout', () => socket.destroy(new Error('no answer')));
    socket.on('secureConnect', () => {
      const { raw, fingerprint256, subject, valid_to: validTo } = socket.getPeerCertificate();
      const trusted = socket.authorized;
      socket.destroy();
      if (!raw) return failed(new Error('no certificate'));
      const body = raw.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
      const pem = `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
      const name = [subject.CN].flat().join(', ');
      done({ fingerprint: fingerprint256, pem, subject: name, validTo, trusted });
    });
  });

function read(path: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return {};
  }
}
