import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Saves a document so that under its name there is either the whole of it or what was there before:
 * written beside it, synced and renamed.
 *
 * @param name a file's name, without folders.
 * @returns the path.
 * @throws what the file system says.
 */
export async function saveDocument(
  folder: string,
  name: string,
  content: string | Uint8Array,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  const beside = join(folder, `.${name}.${process.pid}.new`);
  try {
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  return path;
}
