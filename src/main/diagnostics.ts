import { createWriteStream, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { mask } from '../node/logFile';

/** Files of logs that are put in; a log rotates long before it is so large. */
const LOG_BYTES = 16 * 1_048_576;

export interface DiagnosticsDeps {
  readonly userData: string;
  readonly clock: () => number;
  readonly secrets: () => readonly string[];
  /** What the program knows of itself: a JSON file each. */
  readonly facts: () => Readonly<Record<string, unknown>>;
}

export interface Diagnostics {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Makes a zip for whoever looks into a fault: facts, logs, and the names of crash dumps. No log of
 * events, no dump (it holds memory) and no secret is in it.
 *
 * @throws when the disk takes no file
 */
export async function collectDiagnostics(deps: DiagnosticsDeps): Promise<Diagnostics> {
  const { userData } = deps;
  const folder = join(userData, 'diagnostics');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stamp = new Date(deps.clock()).toISOString().replace(/[:.]/g, '-');
  const path = join(folder, `vigia-diagnostics-${stamp}.zip`);
  const zip = new ZipFile();
  const add = (name: string, text: string): void =>
    zip.addBuffer(Buffer.from(mask(text, deps.secrets())), name);
  for (const [name, fact] of Object.entries(deps.facts())) {
    add(`${name}.json`, JSON.stringify(fact, null, 2));
  }
  for (const logs of [join(userData, 'logs'), join(userData, 'gateway/logs')]) {
    for (const name of namesIn(logs)) {
      const file = join(logs, name);
      if (statSync(file).size <= LOG_BYTES)
        add(relative(userData, file), readFileSync(file, 'utf8'));
    }
  }
  const crashes = join(userData, 'crashes');
  const dumps = namesIn(crashes, true).filter((name) => name.endsWith('.dmp'));
  const listed = dumps.map((name) => {
    const { size, mtime } = statSync(join(crashes, name));
    return { name, size, at: mtime.toISOString() };
  });
  add('crashes.json', JSON.stringify(listed, null, 2));
  zip.end();
  try {
    await pipeline(zip.outputStream, createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
  return { path, bytes: statSync(path).size };
}

function namesIn(folder: string, recursive = false): readonly string[] {
  try {
    return readdirSync(folder, { recursive }).map(String).sort();
  } catch {
    return [];
  }
}
