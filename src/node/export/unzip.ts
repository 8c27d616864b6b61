import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import { FILE_NAME } from './manifest';

const ENTRIES_MAX = 10_000;

/** Unpacks an export's zip into a folder. @throws for a name that no export has, and for one file too many */
export async function unzip(path: string, folder: string, signal: AbortSignal): Promise<void> {
  const zip = await openPromise(path);
  try {
    if (zip.entryCount > ENTRIES_MAX) throw new Error(`${path} has more files than any export`);
    mkdirSync(join(folder, 'documents'), { recursive: true, mode: 0o700 });
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      // SECURITY: a name may lead out of the folder; only names that we ourselves give are written.
      if (!FILE_NAME.test(entry.fileName))
        throw new Error(`${path}: “${entry.fileName}” is no file of an export`);
      const content = await zip.openReadStreamPromise(entry);
      const file = createWriteStream(join(folder, entry.fileName), { mode: 0o600, flags: 'wx' });
      await pipeline(content, file, { signal });
    }
  } finally {
    zip.close();
  }
}
