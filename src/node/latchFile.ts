import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file so that after a crash it is either the old one or the new one, whole: beside it,
 * synced, renamed over it, and the folder synced. Only the owner may read it.
 */
export function writeFileDurably(path: string, text: string): void {
  const beside = `${path}.new`;
  const file = openSync(beside, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
  syncFolder(dirname(path));
}

/** A value latched on disk before anything is sent, so that a crash cannot forget it. */
export class LatchFile<Value> {
  constructor(
    readonly path: string,
    private readonly parse: (value: unknown) => Value | null,
  ) {}

  set(value: Value): void {
    writeFileDurably(this.path, JSON.stringify(value));
  }

  /** The latched value; null when there is none or the file cannot be understood. */
  get(): Value | null {
    try {
      return this.parse(JSON.parse(readFileSync(this.path, 'utf8')));
    } catch {
      return null;
    }
  }

  clear(): void {
    rmSync(this.path, { force: true });
    syncFolder(dirname(this.path));
  }
}

/** Syncs a folder, so that a name in it survives a loss of power. */
export function syncFolder(path: string): void {
  // Windows cannot open a folder; its rename is journalled.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
