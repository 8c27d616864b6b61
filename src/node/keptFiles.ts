import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { yearOf } from '../shared/retention/retention';

/** A file as it is named before it is deleted. */
export interface NamedFile {
  /** Under its folder, with `/`. */
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** The files of the reports of a year. */
export async function reportsOf(folder: string, year: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (const id of (await readdir(folder).catch(() => [])).sort()) {
    const files = (await readdir(join(folder, id)).catch(() => [])).sort();
    const madeAt = timeOf(id) ?? (await newestOf(folder, id, files));
    if (madeAt !== null && yearOf(madeAt) === year)
      found.push(...files.map((file) => `${id}/${file}`));
  }
  return found;
}

/** When a report was made, by its UUIDv7; null for an id that has no time in it. */
function timeOf(id: string): number | null {
  return id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null;
}

/**
 * When the newest of its files was written, by the disk: a copy put back is younger than what it is
 * of, and so is kept longer, never shorter. Null where nothing can be said, as of one being written.
 */
async function newestOf(folder: string, id: string, files: string[]): Promise<number | null> {
  try {
    const stats = await Promise.all(files.map((file) => stat(join(folder, id, file))));
    return stats.length === 0 ? null : Math.max(...stats.map(({ mtimeMs }) => mtimeMs));
  } catch {
    return null;
  }
}

/** Reads and hashes files, one after the other. @throws what the file system says */
export async function nameFiles(folder: string, names: readonly string[]): Promise<NamedFile[]> {
  const named: NamedFile[] = [];
  for (const name of names) {
    const hash = createHash('sha256');
    let bytes = 0;
    await pipeline(createReadStream(join(folder, name)), async (chunks) => {
      for await (const chunk of chunks as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
      }
    });
    named.push({ name, sha256: hash.digest('hex'), bytes });
  }
  return named;
}

/** Deletes files, and the folders that are empty then. What is gone already stays gone. */
export function removeFiles(folder: string, files: readonly NamedFile[]): void {
  for (const { name } of files) rmSync(join(folder, name), { force: true });
  for (const own of new Set(files.map(({ name }) => dirname(join(folder, name))))) {
    if (own !== folder && isEmpty(own)) rmdirSync(own);
  }
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return false;
  }
}
