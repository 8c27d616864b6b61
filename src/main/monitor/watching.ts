import { join } from 'node:path';
import { watchOf } from '../../shared/monitor/watch';
import type { InForce } from '../../shared/policy/inForce';
import type { Clock } from '../../shared/time';
import type { ExecutionsView } from '../../shared/view/desk';
import type { DeskState } from '../desk';
import type { Identity } from '../identity/identity';
import type { ControlLink } from '../link/controlLink';
import { createExecutionBook } from '../link/executions';
import { createTelemetry, type Telemetry } from '../link/telemetry';
import type { TelemetryTarget } from '../link/telemetryMessages';
import { createTelemetrySource, type TelemetrySource } from '../link/telemetrySource';
import { createMonitorDesk, type MonitorDesk } from './monitorDesk';

export interface Watching {
  readonly telemetry: Telemetry;
  readonly telemetryFrom: TelemetrySource;
  readonly monitor: MonitorDesk;
  /** Has the live model's samples watched, from the event on that made it live. */
  watch(): void;
  /** Executions while an incident is open; null otherwise. */
  executions(): ExecutionsView | null;
}

/** What comes by telemetry, and what is made of it: figures, executions and the monitor. */
export function createWatching(deps: {
  readonly mainDir: string;
  /** Where the monitor's rows and windows are kept. */
  readonly data: string;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly desk: DeskState;
  readonly link: Pick<ControlLink, 'addresses' | 'view' | 'send'>;
  readonly identity: Pick<Identity, 'token' | 'transport'>;
  readonly terminal: TelemetryTarget['terminal'];
  readonly times: TelemetryTarget['times'];
  readonly inForce: Pick<InForce, 'incidents' | 'models' | 'monitor'>;
  readonly changed: () => void;
}): Watching {
  const { data, clock, newId, desk, link, identity, terminal, times, inForce, changed } = deps;
  const executions = createExecutionBook({
    clock,
    annulmentMs: () => inForce.incidents(desk.ops()).annulmentMs,
  });
  const telemetry = createTelemetry({
    workerFile: join(deps.mainDir, 'telemetry-worker.js'),
    folder: join(data, 'monitor'),
    changed,
    onExecuted: executions.take,
    onEvaluated: (evaluation, occasion) => monitor.evaluated(evaluation, occasion),
  });
  const monitor = createMonitorDesk({
    ...{ control: link.send, ops: desk.ops, clock, uptime: () => performance.now(), newId },
    sees: () => telemetry.link() === 'live',
    current: () => link.view().state === 'live' && !desk.replaying(),
    policy: () => inForce.monitor(desk.ops()),
    models: () => inForce.models(desk.ops()),
    keepWindow: telemetry.keepWindow,
    host: terminal.id,
    changed,
  });
  return {
    ...{ telemetry, monitor },
    telemetryFrom: createTelemetrySource({
      ...{ identity, link, connect: telemetry.connect, terminal, times },
    }),
    watch: () => telemetry.watch(watchOf(desk.ops(), inForce.monitor(desk.ops()), clock())),
    executions() {
      const isOpen = desk.ops().incidents.incidents.some(({ closed }) => closed === null);
      return isOpen ? executions.view() : null;
    },
  };
}
