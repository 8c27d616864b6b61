import { join } from 'node:path';
import type { App } from 'electron';
import type { Logger } from '../node/logFile';
import { openLogFile } from '../node/logFile';
import type { RuntimeView } from '../shared/view/desk';

/** Opens the terminal's log and writes into it what happens to the program as a whole. */
export function openJournal(deps: {
  readonly userData: string;
  readonly runtime: RuntimeView;
  readonly secrets: () => readonly string[];
  readonly app: Pick<App, 'on'>;
  readonly process: Pick<NodeJS.Process, 'on'>;
}): Logger {
  const journal = openLogFile({
    path: join(deps.userData, 'logs/terminal.log'),
    program: 'terminal',
    secrets: deps.secrets,
  });
  const { official, ...runtime } = deps.runtime;
  journal.info('started', { ...runtime, release: official });
  if (!official) journal.warn('not for release: this runs on the development fallback');
  deps.process.on('uncaughtExceptionMonitor', (error) => journal.error('uncaught', { error }));
  deps.app.on('render-process-gone', (_event, _contents, { reason, exitCode }) =>
    journal.error('window.gone', { reason, exitCode }),
  );
  deps.app.on('child-process-gone', (_event, { type, reason, exitCode, name }) =>
    journal.error('process.gone', { type, reason, exitCode, name }),
  );
  return journal;
}
