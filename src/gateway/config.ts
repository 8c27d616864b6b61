import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { parse } from 'yaml';
import { z } from 'zod';
import { environmentSchema } from '../shared/protocol/engine';
import { fileBridgeSchema } from './bridges/config';
import { clusterConfigSchema } from './cluster/config';

/** A file the gateway is configured by cannot be used; the message says which, where and why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

export const gatewayConfigSchema = z
  .strictObject({
    host: z.string().default('127.0.0.1'),
    port: z.int().min(0).max(65_535).default(8_760),
    dataDir: z.string().min(1),
    operatorsFile: z.string().min(1),
    /** Folder of the policy files. */
    policyDir: z.string().min(1).default('resources/policy'),
    environment: environmentSchema,
    deskName: z.string().min(1).default('USD/COP'),
    /** A file that holds the secret of PagerDuty's webhook subscription, and nothing else. */
    pagerdutySecretFile: z.string().min(1).optional(),
    /** Systems that the gateway reaches by a bridge, each a process of its own. */
    bridges: z
      .array(fileBridgeSchema)
      .max(64)
      .default([])
      .refine((bridges) => new Set(bridges.map(({ id }) => id)).size === bridges.length, {
        message: 'two bridges of one id',
      }),
    /** One of several gateways on one replicated log; alone where it is left out. */
    cluster: clusterConfigSchema.optional(),
    /** PEM files; the key must be readable by the gateway's user alone. */
    tls: z
      .strictObject({
        certFile: z.string().min(1),
        keyFile: z.string().min(1),
        /** PEM of the authority whose certificates terminals and engines must show (mutual TLS). */
        clientCaFile: z.string().min(1).optional(),
      })
      .optional(),
  })
  .refine((config) => config.tls !== undefined || LOOPBACK.has(config.host), {
    path: ['host'],
    message: 'listening off this machine needs TLS: set tls.certFile and tls.keyFile, or 127.0.0.1',
  });

/** Reads a YAML file against a schema. @throws {ConfigError} */
export function readYaml<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ConfigError(`${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}
export type GatewayConfig = z.infer<typeof gatewayConfigSchema>;

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Where it is there, who has no certificate of this authority is not even heard. */
  readonly clientCa: string | null;
}

/** The secret that PagerDuty signs with; null where none is configured. @throws {ConfigError} */
export function readPagerdutySecret({ pagerdutySecretFile: path }: GatewayConfig): string | null {
  if (path === undefined) return null;
  const secret = readText(path, 'pagerdutySecretFile').trim();
  if (secret === '') throw new ConfigError(`pagerdutySecretFile: ${path} is empty`);
  return secret;
}

/** The certificate and its key as PEM text. @throws {ConfigError} */
export function readTls(config: GatewayConfig): TlsFiles | null {
  if (!config.tls) return null;
  const { certFile, keyFile, clientCaFile } = config.tls;
  const cert = readText(certFile, 'tls.certFile');
  const key = readText(keyFile, 'tls.keyFile');
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new ConfigError(
      `tls: ${certFile} and ${keyFile} do not fit together: ${(error as Error).message}`,
    );
  }
  const clientCa = clientCaFile ? readText(clientCaFile, 'tls.clientCaFile') : null;
  return { cert, key, clientCa };
}

/** A text file that the configuration names. @param name the setting. @throws {ConfigError} */
export function readText(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${name}: ${path} cannot be read: ${(error as Error).message}`);
  }
}
