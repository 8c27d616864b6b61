import type { DeskView } from '../shared/view/desk';
import type { Config } from './config';
import type { Chosen } from './connection/choose';
import type { SettingsStore } from './settings';

/** What a diagnosis starts from; texts are masked where they are written. */
export function diagnosisFacts(
  { ops, runtime, link, mirror, gateway, hotkey }: DeskView,
  connection: Chosen,
  settings: SettingsStore,
  start: { readonly deskFile: string; readonly config: Pick<Config, 'userDataDir'> },
): Readonly<Record<string, unknown>> {
  const { source, gateways, ca, problem } = connection;
  const { userDataDir } = start.config;
  return {
    about: { ...runtime, uptimeMs: Math.round(performance.now()), memory: process.memoryUsage() },
    settings: { ...settings.get(), ...settings.status(), deskFile: start.deskFile },
    config: { source, gateways, ownAuthority: ca !== null, problem, userDataDir },
    desk: { link, mirror, gateway, hotkey },
    log: {
      seq: ops.seq,
      epoch: ops.epoch,
      mode: ops.desk.mode,
      engines: Object.keys(ops.engines),
    },
  };
}
