import type { Execution } from '../../shared/incidents/executions';
import type { Clock } from '../../shared/time';
import type { ExecutionsView } from '../../shared/view/desk';

/** Executions kept at most, whatever engines send. */
const KEPT = 5_000;
/** Executions sent to the windows at most. */
const SHOWN = 200;

export interface ExecutionBook {
  take(executions: readonly Execution[]): void;
  /** Those that may still be annulled, the least time left first, then those that may no more. */
  view(): ExecutionsView;
}

/** What engines executed lately, as this terminal has seen it. */
export function createExecutionBook(deps: {
  readonly clock: Clock;
  /** How long after its execution a trade may be annulled. */
  readonly annulmentMs: () => number;
}): ExecutionBook {
  const since = deps.clock();
  let known = new Map<string, Execution>();
  let dropped = 0;

  /** As long again as a trade may be annulled, so that one whose time is over is seen to be. */
  function forget(now: number): void {
    const from = now - deps.annulmentMs() * 2;
    for (const [id, { at }] of known) if (at < from) known.delete(id);
    if (known.size <= KEPT) return;
    dropped += known.size - KEPT;
    known = new Map([...known].slice(-KEPT));
  }

  return {
    take(executions) {
      for (const one of executions) known.set(JSON.stringify([one.engine, one.id]), one);
      forget(deps.clock());
    },
    view() {
      const now = deps.clock();
      forget(now);
      if (known.size === 0) dropped = 0;
      const edge = now - deps.annulmentMs();
      const all = [...known.values()];
      const running = all.filter(({ at }) => at > edge).sort((a, b) => a.at - b.at);
      const over = all.filter(({ at }) => at <= edge).sort((a, b) => b.at - a.at);
      const recent = [...running, ...over].slice(0, SHOWN);
      return { since, recent, omitted: all.length - recent.length + dropped };
    },
  };
}
