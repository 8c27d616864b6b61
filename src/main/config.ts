import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Connection, connectionSchema, tokenSchema } from '../shared/connection';
import type { Result } from '../shared/result';
import { fail, ok } from '../shared/result';

const configSchema = connectionSchema.extend({
  /** Left out, the operator signs in at the terminal. */
  token: tokenSchema.optional(),
});

/** What the terminal was told by its command line; no gateways without a file. */
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
  const { token = null, ...connection } = parsed.data;
  const { problems, ...told } = readConnection(connection, readText);
  if (problems.length > 0) return fail('bad_config', `${file}: ${problems.join('\n')}`);
  return ok({ ...told, token, userDataDir: folder });
}

/** A connection with the files it names read; what cannot be read is null, and said. */
export function readConnection(
  { gateways, caFile, client, deskName, terminal }: Connection,
  readText: ReadText,
): Pick<Config, 'gateways' | 'ca' | 'client' | 'deskName' | 'terminal'> & {
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const read = (place: string, path: string): string | null => {
    const text = readText(path);
    if (text === null) problems.push(`${place}: ${path} cannot be read`);
    return text;
  };
  const ca = caFile === undefined ? null : read('caFile', caFile);
  const cert = client ? read('client', client.certFile) : null;
  const key = client ? read('client', client.keyFile) : null;
  const own = cert !== null && key !== null ? { cert, key } : null;
  const named = { deskName: deskName ?? null, terminal: terminal ?? null };
  return { gateways, ca, client: own, ...named, problems };
}

/** The file that the command line names; null for none. */
export const configFile = (argv: readonly string[]): string | null =>
  option(argv, 'config') || null;

/** Arguments that a start at log-in needs again, as `--name=value` with absolute paths. */
export function keptArguments(argv: readonly string[]): string[] {
  return ['config', 'user-data-dir'].flatMap((name) => {
    const value = option(argv, name);
    return value ? [`--${name}=${resolve(value)}`] : [];
  });
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

/** A text file; null when it cannot be read. */
export function readTextFile(path: string): string | null {
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}
