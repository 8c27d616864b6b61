import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** What a gateway cannot be rebuilt without. */
const LOG = 'log.db';
const KEY = 'signing.pem';

/**
 * Copies a gateway's log and its signing key while it runs: one consistent moment, then verified.
 *
 * @param from the gateway's `dataDir`
 * @param to a folder that holds no backup yet; nothing is ever written over
 * @param verify says whether a file holds, and prints up to where
 * @returns the exit code
 */
export async function backupGateway(
  from: string,
  to: string,
  verify: (path: string) => Promise<0 | 1 | 2>,
  print: (line: string) => void,
): Promise<0 | 1 | 2> {
  const copy = join(to, LOG);
  if (!existsSync(join(from, LOG)) || !existsSync(join(from, KEY))) {
    print(`${from}: there is no ${LOG} with its ${KEY}`);
    return 2;
  }
  if (existsSync(copy)) {
    print(`${copy} is there already; a backup is never written over`);
    return 2;
  }
  let database: Database.Database | null = null;
  try {
    mkdirSync(to, { recursive: true, mode: 0o700 });
    database = new Database(join(from, LOG), { readonly: true, fileMustExist: true });
    database.prepare('VACUUM INTO ?').run(copy);
    chmodSync(copy, 0o600);
    copyFileSync(join(from, KEY), join(to, KEY));
    chmodSync(join(to, KEY), 0o600);
  } catch (error) {
    // Half a copy must not be taken for a whole one.
    rmSync(copy, { force: true });
    print(`${copy}: ${(error as Error).message}`);
    return 2;
  } finally {
    database?.close();
  }
  return verify(copy);
}
