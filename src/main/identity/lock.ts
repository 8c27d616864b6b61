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

const fileSchema = z.object({
  salt: z.string(),
  hash: z.string(),
  lastUnlockedBy: z.string().nullable(),
  lastUnlockedAt: z.number().nullable(),
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
  let failures = 0;
  let waitUntil: number | null = null;

  const matches = async (pin: string): Promise<boolean> => {
    if (kept === null) return true;
    const found = await derive(pin, Buffer.from(kept.salt, 'base64'));
    return timingSafeEqual(found, Buffer.from(kept.hash, 'base64'));
  };

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
      waitUntil,
    }),
    async setPin(pin, present) {
      if (kept !== null && !(await matches(present ?? ''))) return false;
      const salt = randomBytes(16);
      const hash = (await derive(pin, salt)).toString('base64');
      const { lastUnlockedBy = null, lastUnlockedAt = null } = kept ?? {};
      write({ salt: salt.toString('base64'), hash, lastUnlockedBy, lastUnlockedAt });
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
      const now = clock();
      if (waitUntil !== null && now < waitUntil) return false;
      const right = await matches(pin);
      if (kept === null) return true;
      if (!right) {
        failures += 1;
        waitUntil = failures < FREE_TRIES ? null : now + WAIT_MS;
        deps.report('unlock_failed', `${failures} wrong PINs in a row`);
        deps.changed();
        return false;
      }
      failures = 0;
      waitUntil = null;
      since = null;
      write({ ...kept, lastUnlockedBy: by, lastUnlockedAt: now });
      deps.report('unlocked', by);
      return true;
    },
    idle(idleMs, limitMs) {
      if (limitMs > 0 && idleMs >= limitMs) lock('idle');
    },
    refuses: (channel) => since !== null && !OPEN_CALLS.has(channel),
  };
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
