import type { LinkedEngine } from '../client/link';
import type { PaperEngine } from './engine';
import { PAPER_MODELS } from './models';

/** A paper engine as its link wants it. */
export function linkedPaper(
  engine: PaperEngine,
  identity: {
    readonly id: string;
    readonly name: string;
    readonly instrument: string;
    readonly software: string;
    readonly cards: LinkedEngine['cards'];
  },
): LinkedEngine {
  const { id, name, instrument, software, cards } = identity;
  return {
    get mode() {
      return engine.mode;
    },
    now: engine.now,
    register: () => ({
      engine: {
        ...{ id, name, software, kind: 'paper', environment: 'paper' },
        instruments: [instrument],
      },
      loaded: engine.loaded,
      available: PAPER_MODELS.map(({ model, version, hash }) => ({ model, version, hash })),
    }),
    setMode: engine.setMode,
    beginSession: engine.beginSession,
    operate: engine.operate,
    query: (opId) => (engine.fault === 'hang' ? 'silent' : engine.done(opId)),
    cards,
    deadMan: engine.deadMan,
  };
}
