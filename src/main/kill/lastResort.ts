import type { LastResortAnswer, LastResortTarget } from '../../shared/bridges/lastResort';
import type { Clock } from '../../shared/time';
import type { TrackedKill } from './localKills';
import { isAcknowledged } from './localKills';

export interface LastResortDeps {
  readonly targets: () => readonly LastResortTarget[];
  readonly kill: (
    target: LastResortTarget,
    kill: {
      readonly reason: string;
      readonly closePositions: boolean;
      /** What was asked to be closed for this kill before, or may have been; added to. */
      readonly closing: Set<string>;
    },
  ) => Promise<Omit<LastResortAnswer, 'at'>>;
  readonly clock: Clock;
  /** Unacknowledged for so long, ms. */
  readonly afterMs: () => number;
  readonly answered: (id: string, engine: string, answer: LastResortAnswer) => void;
}

export interface LastResort {
  /** Uses the engines' own services for kills that no gateway has acknowledged. */
  tick(kills: readonly TrackedKill[]): void;
}

/**
 * The way of a kill past every gateway. It begins by itself, once an engine, and goes on until the
 * service says that it is stopped and was asked to close what it holds, or a gateway has the kill.
 * What may have been asked to be closed is not asked again: a gateway may be at it where only its
 * answers are lost.
 */
export function createLastResort(deps: LastResortDeps): LastResort {
  const running = new Set<string>();
  const closing = new Map<string, Set<string>>();

  async function run(kill: TrackedKill, target: LastResortTarget): Promise<void> {
    const { id, params } = kill.command;
    const key = `${id} ${target.engine}`;
    running.add(key);
    const tell = (answer: Omit<LastResortAnswer, 'at'>) =>
      deps.answered(id, target.engine, { ...answer, at: deps.clock() });
    // Blocked and not yet asked to close is more than trying, and stays until there is news.
    if (kill.lastResort[target.engine]?.state !== 'blocked') {
      tell({ state: 'trying', detail: '', open: null, owed: false });
    }
    const asked = closing.get(key) ?? new Set();
    closing.set(key, asked);
    const { reason, closePositions } = params;
    try {
      tell(await deps.kill(target, { reason, closePositions, closing: asked }));
    } catch (error) {
      tell({ state: 'unknown', detail: (error as Error).message, open: null, owed: false });
    } finally {
      running.delete(key);
    }
  }

  /** A clock that was put back must not keep a kill waiting for it. */
  const isOver = (since: number): boolean => Math.abs(deps.clock() - since) >= deps.afterMs();

  return {
    tick(kills) {
      for (const kill of kills) {
        const { id, issuedAt, params } = kill.command;
        const before = kill.lastResort;
        const begun = Object.keys(before).length > 0;
        if (isAcknowledged(kill) || (!begun && !isOver(issuedAt))) continue;
        const { scope } = params;
        for (const target of deps.targets()) {
          const inScope = scope.kind === 'all' || scope.engines.includes(target.engine);
          if (!inScope || running.has(`${id} ${target.engine}`)) continue;
          const last = before[target.engine];
          const ended = last?.state === 'blocked' && !last.owed;
          if (!last || (!ended && isOver(last.at))) void run(kill, target);
        }
      }
    },
  };
}
