import type { Logger } from '../node/logFile';
import type { Timers } from '../node/notify/lanes';
import type { Send } from '../node/notify/send';
import type { Sha256 } from '../shared/log/chain';
import type { LogEvent } from '../shared/log/event';
import type { Outcome } from '../shared/notify/outcome';
import type { OpsState } from '../shared/ops/state';
import type { Policies } from '../shared/policy/inForce';
import type { Clock } from '../shared/time';
import { clearOutsideAlerts } from './bridges/outside';
import type { EngineHub } from './engineHub';
import type { Books } from './incidents/books';
import { keepDrills } from './incidents/drills';
import { keepIncidents } from './incidents/driver';
import type { GatewayLog } from './log';
import { keepGovernance } from './models/governance';
import { createLeaseDesk, type LeaseDesk } from './monitor/leaseDesk';
import { type Notifier, startNotifier } from './notify/notifier';
import type { Outbox } from './notify/outbox';
import { reportsByMail } from './reports/byMail';
import type { DayBook } from './reports/dayBook';
import type { ReportFiles } from './reports/files';
import { type DeliverReport, keepReports, type ReportKeeper } from './reports/keeper';
import { expireResumes } from './resumeExpiry';
import type { DeskSecrets } from './secrets';

/** An event that nobody has been told of yet, with the state after it. */
export interface Missed {
  readonly event: LogEvent;
  readonly state: OpsState;
}

export interface DutyOptions {
  readonly hub: EngineHub;
  readonly policies: () => Policies;
  readonly books: Books;
  readonly days: DayBook;
  readonly secrets: Pick<DeskSecrets, 'channel'>;
  readonly reports: ReportFiles;
  readonly deskName: string;
  readonly deliverReport: DeliverReport | undefined;
  readonly send: (what: Send) => Promise<Outcome>;
  readonly timers: Timers;
  readonly journal: Logger | undefined;
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly uptime: Clock;
  readonly jitter: () => number;
  readonly newId: () => string;
}

/** More of the monitor's leases than one gateway gives in its turn. */
const LEASES_A_TURN = 1_000_000;

/** What is done once for the whole desk, however many gateways it has. */
export interface Duties {
  readonly lease: LeaseDesk;
  readonly notifier: Notifier;
  readonly reports: ReportKeeper;
  stop(): void;
}

/**
 * Begins them on a log.
 *
 * @param outbox of what is to be told; closed with the duties
 * @param missed what was recorded and nobody was told of
 */
export function beginDuties(
  log: GatewayLog,
  outbox: Outbox,
  missed: readonly Missed[],
  options: DutyOptions,
): Duties {
  const { hub, policies, books, sha256, clock, uptime, jitter, timers, newId, secrets } = options;
  const stopExpiring = expireResumes(log, clock);
  const stopClearing = clearOutsideAlerts(log);
  const stopGovernance = keepGovernance(log, () => policies().models, sha256, clock);
  const { monitor, acting } = log.state();
  // What an earlier turn gave and did not come to record is below what this one gives.
  const lastToken = Math.max(monitor.token, (acting?.token ?? 0) * LEASES_A_TURN);
  const lease = createLeaseDesk(log, () => policies().monitor.lease, uptime, lastToken);
  const notifier = startNotifier({
    ...{ log, outbox, secrets, missed, clock, jitter, timers, deskName: options.deskName },
    policy: () => policies().notifications,
    send: options.send,
  });
  const incidents = keepIncidents({ log, policies, books, clock, newId });
  const drills = keepDrills({ log, hub, policies, clock, newId });
  const reports = keepReports({
    ...{ log, policies, clock, newId, days: options.days, files: options.reports },
    deliver:
      options.deliverReport ??
      reportsByMail({
        ...{ jitter, timers, policy: () => policies().notifications },
        channel() {
          const settings = log.state().notify.channels.email?.settings;
          return settings?.channel === 'email' ? settings : null;
        },
        password: () => secrets.channel('email'),
      }),
  });
  return {
    ...{ lease, notifier, reports },
    stop() {
      stopExpiring();
      notifier.stop();
      stopGovernance();
      incidents.stop();
      drills.stop();
      reports.stop();
      stopClearing();
    },
  };
}
