import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadOrCreateKey } from '../node/keys';
import { sha512File } from '../node/sha512File';
import { rawPublicKey } from '../node/signedNote';
import { signManifest } from '../node/updateSignature';
import { MANIFEST_NAME, updateManifestSchema } from '../shared/update/manifest';

/**
 * Signs the manifests in an update server's folder, after it has seen that every file they name is
 * there and is the one they describe: what is signed can be installed.
 *
 * @param keyFile Ed25519 key in PEM; made where there is none yet
 * @returns the exit code
 */
export async function signUpdate(
  folder: string,
  keyFile: string,
  print: (line: string) => void,
): Promise<0 | 1 | 2> {
  try {
    const names = readdirSync(folder).filter((name) => MANIFEST_NAME.test(name));
    if (names.length === 0) {
      print(`${folder}: there is no latest*.yml`);
      return 2;
    }
    const faults = await Promise.all(names.map((name) => faultOf(folder, name)));
    for (const fault of faults) if (fault !== null) print(fault);
    if (faults.some((fault) => fault !== null)) return 1;
    const made = !existsSync(keyFile);
    const key = loadOrCreateKey(keyFile);
    if (made) print(`${keyFile}: a new key; whoever has it can update every terminal`);
    for (const name of names) {
      const path = join(folder, name);
      writeFileSync(`${path}.sig`, signManifest(name, readFileSync(path, 'utf8'), key));
      print(`signed ${path}`);
    }
    print(`updateKey: ${rawPublicKey(key).toString('base64')}`);
    return 0;
  } catch (error) {
    print((error as Error).message);
    return 2;
  }
}

/** What is wrong with a manifest or a file it names; null when nothing is. */
async function faultOf(folder: string, name: string): Promise<string | null> {
  const parsed = updateManifestSchema.safeParse(parse(readFileSync(join(folder, name), 'utf8')));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${name}: ${issue?.path.map(String).join('.')}: ${issue?.message}`;
  }
  for (const { url, sha512, size } of parsed.data.files) {
    const path = join(folder, url);
    if (!existsSync(path)) return `${name}: ${url} is not there`;
    if (statSync(path).size !== size) return `${name}: ${url}: another size`;
    if ((await sha512File(path)) !== sha512) return `${name}: ${url}: another SHA-512`;
  }
  return null;
}
