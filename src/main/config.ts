import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Result } from '../shared/result';
import { fail, ok } from '../shared/result';

const LOOPBACK = /^\w+:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/;

const gatewayUrl = z
  .string()
  .regex(/^(wss?|https?):\/\/[^\s/?#@]+(:\d+)?\/?$/, 'must be like wss://gateway.example:7443')
  .refine((url) => /^(wss|https):/.test(url) || LOOPBACK.test(url), {
    message: 'would carry the token in plain text off this machine: use wss://',
  });

export const configSchema = z.strictObject({
  gateways: z.array(gatewayUrl).min(1),
  /** Left out, the operator signs in at the terminal. */
  token: z.string().min(16).optional(),
  /** PEM file of the one authority whose certificates are trusted, in place of the system's list. */
  caFile: z.string().min(1).optional(),
  /** PEM files of this terminal's own certificate, for a gateway that asks for one. */
  client: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  deskName: z.string().min(1).max(128).optional(),
  terminal: z
    .strictObject({ id: z.string().min(1).max(128), name: z.string().min(1).max(128) })
    .optional(),
});

/** What the terminal was told at its start; with no gateways it runs its own. */
export interface Config {
  readonly gateways: readonly string[];
  readonly token: string | null;
  /** PEM text. */
  readonly ca: string | null;
  /** PEM texts. */
  readonly client: { readonly cert: string; readonly key: string } | null;
  readonly deskName: string | null;
  readonly terminal: { readonly id: string; readonly name: string } | null;
  readonly userDataDir: string | null;
}

export type ReadText = (path: string) => string | null;

/** Reads the command line and the file it names; a mistake is told, never guessed around. */
export async function readConfig(
  argv: readonly string[],
  readText: ReadText = readTextFile,
): Promise<Result<Config, 'bad_config'>> {
  const file = option(argv, 'config');
  const userDataDir = option(argv, 'user-data-dir');
  if (file === '' || userDataDir === '') {
    const name = file === '' ? 'config' : 'user-data-dir';
    return fail('bad_config', `--${name} needs a path`);
  }
  const nothing = { token: null, ca: null, client: null, deskName: null, terminal: null };
  const local = { gateways: [], ...nothing };
  const folder = userDataDir === null ? null : resolve(userDataDir);
  if (file === null) return ok({ ...local, userDataDir: folder });
  const text = readText(file);
  if (text === null) return fail('bad_config', `${file}: cannot be read`);
  let document: unknown;
  try {
    // A start without a file does without what reads it.
    const { parse } = await import('yaml');
    document = parse(text);
  } catch (error) {
    return fail('bad_config', `${file}: ${(error as Error).message.split('\n')[0] ?? 'not YAML'}`);
  }
  const parsed = configSchema.safeParse(document);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      (issue) => `${file}: ${issue.path.map(String).join('.') || 'the document'}: ${issue.message}`,
    );
    return fail('bad_config', lines.join('\n'));
  }
  const { gateways, token, caFile, client, deskName, terminal } = parsed.data;
  const ca = caFile === undefined ? null : readText(caFile);
  if (caFile !== undefined && ca === null) {
    return fail('bad_config', `${file}: caFile: ${caFile} cannot be read`);
  }
  const cert = client ? readText(client.certFile) : null;
  const key = client ? readText(client.keyFile) : null;
  if (client && (cert === null || key === null)) {
    const path = cert === null ? client.certFile : client.keyFile;
    return fail('bad_config', `${file}: client: ${path} cannot be read`);
  }
  return ok({
    gateways: gateways.map(socketUrl),
    token: token ?? null,
    ca,
    client: cert !== null && key !== null ? { cert, key } : null,
    deskName: deskName ?? null,
    terminal: terminal ?? null,
    userDataDir: folder,
  });
}

/** `http` addresses are taken for their sockets; no trailing slash. */
export function socketUrl(url: string): string {
  return url.replace(/^http/, 'ws').replace(/\/$/, '');
}

/** The HTTP address of the gateway behind a socket address. */
export function httpUrl(url: string): string {
  return url.replace(/^ws/, 'http').replace(/\/$/, '');
}

/** `--name value` or `--name=value`; null when absent, empty when its value is. */
function option(argv: readonly string[], name: string): string | null {
  for (const [index, argument] of argv.entries()) {
    if (argument === `--${name}`) {
      const value = argv[index + 1];
      return value === undefined || value.startsWith('--') ? '' : value;
    }
    if (argument.startsWith(`--${name}=`)) return argument.slice(name.length + 3);
  }
  return null;
}

function readTextFile(path: string): string | null {
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}
