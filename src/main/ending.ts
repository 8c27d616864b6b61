import { app } from 'electron';
import type { IpcPayload } from '../shared/ipc/contract';
import type { DeskView } from '../shared/view/desk';
import { whyAskToQuit } from './quit';

export interface Ending {
  /** Ends the program, or has it asked about where there is a reason to. */
  quit(confirmed: boolean): void;
  /** Ends and starts again, as it was started. @returns false while a kill of this terminal runs */
  restart(): boolean;
  /** Ends every part in its order, then does what ends the program. */
  leave(then: () => void): void;
}

/** How the program ends: by whoever asks, the system or an update, once. */
export function createEnding(deps: {
  readonly view: () => DeskView;
  readonly ask: (reason: IpcPayload<'quit.asked'>['reason']) => void;
  /** Stops every part. Resolves when the last one has ended. */
  readonly stop: () => Promise<unknown>;
}): Ending {
  let leaving = false;

  function leave(then: () => void): void {
    if (leaving) return;
    leaving = true;
    void deps.stop().then(then);
  }

  function quit(confirmed: boolean): void {
    const reason = confirmed ? null : whyAskToQuit(deps.view());
    if (reason === null) leave(() => app.quit());
    else deps.ask(reason);
  }

  app.on('before-quit', (event) => {
    if (leaving) return;
    event.preventDefault();
    quit(false);
  });
  // A session that ends or a supervisor has nobody to answer a question: the order is the yes.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => quit(true));

  return {
    ...{ quit, leave },
    restart() {
      const view = deps.view();
      if (view.pendingKill !== null || whyAskToQuit(view) === 'kill_running') return false;
      leave(() => {
        app.relaunch({ execPath: programFile(), args: process.argv.slice(1) });
        app.quit();
      });
      return true;
    },
  };
}

/** What starts this program again: an AppImage runs from a folder that is gone after it. */
export function programFile(): string {
  return process.env.APPIMAGE ?? process.execPath;
}
