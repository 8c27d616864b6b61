import { nameFiles, removeFiles, reportsOf } from '../node/keptFiles';
import type { Logger } from '../node/logFile';
import { NAMED_MAX } from '../shared/retention/events';
import type { GatewayLog } from './log';

/**
 * Carries out deletions of artifacts at the gateway: what goes is named on the record, then goes. A
 * gateway that died between finishes it at its next start. The log itself is never shortened.
 *
 * @param folder the reports' folder.
 */
export function keepRetention(options: {
  readonly log: GatewayLog;
  readonly folder: string;
  readonly journal: Logger | undefined;
}): { stop(): void } {
  const { log, folder, journal } = options;
  let stopped = false;

  async function carryOut(year: number): Promise<void> {
    const names = await reportsOf(folder, year);
    for (let from = 0; from < names.length; from += NAMED_MAX) {
      const files = await nameFiles(folder, names.slice(from, from + NAMED_MAX));
      if (stopped) return;
      const data = { kind: 'artifacts', year, count: files.length, files } as const;
      const [event] = log.append({ type: 'retention.named', data });
      // Not on disk yet, as when it is full: what is not named for good is not deleted.
      if (!event || !log.isSaved(event)) return;
      removeFiles(folder, files);
    }
  }

  function begin(year: number): void {
    void carryOut(year).catch((error: unknown) => journal?.error('retention', { year, error }));
  }

  for (const { kind, year } of log.state().retention.deleted) if (kind === 'artifacts') begin(year);
  const leave = log.onRecorded(({ type, data }) => {
    if (type === 'retention.deleted' && data.kind === 'artifacts') begin(Number(data.year));
  });
  return {
    stop() {
      stopped = true;
      leave();
    },
  };
}
