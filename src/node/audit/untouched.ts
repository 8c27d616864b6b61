import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Byte of a SQLite file's header that says how it is written, and its value for a log ahead (WAL). */
const WRITE_VERSION_AT = 18;
const WAL = 2;

/**
 * A path at which a database from elsewhere can be read with nothing written beside it. SQLite reads
 * a file in WAL mode only with a `-wal` and a `-shm` at its side: it makes them, or fails where the
 * folder cannot be written. Such a file is copied, unless they are there already, as while it is in use.
 *
 * @param work a folder for the copy, which is as large as the file.
 * @throws errors of the disk, and the signal's reason
 */
export async function untouched(path: string, work: string, signal: AbortSignal): Promise<string> {
  if (existsSync(`${path}-shm`) || !(await isWal(path))) return path;
  const copy = join(work, basename(path));
  for (const suffix of ['', '-wal']) {
    if (!existsSync(path + suffix)) continue;
    const target = createWriteStream(copy + suffix, { mode: 0o600 });
    await pipeline(createReadStream(path + suffix, { highWaterMark: 1 << 20 }), target, { signal });
  }
  return copy;
}

async function isWal(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, WRITE_VERSION_AT);
    return bytesRead === 1 && buffer[0] === WAL;
  } finally {
    await file.close();
  }
}
