import { chmodSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { LOG_FORM } from '../../shared/version';

/** The file was made by a newer Vigía. It is left as it is: to guess at it would be to damage it. */
export class NewerMirrorError extends Error {
  override readonly name = 'NewerMirrorError';
  constructor(found: number) {
    super(
      `the mirror was made by a newer Vigía (form ${found}, this one knows ${LOG_FORM}); it is left untouched and nothing is kept until that version runs again`,
    );
  }
}

/**
 * Looks at a mirror before anything is written to it: a newer one is refused, and one of an earlier
 * form that holds events is copied whole before the store brings it up.
 *
 * @param stamp for the copy's name
 * @returns the copy's path, null when there was nothing to copy
 * @throws {NewerMirrorError}, SQLite's errors
 */
export function copyBeforeMigrating(path: string, stamp: string): string | null {
  if (!existsSync(path)) return null;
  const database = new Database(path, { readonly: true });
  try {
    const found = database.pragma('user_version', { simple: true }) as number;
    if (found > LOG_FORM) throw new NewerMirrorError(found);
    if (found === LOG_FORM || !holdsEvents(database)) return null;
    const copy = join(dirname(path), `audit-before-${LOG_FORM}-${stamp}.db`);
    database.prepare('VACUUM INTO ?').run(copy);
    chmodSync(copy, 0o400);
    return copy;
  } finally {
    database.close();
  }
}

function holdsEvents(database: Database.Database): boolean {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'events'").get();
  return (
    table !== undefined && database.prepare('SELECT 1 FROM events LIMIT 1').get() !== undefined
  );
}
