import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { sha256 } from '../node/sha256';
import type { ChainFault } from '../shared/log/chain';
import { describeFault, verifyNext } from '../shared/log/chain';
import type { LogEvent, LogPosition } from '../shared/log/event';
import { EMPTY_LOG, logEventSchema } from '../shared/log/event';

const USAGE = `vigia verify <file>

Hashes every event of a log or an audit mirror afresh, from the first one on.
Exit: 0 it holds, 1 it does not, 2 it could not be read.
`;

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly ts: number;
  readonly type: string;
  readonly actor: string;
  readonly command_id: string | null;
  readonly hash: string;
  readonly prev_hash: string;
  readonly body: string;
}

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
    for (const row of rows as IterableIterator<Row>) {
      const fault = rowFault(row, head);
      if (fault) {
        print(`bad ${head.seq + 1} ${fault.kind}: ${describeFault(fault)}`);
        return 1;
      }
      head = { seq: row.seq, hash: row.hash };
    }
    print(`ok ${head.seq} ${head.hash}`);
    return 0;
  } catch (error) {
    print(`${path}: ${(error as Error).message}`);
    return 2;
  } finally {
    database?.close();
  }
}

function rowFault(row: Row, head: LogPosition): ChainFault | null {
  let event: LogEvent;
  try {
    const parsed = logEventSchema.parse({ ...JSON.parse(row.body), hash: row.hash });
    event = parsed as LogEvent;
  } catch (error) {
    const [line = 'unreadable'] = (error as Error).message.split('\n');
    return { kind: 'unreadable', seq: row.seq, detail: line };
  }
  const next = verifyNext(event, head, sha256);
  if (!next.ok) return next.fault;
  const same =
    next.sealed.body === row.body &&
    event.seq === row.seq &&
    event.id === row.id &&
    event.ts === row.ts &&
    event.type === row.type &&
    event.actor.id === row.actor &&
    event.commandId === row.command_id &&
    event.prevHash === row.prev_hash;
  if (same) return null;
  return { kind: 'unreadable', seq: row.seq, detail: 'a column differs from the sealed text' };
}

/** @returns the exit code. */
export function run(argv: readonly string[], print: (line: string) => void): 0 | 1 | 2 {
  const [command, file, ...rest] = argv;
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
