import { join } from 'node:path';
import type { Logger } from '../../node/logFile';
import type { Settings } from '../../shared/settings';
import { updateHindrance } from '../../shared/update/hindrance';
import { manifestName } from '../../shared/update/manifest';
import { LOG_FORM } from '../../shared/version';
import type { DeskView } from '../../shared/view/desk';
import { fetchText, loadInstaller } from './installer';
import { openKept } from './kept';
import { serveFolder } from './serveFolder';
import { createUpdates, type Updates } from './updates';

/** Updates of this program, on this system. */
export function createProgramUpdates(
  deps: Pick<Parameters<typeof createUpdates>[0], 'version' | 'leave' | 'report' | 'changed'> & {
    readonly userData: string;
    readonly settings: () => Settings;
    readonly journal: Logger;
    readonly view: () => DeskView;
  },
): Updates {
  const { version, leave, report, changed, settings } = deps;
  const manifest = manifestName(process.platform, process.arch);
  return createUpdates({
    ...{ version, manifestName: manifest, settings, leave, report, changed },
    kept: openKept(join(deps.userData, 'updates'), version, LOG_FORM, manifest),
    fetch: fetchText,
    loadInstaller: () => loadInstaller(deps.journal),
    serve: serveFolder,
    hindrance: () => updateHindrance(deps.view()),
  });
}
