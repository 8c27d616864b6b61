import type { SqliteEventStore } from '../../node/sqliteEventStore';
import type { Clock } from '../../shared/time';

const PLACE_EVERY_MS = 1_000;

/** How far in the stream the copy is, kept now and then: what comes twice is known by its hash. */
export function placeKeeper({ database }: SqliteEventStore, uptime: Clock) {
  database.exec('CREATE TABLE IF NOT EXISTS place (at INTEGER NOT NULL)');
  const replace = database.transaction((at: number) => {
    database.prepare('DELETE FROM place').run();
    database.prepare('INSERT INTO place VALUES (?)').run(at);
  });
  let keptAt = uptime();
  return {
    read: () => (database.prepare('SELECT max(at) FROM place').pluck().get() as number | null) ?? 0,
    keep(at: number, now = false): void {
      if (!now && uptime() - keptAt < PLACE_EVERY_MS) return;
      keptAt = uptime();
      try {
        replace(at);
      } catch {
        // A full disk: the messages come again, and are known.
      }
    },
  };
}
