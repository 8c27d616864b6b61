import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { archiveOf } from '../../node/audit/archives';
import { type NamedFile, nameFiles, removeFiles, reportsOf } from '../../node/keptFiles';
import type { TradesOfYear } from '../../node/tradeIndex';
import type { LogEvent } from '../../shared/log/event';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { CommandParams } from '../../shared/protocol/commands';
import { NAMED_MAX } from '../../shared/retention/events';
import { type Deletion, isOver, keptUntil, stricter } from '../../shared/retention/retention';
import type { Clock } from '../../shared/time';

type RetentionPolicy = ModelsPolicy['retention'];

/** What this terminal holds of a year, and how it goes. */
interface Held {
  readonly count: number;
  readonly files: NamedFile[];
  readonly remove: () => Promise<void> | void;
}

export interface RetentionDesk {
  /** Carries out the deletions on record as far as that can be done now. */
  look(): void;
  /** Events that the link has brought, once they are on their way to the mirror. */
  fresh(events: readonly LogEvent[]): void;
}

/**
 * Deletes at this terminal what the log says is to be deleted, a year at a time: checks its time by
 * the terminal's own clock and policy, has what is held here named on the record, and only once that
 * has come back deletes it. What was broken off is begun again at the next start.
 */
export function createRetentionDesk(deps: {
  readonly mirror: string;
  readonly reports: string;
  readonly deletions: () => readonly Deletion[];
  /** Of the policy in force, and of the file that came with this terminal: the longer one holds. */
  readonly policies: () => readonly [RetentionPolicy, RetentionPolicy];
  readonly clock: Clock;
  /** The trades of a year in the index of the log's, deleted from it thereafter if so asked. */
  readonly tradesOf: (year: number, drop: boolean) => Promise<TradesOfYear>;
  /** Has the index of trades let go of what events that were deleted said. */
  readonly indexTrades: () => Promise<void>;
  /** @returns what kept it from being deleted */
  readonly dropYear: (deletion: Deletion) => Promise<string | null>;
  /** Null while there is no link. */
  readonly name: (params: CommandParams<'retention.name'>) => string | null;
  /** Says on the record why something is kept. */
  readonly refused: (detail: string) => void;
}): RetentionDesk {
  /** Deletions that nothing is to be done for any more in this session, by their sequence. */
  const settled = new Set<number>();
  const waiting = new Map<string, () => Promise<void>>();
  let looking = false;
  let again = false;

  async function held(deletion: Deletion): Promise<readonly Held[]> {
    const { kind, year } = deletion;
    switch (kind) {
      case 'audit': {
        const archive = archiveOf(deps.mirror, year);
        if (!existsSync(archive)) {
          // Deleted by a session that may have ended before its trades were let go of.
          await deps.indexTrades();
          // Or not closed yet here: the next start closes it, and takes this up again.
          return [];
        }
        if (!deletion.audit) return [];
        const files = await nameFiles(dirname(archive), [basename(archive)]);
        const { first, last } = deletion.audit;
        const remove = async () => {
          refuse(deletion, await deps.dropYear(deletion));
          await deps.indexTrades();
        };
        return [{ count: last - first + 1, files, remove }];
      }
      case 'trades': {
        const { count, ...about } = await deps.tradesOf(year, false);
        if (count === 0) return [];
        const remove = async () => void (await deps.tradesOf(year, true));
        return [{ count, files: [{ name: `trades.db: ${year}`, ...about }], remove }];
      }
      case 'artifacts': {
        const names = await reportsOf(deps.reports, year);
        const parts: Held[] = [];
        for (let from = 0; from < names.length; from += NAMED_MAX) {
          const files = await nameFiles(deps.reports, names.slice(from, from + NAMED_MAX));
          const remove = () => removeFiles(deps.reports, files);
          parts.push({ count: files.length, files, remove });
        }
        return parts;
      }
    }
  }

  function refuse({ kind, year }: Deletion, problem: string | null): void {
    if (problem !== null) deps.refused(`${kind} ${year}: ${problem}`);
  }

  async function carryOut(deletion: Deletion): Promise<void> {
    const { kind, year, seq } = deletion;
    const policy = stricter(...deps.policies());
    const parts = await held(deletion);
    if (parts.length > 0 && !isOver(kind, year, policy, deps.clock())) {
      settled.add(seq);
      const why = policy.hold
        ? 'a hold is in force'
        : `kept until ${keptUntil(kind, year, policy)}`;
      return refuse(deletion, `${why} by this terminal’s clock and policy`);
    }
    for (const { count, files, remove } of parts) {
      const id = deps.name({ kind, year, count, files });
      if (id === null) return;
      // What cannot be removed is said; whoever brought the event has other work to do with it.
      waiting.set(id, async () => {
        try {
          await remove();
        } catch (error) {
          refuse(deletion, (error as Error).message);
        }
      });
    }
    settled.add(seq);
  }

  async function lookAround(): Promise<void> {
    for (const deletion of deps.deletions()) {
      if (settled.has(deletion.seq)) continue;
      await carryOut(deletion).catch((error: Error) => {
        settled.add(deletion.seq);
        refuse(deletion, error.message);
      });
    }
  }

  async function lookOn(): Promise<void> {
    again = true;
    if (looking) return;
    looking = true;
    while (again) {
      again = false;
      await lookAround();
    }
    looking = false;
  }

  const look = (): void => void lookOn();

  return {
    look,
    fresh(events) {
      for (const { type, commandId } of events) {
        if (type === 'retention.deleted') look();
        if (type !== 'retention.named' || commandId === null) continue;
        const remove = waiting.get(commandId);
        waiting.delete(commandId);
        void remove?.();
      }
    },
  };
}
