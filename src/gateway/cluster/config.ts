import { isIP } from 'node:net';
import { z } from 'zod';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** `host:port`, `[v6]:port`; no secrets stand in an address. */
const ADDRESS = /^(?:\[([0-9a-f:]+)\]|([a-z0-9._-]+)):(\d{1,5})$/i;

function hostOf(address: string): string {
  const [, v6, host] = ADDRESS.exec(address) ?? [];
  return v6 ?? host ?? '';
}

/** Where a gateway keeps its log with others: NATS servers with JetStream. Files are named by their paths. */
export const clusterConfigSchema = z
  .strictObject({
    /** This gateway's name; no two of a desk have one. */
    node: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    /** All of them, `host:port`; others that a server tells of are not used. */
    servers: z.array(z.string().regex(ADDRESS, 'not host:port')).min(1).max(16),
    /** How many servers have each event; a majority of them must live. */
    replicas: z.literal([1, 3, 5]).default(3),
    /** The stream's name at the servers, and the first word of every subject. */
    stream: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .default('VIGIA'),
    tls: z
      .strictObject({
        /** PEM of the authority whose servers are trusted. */
        caFile: z.string().min(1),
        /** PEM files, where servers ask for a certificate. */
        certFile: z.string().min(1).optional(),
        keyFile: z.string().min(1).optional(),
      })
      .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
        message: 'certFile and keyFile go together',
      })
      .optional(),
    /** A user's `.creds`: a JWT and its seed. */
    credentialsFile: z.string().min(1).optional(),
    /** An NKey's seed and nothing else. */
    nkeyFile: z.string().min(1).optional(),
  })
  .refine(({ credentialsFile, nkeyFile }) => !(credentialsFile && nkeyFile), {
    path: ['nkeyFile'],
    message: 'one of credentialsFile and nkeyFile',
  })
  .refine(({ servers, tls }) => tls || servers.every((one) => LOOPBACK.has(hostOf(one))), {
    path: ['servers'],
    message: 'servers off this machine need TLS: set tls.caFile',
  })
  // SECURITY: the client library checks an IP address's certificate for the name `localhost`.
  .refine(({ servers, tls }) => !tls || servers.every((one) => isIP(hostOf(one)) === 0), {
    path: ['servers'],
    message: 'with TLS servers are named by their host names, which their certificates carry',
  });

export type ClusterConfig = z.infer<typeof clusterConfigSchema>;
