import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { utilityProcess } from 'electron';
import {
  type Child,
  createEmbeddedGateway,
  type EmbeddedGateway,
  type EmbeddedStart,
} from './gateway';

/** A desk of this terminal's own, on paper: nothing of it runs until it is begun. */
export interface OwnDesk extends EmbeddedGateway {
  /** What this terminal is known by there, made for this run. */
  readonly token: string;
  /** Once the panel is there: on a small machine three programs at once would keep it waiting. */
  begin(): void;
}

/** @param engineToken what the desk's engine is known by */
export function createOwnDesk(deps: {
  readonly mainDir: string;
  readonly userData: string;
  readonly engineToken: string;
  readonly start: Pick<EmbeddedStart, 'policyDir' | 'operator' | 'deskName'>;
  readonly clock: () => number;
  readonly onListening: (url: string) => void;
  readonly onExit: (cause: string) => void;
  readonly changed: () => void;
}): OwnDesk {
  const { clock, changed, onListening, onExit } = deps;
  const token = randomBytes(32).toString('hex');
  let gateway: EmbeddedGateway | null = null;
  let stopped = false;

  const startGateway = (): EmbeddedGateway =>
    createEmbeddedGateway({
      ...{ clock, changed, onListening, onExit },
      fork: (file) =>
        utilityProcess.fork(join(deps.mainDir, `${file}.js`), [], {
          serviceName: `vigia-${file}`,
        }) as unknown as Child,
      start: {
        ...deps.start,
        dataDir: join(deps.userData, 'gateway'),
        operatorToken: token,
        engineToken: deps.engineToken,
        environment: 'paper',
        port: 0,
      },
    });

  return {
    token,
    begin() {
      if (gateway === null && !stopped) gateway = startGateway();
    },
    restarts: () => gateway?.restarts() ?? 0,
    lastExit: () => gateway?.lastExit() ?? null,
    stop() {
      stopped = true;
      gateway?.stop();
    },
  };
}
