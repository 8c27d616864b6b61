import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileDurably } from '../../node/latchFile';
import type { IpcCall } from '../../shared/ipc/contract';
import type { Clock } from '../../shared/time';
import type { LockView } from '../../shared/view/identity';

/** Locks the terminal when nobody is at it. A kill needs no PIN, ever. */
export interface SessionLock {
  view(): LockView;
  /** Sets or changes the PIN; the present one is asked for where there is one. */
  setPin(pin: string, present: string | null): Promise<boolean>;
  removePin(present: string): Promise<boolean>;
  lock(cause: 'idle' | 'asked'): void;
  unlock(pin: string, by: string): Promise<boolean>;
  /** Looks at how long nobody has touched the machine. @param idleMs time since the last input. */
  idle(idleMs: number, limitMs: number): void;
  /** Whether a window's call is to be refused now. */
  refuses(channel: IpcCall): boolean;
}

/** Cost of the PIN's hash. A PIN is short: what protects it is that few can be tried. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 };
const FREE_TRIES = 3;
const WAIT_MS = 30_000;
const WAIT_MAX_MS = 3_600_000;

const fileSchema = z.object({
  salt: z.string(),
  hash: z.string(),
  lastUnlockedBy: z.string().nullable(),
  lastUnlockedAt: z.number().nullable(),
  /** Wrong PINs in a row, and until when no other is looked at (Unix ms): a restart forgives none. */
  failures: z.int().nonnegative().default(0),
  waitUntil: z.number().nullable().default(null),
});
type Kept = z.infer<typeof fileSchema>;

/** Calls a locked terminal still takes: what shows, and what stops. */
const OPEN_CALLS: ReadonlySet<string> = new Set<IpcCall>([
  'desk.view',
  'kill.fire',
  'kill.silence',
  'kill.pending',
  'settings.get',
  'equity.series',
  'monitor.series',
  'audit.page',
  'audit.cancel',
  'audit.state',
  'audit.story',
  'card.document',
  'postmortem.text',
  'report.list',
  'report.open',
  'report.success',
  'report.cancel',
  'lineage.part',
  'lineage.trades',
  'lineage.find',
  'lineage.events',
  'window.openConsole',
  'window.collapsePanel',
  'window.panelHeight',
  'window.ready',
  'lock.now',
  'lock.unlock',
]);

/** @param path where the PIN's hash is kept; with one there, the terminal starts locked. */
export function createSessionLock(deps: {
  readonly path: string;
  readonly clock: Clock;
  readonly changed: () => void;
  readonly report: (kind: 'locked' | 'unlocked' | 'unlock_failed', detail: string) => void;
}): SessionLock {
  const { path, clock } = deps;
  let kept = read(path);
  let since: number | null = kept === null ? null : clock();

  /** Whether it is the PIN; false unread while a wait runs. Each wrong one makes the next wait longer. */
  async function matches(pin: string): Promise<boolean> {
    if (kept === null) return true;
    const now = clock();
    if (kept.waitUntil !== null && now < kept.waitUntil) {
      // A clock put back makes no wait longer than it was.
      const latest = now + waitOf(kept.failures);
      if (kept.waitUntil > latest) count({ ...kept, waitUntil: latest });
      return false;
    }
    const failures = kept.failures + 1;
    const wait = waitOf(failures);
    // Counted before it is known: tries at once or an end in between are no tries for nothing.
    count({ ...kept, failures, waitUntil: wait === 0 ? null : now + wait });
    const found = await derive(pin, Buffer.from(kept.salt, 'base64'));
    if (kept === null) return true;
    if (timingSafeEqual(found, Buffer.from(kept.hash, 'base64'))) {
      count({ ...kept, failures: 0, waitUntil: null });
      return true;
    }
    deps.report('unlock_failed', `${kept.failures} wrong PINs in a row`);
    deps.changed();
    return false;
  }

  /** A disk that takes nothing keeps nobody out: then it counts until the terminal ends. */
  function count(next: Kept): void {
    kept = next;
    try {
      writeFileDurably(path, JSON.stringify(next));
    } catch {
      // The full disk is said by whatever else finds it full.
    }
  }

  function write(next: Kept | null): void {
    kept = next;
    writeFileDurably(path, JSON.stringify(next));
    deps.changed();
  }

  function lock(cause: 'idle' | 'asked'): void {
    if (kept === null || since !== null) return;
    since = clock();
    deps.report('locked', cause);
    deps.changed();
  }

  return {
    view: () => ({
      pinSet: kept !== null,
      locked: since !== null,
      since,
      lastUnlockedBy: kept?.lastUnlockedBy ?? null,
      lastUnlockedAt: kept?.lastUnlockedAt ?? null,
      waitUntil: kept?.waitUntil ?? null,
    }),
    async setPin(pin, present) {
      if (kept !== null && !(await matches(present ?? ''))) return false;
      const salt = randomBytes(16);
      const hash = (await derive(pin, salt)).toString('base64');
      const { lastUnlockedBy = null, lastUnlockedAt = null } = kept ?? {};
      write({
        ...{ salt: salt.toString('base64'), hash, lastUnlockedBy, lastUnlockedAt },
        ...{ failures: 0, waitUntil: null },
      });
      return true;
    },
    async removePin(present) {
      if (!(await matches(present))) return false;
      since = null;
      write(null);
      return true;
    },
    lock,
    async unlock(pin, by) {
      if (since === null || kept === null) return true;
      if (!(await matches(pin))) return false;
      since = null;
      if (kept !== null) count({ ...kept, lastUnlockedBy: by, lastUnlockedAt: clock() });
      deps.report('unlocked', by);
      deps.changed();
      return true;
    },
    idle(idleMs, limitMs) {
      if (limitMs > 0 && idleMs >= limitMs) lock('idle');
    },
    refuses: (channel) => since !== null && !OPEN_CALLS.has(channel),
  };
}

/** How long nothing is looked at after so many wrong PINs in a row, ms: twice as long each time. */
function waitOf(failures: number): number {
  if (failures < FREE_TRIES) return 0;
  return Math.min(WAIT_MAX_MS, WAIT_MS * 2 ** (failures - FREE_TRIES));
}

function derive(pin: string, salt: Buffer): Promise<Buffer> {
  return new Promise((done, failed) => {
    scrypt(pin, salt, 32, COST, (error, key) => (error ? failed(error) : done(key)));
  });
}

/** A file that is missing or damaged is no PIN: it could only lock everybody out. */
function read(path: string): Kept | null {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}
