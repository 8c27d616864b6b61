import { join } from 'node:path';
import type { App, CrashReporter } from 'electron';

/**
 * Keeps crash dumps on this machine, in the user's own folder. Before the app is ready, after its
 * folder is known.
 */
export function keepCrashDumps(
  app: Pick<App, 'getPath' | 'setPath'>,
  reporter: Pick<CrashReporter, 'start'>,
): void {
  app.setPath('crashDumps', join(app.getPath('userData'), 'crashes'));
  // SECURITY: a dump holds memory; it goes nowhere.
  reporter.start({ uploadToServer: false });
}
