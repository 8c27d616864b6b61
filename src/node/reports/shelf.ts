import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Language } from '../../shared/documents/document';
import { saveDocument } from '../saveDocument';

/** What is kept of one report. */
export type ShelfFile = 'report.json' | 'about.json' | `${Language}.html` | `${Language}.pdf`;

/** Reports in a folder, one folder each. */
export interface Shelf {
  /** Whole or not at all. @throws what the file system says. */
  put(id: string, file: ShelfFile, content: string | Uint8Array): Promise<string>;
  /** Null where it is not there. */
  get(id: string, file: ShelfFile): Promise<Uint8Array | null>;
  /** The files of each report. */
  list(): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** SECURITY: an id is a UUID and nothing else, so that it names no other place. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createShelf(folder: string): Shelf {
  const placeOf = (id: string): string => {
    if (!ID.test(id)) throw new Error('not the id of a report');
    return join(folder, id);
  };
  return {
    put: (id, file, content) => saveDocument(placeOf(id), file, content),
    async get(id, file) {
      try {
        return new Uint8Array(await readFile(join(placeOf(id), file)));
      } catch {
        return null;
      }
    },
    async list() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const ids = (await readdir(folder)).filter((name) => ID.test(name)).sort();
      const files = await Promise.all(ids.map((id) => readdir(join(folder, id)).catch(() => [])));
      return new Map(ids.map((id, index) => [id, files[index] ?? []]));
    },
  };
}
