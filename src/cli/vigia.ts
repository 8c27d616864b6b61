import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { checkCheckpoint, publicKeyOf } from '../node/checkpoint';
import { type EventRow, rowFault } from '../node/eventRow';
import { sha256 } from '../node/sha256';
import { describeFault } from '../shared/log/chain';
import type { LogPosition } from '../shared/log/event';
import { EMPTY_LOG } from '../shared/log/event';
import { backupGateway } from './backup';
import { replayFile } from './replay';

const USAGE = `vigia verify <file>
vigia backup <gateway's dataDir> <new folder>
vigia monitor replay <window file>

Hashes every event of a log or an audit mirror afresh, from the first one on, and checks the gateway's
signed checkpoints against it; copies a running gateway's log with its key and verifies the copy; or judges a window that the monitor kept anew.
Exit: 0 it holds, 1 it does not, 2 it could not be read.
`;

/** Reads a file without changing it and says whether its chain holds. @returns the exit code. */
export function verifyFile(path: string, print: (line: string) => void): 0 | 1 | 2 {
  if (!existsSync(path)) {
    print(`${path}: there is no such file`);
    return 2;
  }
  let database: Database.Database | null = null;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    const rows = database.prepare('SELECT * FROM events ORDER BY seq').iterate();
    let head: LogPosition = EMPTY_LOG;
    for (const row of rows as IterableIterator<EventRow>) {
      const fault = rowFault(row, head, sha256);
      if (fault) {
        print(`bad ${head.seq + 1} ${fault.kind}: ${describeFault(fault)}`);
        return 1;
      }
      head = { seq: row.seq, hash: row.hash };
    }
    const signed = signedUpTo(database);
    if (typeof signed !== 'number') {
      print(signed.bad);
      return 1;
    }
    print(`ok ${head.seq} ${head.hash}`);
    print(signed === 0 ? 'no signed checkpoint' : `signed by the gateway up to ${signed}`);
    return 0;
  } catch (error) {
    print(`${path}: ${(error as Error).message}`);
    return 2;
  } finally {
    database?.close();
  }
}

/** Checks the signed checkpoints beside the chain. @returns the last sequence signed, or what is wrong. */
function signedUpTo(database: Database.Database): number | { readonly bad: string } {
  const first = database.prepare('SELECT body FROM events WHERE seq = 1').get() as
    | { body: string }
    | undefined;
  const key = publicKeyOf(first?.body);
  const notes = database.prepare('SELECT seq, note FROM checkpoints ORDER BY seq').all() as {
    seq: number;
    note: string;
  }[];
  const hash = database.prepare('SELECT hash FROM events WHERE seq = ?').pluck();
  let signed = 0;
  for (const { seq, note } of notes) {
    const hashAt = (at: number): string | null => (hash.get(at) as string | undefined) ?? null;
    const found = checkCheckpoint(note, key, hashAt);
    if (!found.ok) return { bad: `bad ${seq} checkpoint: ${found.cause}` };
    signed = found.seq;
  }
  return signed;
}

/** @returns the exit code. */
export function run(argv: readonly string[], print: (line: string) => void): 0 | 1 | 2 {
  const [command, file, ...rest] = argv;
  if (command === 'monitor' && file === 'replay' && rest.length === 1) {
    return replayFile(rest[0] as string, print);
  }
  if (command === 'backup' && file !== undefined && rest.length === 1) {
    return backupGateway(file, rest[0] as string, (copy) => verifyFile(copy, print), print);
  }
  if (command !== 'verify' || file === undefined || rest.length > 0) {
    print(USAGE);
    return 2;
  }
  return verifyFile(file, print);
}

// Tests import `run`; the program is this file started by name.
if (/vigia(\.js|\.ts)?$/.test(process.argv[1] ?? '')) {
  process.exitCode = run(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
}
