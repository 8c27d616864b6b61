import { contextBridge, ipcRenderer } from 'electron';
import type { VigiaApi } from '../shared/ipc/contract';

/**
 * The one door between a window and the main process. Channel names are checked by the main
 * process; the event object of Electron never reaches the page.
 */
const api: VigiaApi = {
  call: (channel, args) => ipcRenderer.invoke(channel, args),
  on(channel, listener) {
    const forward = (_event: unknown, payload: unknown): void => {
      listener(payload as Parameters<typeof listener>[0]);
    };
    ipcRenderer.on(channel, forward);
    return () => {
      ipcRenderer.off(channel, forward);
    };
  },
};

contextBridge.exposeInMainWorld('vigia', api);
