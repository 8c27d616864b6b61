import type {
  EngineMessageInput,
  EngineModel,
  OpItem,
  ReadBack,
} from '../../../shared/protocol/engine';

/** What an engine remembers of an operation, so that the same id does nothing twice. */
export interface Known {
  readonly state: 'accepted' | 'settled';
  readonly items: readonly OpItem[];
  /** After loading a model: what it said it runs. */
  readonly loaded?: EngineModel | null;
}

/** What came of an operation. */
export interface Outcome {
  readonly items: readonly OpItem[];
  readonly readBack?: ReadBack;
  readonly loaded?: EngineModel | null;
}

export interface Operations {
  /** Carries an operation out once; the same id again gets the first outcome. */
  run(opId: string, work: () => Promise<Outcome>): void;
  /** Reads for that very request; reading changes nothing and is not remembered. */
  read(opId: string, work: () => Promise<Outcome>): void;
  query(opId: string): Known | null;
}

/**
 * An engine's memory of what it was told. Work that throws ends as `unknown`: what was sent may have
 * had its effect.
 */
export function createOperations(send: (message: EngineMessageInput) => void): Operations {
  const known = new Map<string, Known>();

  function answer(opId: string, state: Known['state'], outcome: Outcome): void {
    send({ type: 'op.update', opId, state, ...outcome, items: [...outcome.items] });
  }

  async function settle(work: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await work();
    } catch (error) {
      const detail = (error instanceof Error ? error.message : String(error)).slice(0, 512);
      return { items: [{ kind: 'engine', id: 'engine', outcome: 'unknown', detail }] };
    }
  }

  return {
    run(opId, work) {
      const before = known.get(opId);
      if (before) {
        answer(opId, before.state, before);
        return;
      }
      known.set(opId, { state: 'accepted', items: [] });
      answer(opId, 'accepted', { items: [] });
      void settle(work).then((outcome) => {
        const { items, loaded } = outcome;
        known.set(opId, { state: 'settled', items, ...(loaded === undefined ? {} : { loaded }) });
        answer(opId, 'settled', outcome);
      });
    },
    read(opId, work) {
      answer(opId, 'accepted', { items: [] });
      void settle(work).then((outcome) => answer(opId, 'settled', outcome));
    },
    query: (opId) => known.get(opId) ?? null,
  };
}
