import type { DeskView } from '../shared/view/desk';

const FIGURES_EVERY_MS = 250;

export interface DeskPublisher {
  /** The view now, whole. */
  view(): DeskView;
  /** Something that matters changed: sent in this turn of the event loop, once. */
  now(): void;
  /** Figures changed: sent at most four times a second. */
  figures(): void;
  stop(): void;
}

/** Puts the view together and says when it is sent. */
export function createDeskPublisher(deps: {
  readonly assemble: () => Omit<DeskView, 'revision' | 'at'>;
  readonly clock: () => number;
  readonly send: (view: DeskView) => void;
}): DeskPublisher {
  let revision = 0;
  let sentAt = 0;
  let urgent = false;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  function make(): DeskView {
    revision += 1;
    return { revision, at: deps.clock(), ...deps.assemble() };
  }

  function send(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    urgent = false;
    if (stopped) return;
    sentAt = deps.clock();
    deps.send(make());
  }

  return {
    view: make,
    now() {
      if (urgent) return;
      urgent = true;
      // A batch of changes in one turn is one view.
      setImmediate(send);
    },
    figures() {
      if (urgent || timer) return;
      timer = setTimeout(send, Math.max(0, sentAt + FIGURES_EVERY_MS - deps.clock()));
    },
    stop() {
      stopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}
