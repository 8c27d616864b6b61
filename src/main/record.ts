import { join } from 'node:path';
import { clipboard, dialog } from 'electron';
import type { ExportInfo } from '../node/export/manifest';
import type { Logger } from '../node/logFile';
import { mayExport } from '../shared/audit/permission';
import type { IpcArgs, IpcEvent, IpcPayload } from '../shared/ipc/contract';
import type { LogEvent } from '../shared/log/event';
import type { OpsState } from '../shared/ops/state';
import type { Policies } from '../shared/policy/inForce';
import type { ModelsPolicy } from '../shared/policy/models';
import type { CommandParams } from '../shared/protocol/commands';
import type { Clock } from '../shared/time';
import type { LinkCause } from '../shared/view/desk';
import { type AuditDesk, createAuditDesk } from './audit/auditDesk';
import { createPlaces } from './audit/places';
import { createDeskState, type DeskState } from './desk';
import { createLineageDesk, type LineageDesk } from './lineage/lineageDesk';
import { saveLineage } from './lineage/saveFile';
import type { ControlLink } from './link/controlLink';
import { createMirror, type Mirror } from './mirror/mirror';
import { createRetentionDesk, type RetentionDesk } from './retention/retentionDesk';

export interface RecordDeps {
  /** Folder of the built main process and its workers. */
  readonly mainDir: string;
  /** Where the record is kept. */
  readonly data: string;
  readonly clock: Clock;
  readonly journal: Logger;
  readonly terminal: { readonly id: string; readonly name: string; readonly version: string };
  /** The desk's name while no gateway has said it. */
  readonly deskName: string;
  readonly modelsPolicy: (ops: OpsState) => ModelsPolicy;
  /** Those of the files, for a log that has none in force. */
  readonly policies: Pick<Policies, 'operations' | 'models'>;
  readonly linkView: ControlLink['view'];
  /** Asks for the log anew, from where the mirror stands. */
  readonly restartLink: (cause: LinkCause) => void;
  readonly report: (kind: CommandParams<'terminal.report'>['kind'], detail: string) => void;
  /** Names on the record what a deletion takes here; null while there is no link. */
  readonly nameDeleted: (params: CommandParams<'retention.name'>) => string | null;
  readonly send: <Event extends IpcEvent>(event: Event, payload: IpcPayload<Event>) => void;
  /** The mirror is open: the state is what it holds. */
  readonly onOpened: () => void;
  /** Events that the link has brought, once they are on their way to the mirror. */
  readonly onFresh: (events: readonly LogEvent[]) => void;
  readonly changed: () => void;
}

export interface DeskRecord {
  readonly mirror: Mirror;
  readonly desk: DeskState;
  readonly audit: AuditDesk;
  readonly lineage: LineageDesk;
  /** Writes a file of the lineage where a person says. @returns null when he thought better of it */
  readonly saveLineage: (args: IpcArgs<'lineage.save'>) => Promise<string | null>;
  readonly retention: RetentionDesk;
}

/** The log at this terminal: followed here, kept by the mirror's thread, asked about, and deleted when it is time. */
export function createRecord(deps: RecordDeps): DeskRecord {
  const { mainDir, data, clock, journal, terminal, policies, linkView, report, changed } = deps;
  const file = join(data, 'audit.db');

  const mirror = createMirror({
    workerFile: join(mainDir, 'mirror-worker.js'),
    path: file,
    onOpened(opened) {
      audit.opened();
      desk.opened(opened);
      deps.onOpened();
      deps.restartLink({ code: 'mirror_opening' });
    },
    onStatus(status, was) {
      if (status.state !== was.state) journal.info('mirror', { ...status });
      // Once an outage: each event that waits would be one more to write.
      if (status.state === 'unwritable' && was.state !== 'unwritable') {
        report('mirror_unwritable', status.problem ?? 'the disk takes nothing');
      }
      audit.grew();
      if (status.verifiedSeq !== was.verifiedSeq || status.unsaved !== was.unsaved) {
        deps.send('audit.grew', { seq: status.seq });
      }
      changed();
    },
    onBadCheckpoint(cause) {
      desk.diverged(cause);
      deps.restartLink({ code: 'mirror_changed' });
    },
  });
  const desk = createDeskState({
    append: (events) => mirror.append(events),
    quarantine(cause) {
      audit.setAside();
      mirror.quarantine(cause);
      report('mirror_quarantined', cause);
    },
    onFresh: deps.onFresh,
    changed,
  });
  const audit = createAuditDesk({
    explorerFile: join(mainDir, 'audit-worker.js'),
    jobFile: join(mainDir, 'audit-job-worker.js'),
    mirror: file,
    userData: data,
    places: createPlaces(),
    copy: (text) => clipboard.writeText(text),
    info: exportInfo,
    mayExport: () => mayExport(desk.welcome()?.operator.roles ?? null, policies.operations),
    unsaved: () => mirror.status().unsaved,
    written: () => mirror.status().verifiedSeq,
    linkLive: () => linkView().state === 'live',
    held: mirror.held,
    report,
    onCounted: (counted) => deps.send('audit.counted', counted),
    onJob: (job) => deps.send('audit.job', job),
    onImported: (imported) => deps.send('audit.imported', imported),
  });
  const lineage = createLineageDesk({
    workerFile: join(mainDir, 'lineage-worker.js'),
    mirror: file,
    trades: join(data, 'trades.db'),
  });
  const retention = createRetentionDesk({
    mirror: file,
    reports: join(data, 'reports'),
    deletions: () => desk.ops().retention.deleted,
    policies: () => [deps.modelsPolicy(desk.ops()).retention, policies.models.retention],
    clock,
    tradesOf: lineage.tradesOf,
    indexTrades: lineage.index,
    async dropYear(deletion) {
      // The explorer has the archive open, and what it indexed of it is to go as well.
      audit.setAside();
      const problem = await mirror.drop(deletion);
      audit.opened();
      return problem;
    },
    name: deps.nameDeleted,
    refused: (detail) => report('retention_refused', detail),
  });

  /** What an export of now says of where it comes from. */
  function exportInfo(): ExportInfo {
    const ops = desk.ops();
    const versions = Object.entries(ops.policies).map(([one, { version }]) => [one, version]);
    return {
      madeAt: clock(),
      madeBy: `${desk.welcome()?.operator.id ?? terminal.name} (${terminal.name})`,
      software: `vigia ${terminal.version}`,
      desk: desk.welcome()?.deskName ?? deps.deskName,
      policies: Object.fromEntries(versions) as Record<string, string>,
      time: {
        source: "the gateway's clock, as it stamped each event",
        offsetMs: linkView().clockOffsetMs,
      },
    };
  }

  async function choosePath(defaultPath: string): Promise<string | null> {
    const { canceled, filePath } = await dialog.showSaveDialog({ defaultPath });
    return canceled || !filePath ? null : filePath;
  }

  /** This terminal's word for who says what it exports. */
  const urn = `urn:vigia:terminal:${encodeURIComponent(terminal.id)}`;
  return {
    ...{ mirror, desk, audit, lineage, retention },
    saveLineage: (args) => saveLineage(args, choosePath, () => lineage.openLineage(urn, args.at)),
  };
}
