import { chmodSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { PAGING_INDEXES } from './pager';

/** The mirror's form as this version writes it, kept in the file's `user_version`. */
export const MIRROR_SCHEMA = 1;

/** The file was made by a newer Vigía. It is left as it is: to guess at it would be to damage it. */
export class NewerMirrorError extends Error {
  override readonly name = 'NewerMirrorError';
  constructor(found: number) {
    super(
      `the mirror was made by a newer Vigía (form ${found}, this one knows ${MIRROR_SCHEMA}); it is left untouched and nothing is kept until that version runs again`,
    );
  }
}

/** Looks at a file before anything is written to it. @throws {NewerMirrorError}, SQLite's errors */
export function refuseNewer(path: string): void {
  if (!existsSync(path)) return;
  const database = new Database(path, { readonly: true });
  try {
    const found = formOf(database);
    if (found > MIRROR_SCHEMA) throw new NewerMirrorError(found);
  } finally {
    database.close();
  }
}

/**
 * Brings an open mirror to this version's form. One that holds events is copied whole before.
 *
 * @param stamp for the copy's name
 * @returns the copy's path, null when there was nothing to copy
 */
export function migrate(database: Database.Database, path: string, stamp: string): string | null {
  const found = formOf(database);
  if (found === MIRROR_SCHEMA) return null;
  const held = database.prepare('SELECT 1 FROM events LIMIT 1').get() !== undefined;
  const copy = join(dirname(path), `audit-before-${MIRROR_SCHEMA}-${stamp}.db`);
  if (held) {
    database.prepare('VACUUM INTO ?').run(copy);
    chmodSync(copy, 0o400);
  }
  database.transaction(() => {
    database.exec(PAGING_INDEXES);
    database.pragma(`user_version = ${MIRROR_SCHEMA}`);
  })();
  return held ? copy : null;
}

function formOf(database: Database.Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}
