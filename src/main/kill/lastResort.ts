import type { LastResortAnswer, LastResortTarget } from '../../shared/bridges/lastResort';
import type { Clock } from '../../shared/time';
import type { TrackedKill } from './localKills';
import { isAcknowledged } from './localKills';

export interface LastResortDeps {
  readonly targets: () => readonly LastResortTarget[];
  readonly kill: (
    target: LastResortTarget,
    kill: { readonly reason: string; readonly closePositions: boolean },
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
 * service says that it is stopped or a gateway has the kill. Closing is asked for once: a gateway may
 * be at it where only its answers are lost.
 */
export function createLastResort(deps: LastResortDeps): LastResort {
  const running = new Set<string>();
  const closed = new Set<string>();

  async function run(kill: TrackedKill, target: LastResortTarget): Promise<void> {
    const { id, params } = kill.command;
    const key = `${id} ${target.engine}`;
    running.add(key);
    const tell = (answer: Omit<LastResortAnswer, 'at'>) =>
      deps.answered(id, target.engine, { ...answer, at: deps.clock() });
    tell({ state: 'trying', detail: '', open: null });
    const closePositions = params.closePositions && !closed.has(key);
    closed.add(key);
    try {
      tell(await deps.kill(target, { reason: params.reason, closePositions }));
    } catch (error) {
      tell({ state: 'unknown', detail: (error as Error).message, open: null });
    } finally {
      running.delete(key);
    }
  }

  return {
    tick(kills) {
      const now = deps.clock();
      for (const kill of kills) {
        const { id, issuedAt, params } = kill.command;
        if (isAcknowledged(kill) || now - issuedAt < deps.afterMs()) continue;
        const { scope } = params;
        for (const target of deps.targets()) {
          const inScope = scope.kind === 'all' || scope.engines.includes(target.engine);
          if (!inScope || running.has(`${id} ${target.engine}`)) continue;
          const before = kill.lastResort[target.engine];
          const again =
            before === undefined ||
            (before.state !== 'blocked' && now - before.at >= deps.afterMs());
          if (again) void run(kill, target);
        }
      }
    },
  };
}
