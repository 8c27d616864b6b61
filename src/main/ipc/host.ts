import type { WebContents } from 'electron';
import { ipcMain } from 'electron';
import type { IpcCall, IpcEvent, IpcPayload } from '../../shared/ipc/contract';
import type { Failure } from '../../shared/result';
import { type CallSource, type IpcHandlers, serveCalls } from './serve';

export interface IpcHost {
  /** Sends an event to every window that is there. */
  send<Event extends IpcEvent>(event: Event, payload: IpcPayload<Event>): void;
}

/** The only place where the main process hears its windows and speaks to them. */
export function createIpcHost(deps: {
  readonly handlers: IpcHandlers;
  readonly root: string;
  readonly contents: () => readonly WebContents[];
  readonly onDefect: (channel: string, error: unknown) => void;
  /** Why a window may not make a call now; null when it may. */
  readonly refuses: (channel: IpcCall, window: number) => Failure | null;
}): IpcHost {
  const own = {
    root: deps.root,
    contentsIds: () => deps.contents().map((contents) => contents.id),
  };
  serveCalls(ipcMain as unknown as CallSource, deps.handlers, own, deps.onDefect, deps.refuses);
  return {
    send(event, payload) {
      for (const contents of deps.contents()) {
        if (!contents.isDestroyed()) contents.send(event, payload);
      }
    },
  };
}
