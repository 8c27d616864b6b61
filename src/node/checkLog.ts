import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evaluation } from '../shared/monitor/health';
import { type SlowFile, slowFileSchema } from '../shared/monitor/slowFile';
import type { WindowFile } from '../shared/monitor/windowFile';
import { tradingDay } from '../shared/time';

/** What the monitor keeps beside the log: a row for each check, and the window behind each firing. */
export interface CheckLog {
  /** Never throws: a full disk does not stop the monitor. @returns false when the row was lost. */
  row(evaluation: Evaluation): boolean;
  /** Writes a window under its digest. @returns false when it could not be written. */
  window(digest: string, file: WindowFile): boolean;
  /** Writes what the slow half remembers. @returns false when it could not be written. */
  slow(file: SlowFile): boolean;
  /** What was written last; null where there is none that can be read. */
  readSlow(): SlowFile | null;
}

/** Keeps rows in `checks-YYYY-MM-DD.jsonl`, a file for each trading day, and windows in `windows/`. */
export function openCheckLog(folder: string): CheckLog {
  const windows = join(folder, 'windows');

  function attempt(write: () => void): boolean {
    try {
      mkdirSync(windows, { recursive: true, mode: 0o700 });
      write();
      return true;
    } catch {
      return false;
    }
  }

  const slowPath = join(folder, 'slow.json');

  return {
    slow: (file) =>
      attempt(() => {
        writeFileSync(`${slowPath}.new`, JSON.stringify(file), { mode: 0o600 });
        renameSync(`${slowPath}.new`, slowPath);
      }),
    readSlow() {
      try {
        return slowFileSchema.parse(JSON.parse(readFileSync(slowPath, 'utf8')));
      } catch {
        return null;
      }
    },
    row({ at, model, inSession, enhanced, checks, latencyP50, winRate, ignored, slow }) {
      const short = Object.values(checks).map((check) => [
        ...[check.trigger, check.outcome, check.value, check.limit],
        ...[check.samples, check.breaching, check.literal, check.confident],
      ]);
      const { concept, features } = slow;
      const drift = features.map(({ feature, psi, samples }) => [feature, psi, samples]);
      const about = { at, model, inSession, enhanced, latencyP50, winRate, ignored };
      const row = { ...about, checks: short, concept: concept.state, drift };
      const file = join(folder, `checks-${tradingDay(at)}.jsonl`);
      return attempt(() => appendFileSync(file, `${JSON.stringify(row)}\n`, { mode: 0o600 }));
    },
    window: (digest, file) =>
      attempt(() =>
        writeFileSync(join(windows, `${digest}.json`), JSON.stringify(file), { mode: 0o600 }),
      ),
  };
}
