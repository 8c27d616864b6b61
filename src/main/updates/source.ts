import type { KeyObject } from 'node:crypto';
import { parse } from 'yaml';
import { isSigned } from '../../node/updateSignature';
import type { Result } from '../../shared/result';
import { fail, ok } from '../../shared/result';
import { type UpdateManifest, updateManifestSchema } from '../../shared/update/manifest';
import type { UpdateProblem } from '../../shared/view/update';

/** A manifest whose signature is good, with the texts that show it. */
export interface SignedUpdate {
  readonly manifest: UpdateManifest;
  readonly text: string;
  readonly signature: string;
}

/** Reads a file of an update server, or of a kept release, by its name. */
export type ReadFile = (name: string) => Promise<Result<string, 'unreachable'>>;

/** `fetch`, as far as it is used. */
export type FetchText = (
  url: string,
  init: { redirect: 'error'; cache: 'no-store'; signal: AbortSignal },
) => Promise<Pick<Response, 'ok' | 'status' | 'body'>>;

const TIMEOUT_MS = 15_000;
/** A manifest has a few lines. */
const MAX_BYTES = 65_536;

/**
 * Reads a manifest and its signature. Nothing in the manifest is looked at before the signature holds.
 *
 * @param name the manifest's file name, which the signature covers too
 */
export async function readUpdate(
  name: string,
  publicKey: KeyObject,
  read: ReadFile,
): Promise<Result<SignedUpdate, UpdateProblem>> {
  const text = await read(name);
  if (!text.ok) return text;
  const signature = await read(`${name}.sig`);
  if (!signature.ok) return signature;
  if (!isSigned(name, text.value, signature.value, publicKey)) {
    return fail('bad_signature', `${name}.sig is no signature of ${name} by the desk’s key`);
  }
  const parsed = updateManifestSchema.safeParse(parseYaml(text.value));
  if (parsed.success) {
    return ok({ manifest: parsed.data, text: text.value, signature: signature.value });
  }
  const [issue] = parsed.error.issues;
  return fail('bad_manifest', `${name}: ${issue?.path.map(String).join('.')}: ${issue?.message}`);
}

/** Reads from a server; total, bounded in time and size, follows no redirect. */
export function serverReader(base: string, get: FetchText): ReadFile {
  return async (name) => {
    const url = `${withSlash(base)}${name}`;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await get(url, { redirect: 'error', cache: 'no-store', signal });
      if (!response.ok) return fail('unreachable', `${url}: HTTP ${response.status}`);
      const text = await boundedText(response.body);
      return text === null ? fail('unreachable', `${url}: the answer is too long`) : ok(text);
    } catch (error) {
      return fail('unreachable', `${url}: ${(error as Error).message.slice(0, 200)}`);
    }
  };
}

/** An address below which names are resolved. */
export function withSlash(base: string): string {
  return base.endsWith('/') ? base : `${base}/`;
}

async function boundedText(body: Response['body']): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}
