import type { EngineMessageInput } from '../../../shared/protocol/engine';
import type { Clock } from '../../../shared/time';
import type { Sentence } from '../../../shared/words/phrase';

type Alert = Extract<EngineMessageInput, { type: 'alert' }>;
export type AlertAbout = Pick<Alert, 'severity' | 'kind' | 'model' | 'detail' | 'said'>;

export interface AlertDesk {
  /** Stands until it is cleared. */
  raise(key: string, about: AlertAbout): void;
  clear(key: string, cause: Sentence): void;
  /** Passes on an alert that somebody else raised and nobody will clear: it ends when it is not repeated. */
  pass(key: string, about: AlertAbout): void;
  /** A new connection is told again what stands. */
  beginSession(): void;
  stop(): void;
}

/** An alert passed on is over when it was not repeated for so long. */
const PASSED_MS = 900_000;
const LOOK_MS = 10_000;
/** Alerts that may stand at a time: a service that makes a key of every message does not fill the log. */
const STANDING_MAX = 64;

/** An engine's alerts: each said once, and said to be over. */
export function createAlertDesk(
  send: (message: EngineMessageInput) => void,
  uptime: Clock,
): AlertDesk {
  const standing = new Map<string, { about: AlertAbout; endsAt: number | null }>();
  const ends = setInterval(() => {
    for (const [key, { endsAt }] of standing) {
      if (endsAt !== null && uptime() >= endsAt) clear(key, 'not repeated for 15 minutes');
    }
  }, LOOK_MS);

  function put(key: string, about: AlertAbout, endsAt: number | null): void {
    const before = standing.get(key);
    if (!before && standing.size >= STANDING_MAX) return;
    standing.set(key, { about, endsAt });
    const same = before?.about.detail === about.detail && before.about.severity === about.severity;
    if (!same) send({ type: 'alert', key, state: 'raised', ...about });
  }

  function clear(key: string, cause: Sentence): void {
    const before = standing.get(key);
    if (!before) return;
    standing.delete(key);
    send({ type: 'alert', key, state: 'cleared', ...before.about, detail: cause });
  }

  return {
    raise: (key, about) => put(key, about, null),
    clear,
    pass: (key, about) => put(key, about, uptime() + PASSED_MS),
    beginSession() {
      for (const [key, { about }] of standing)
        send({ type: 'alert', key, state: 'raised', ...about });
    },
    stop: () => clearInterval(ends),
  };
}
