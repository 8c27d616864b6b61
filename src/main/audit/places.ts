import { join } from 'node:path';
import { app, dialog } from 'electron';
import type { Places } from './auditDesk';

/** Asks for places with the system's own dialogs. */
export function createPlaces(): Places {
  return {
    async target(name, format) {
      const extension = format === 'folder' ? '' : `.${format}`;
      const { canceled, filePath } = await dialog.showSaveDialog({
        defaultPath: join(app.getPath('documents'), `${name}${extension}`),
        ...(format === 'folder' ? {} : { filters: [{ name: format, extensions: [format] }] }),
      });
      return canceled || filePath === '' ? null : filePath;
    },
    async record(kind) {
      const { canceled, filePaths } = await dialog.showOpenDialog({
        properties: [kind === 'folder' ? 'openDirectory' : 'openFile'],
        ...(kind === 'folder' ? {} : { filters: [{ name: 'zip, db', extensions: ['zip', 'db'] }] }),
      });
      const [path] = filePaths;
      return canceled || path === undefined ? null : path;
    },
  };
}
