import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { archivesOf } from '../../node/audit/archives';
import type { ExportInfo } from '../../node/export/manifest';
import { type AuditPage, type AuditSource, matches } from '../../shared/audit/query';
import type { AuditJob, ExportFormat, Imported, Past, PastAt } from '../../shared/audit/view';
import type { LogEvent } from '../../shared/log/event';
import type { CommandParams } from '../../shared/protocol/commands';
import { Refusal } from '../ipc/refusal';
import { createExplorer, type ExplorerClient, QuestionLeftError, withHeld } from './explorer';
import { createJobs } from './jobs';
import type { FromExplorer, Question } from './messages';

/** Asks the person at this screen for a place; null when he would rather not. */
export interface Places {
  target(name: string, format: ExportFormat): Promise<string | null>;
  record(kind: 'file' | 'folder'): Promise<string | null>;
}

export interface AuditDesk {
  /** The mirror is open, perhaps another than before. */
  opened(): void;
  /** The mirror's file is about to be set aside. */
  setAside(): void;
  grew(): void;
  /** The gateway has signed. */
  signed(note: string): void;
  page(
    source: AuditSource,
    query: Omit<Extract<Question, { ask: 'page' }>, 'ask'>,
  ): Promise<AuditPage>;
  ask: ExplorerClient['ask'];
  cancel(source: AuditSource): void;
  past(source: AuditSource, at: PastAt): Promise<Past | null>;
  verify(source: AuditSource): Promise<void>;
  exportTo(format: ExportFormat, from: number | null, to: number | null): Promise<string | null>;
  importFrom(kind: 'file' | 'folder'): Promise<string | null>;
  closeImported(): void;
  copy(text: string): void;
  cancelJob(): void;
  state(): { readonly job: AuditJob | null; readonly imported: Imported | null };
  stop(): void;
}

/** A gateway that signs nothing by then does not keep the work waiting. */
const SIGNATURE_TIMEOUT_MS = 3_000;

type ReportKind = CommandParams<'terminal.report'>['kind'];

/** What people do with the record at this terminal; each act goes on the record itself. */
export function createAuditDesk(deps: {
  readonly explorerFile: string;
  readonly jobFile: string;
  /** The mirror's file. */
  readonly mirror: string;
  readonly userData: string;
  readonly places: Places;
  readonly copy: (text: string) => void;
  readonly info: () => ExportInfo;
  readonly mayExport: () => boolean;
  readonly unsaved: () => number;
  /** The last event on this disk. */
  readonly written: () => number;
  readonly linkLive: () => boolean;
  readonly held: () => Promise<readonly LogEvent[]>;
  readonly report: (kind: ReportKind, detail: string) => void;
  readonly onCounted: (counted: Omit<Extract<FromExplorer, { type: 'counted' }>, 'type'>) => void;
  readonly onJob: (job: AuditJob | null) => void;
  readonly onImported: (imported: Imported | null) => void;
}): AuditDesk {
  const folder = join(deps.userData, 'imported');
  const files = {
    own: { path: deps.mirror, index: indexOf(deps.mirror) },
    imported: { path: join(folder, 'audit.db'), index: join(folder, 'audit-index.db') },
  } as const;
  /** A record's files, closed years first. */
  const pathsOf = (source: AuditSource): readonly string[] => [
    ...archivesOf(files[source].path),
    files[source].path,
  ];
  let imported: Imported | null = null;
  let importedKey = '';
  /** Work that waits for a signature, and for the event it is over to be on this disk. */
  let awaited: { seq: number | null; readonly done: () => void } | null = null;
  const explorer = createExplorer({
    workerFile: deps.explorerFile,
    onCounted: ({ type: _, ...counted }) => deps.onCounted(counted),
  });
  const jobs = createJobs({ workerFile: deps.jobFile, changed: deps.onJob });

  function begin(...args: Parameters<typeof jobs.start>): void {
    if (jobs.start(...args)) return;
    throw new Refusal({ code: 'busy', message: 'other work on the record is under way' });
  }

  /** Says on the record what is about to be done, and waits for the signature that answers it. */
  function announce(kind: 'audit_exporting' | 'audit_verifying', detail: string): Promise<void> {
    deps.report(kind, detail);
    if (!deps.linkLive()) return Promise.resolve();
    return new Promise((go) => {
      const timer = setTimeout(done, SIGNATURE_TIMEOUT_MS);
      function done(): void {
        clearTimeout(timer);
        awaited = null;
        go();
      }
      awaited = { seq: null, done };
    });
  }

  function lookForSignature(): void {
    if (awaited?.seq != null && deps.written() >= awaited.seq) awaited.done();
  }

  const ask: ExplorerClient['ask'] = async (source, question) => {
    try {
      return await explorer.ask(source, question);
    } catch (error) {
      const code = error instanceof QuestionLeftError ? 'cancelled' : 'unavailable';
      throw new Refusal({ code, message: (error as Error).message });
    }
  };

  return {
    opened: () => explorer.open('own', pathsOf('own'), files.own.index),
    setAside: () => explorer.release('own'),
    grew() {
      explorer.grew();
      lookForSignature();
    },
    signed(note) {
      // The mirror keeps it in its own time, and says how it stands when it has.
      if (awaited) awaited.seq = Number(note.split('\n')[1]);
    },
    async page(source, query) {
      // A disk that takes nothing does not keep the newest events off the screen.
      const held = source === 'own' && deps.unsaved() > 0 ? await deps.held() : [];
      const { filter, offset, limit } = query;
      const ahead = held.filter((event) => matches(filter, event)).reverse();
      const from = Math.max(0, offset - ahead.length);
      const page = await ask(source, { ask: 'page', filter, offset: from, limit });
      return withHeld(page, ahead, offset, limit);
    },
    ask,
    cancel: explorer.cancel,
    past: (source, at) => ask(source, { ask: 'past', at }),
    async verify(source) {
      const whole = source === 'own';
      if (whole) await announce('audit_verifying', 'the whole mirror');
      const publicKey = whole ? '' : importedKey;
      begin(
        { kind: 'verify', paths: pathsOf(source), index: files[source].index, whole, publicKey },
        source,
        ({ detail }) => {
          if (whole) deps.report('audit_verified', detail);
        },
      );
    },
    async exportTo(format, from, to) {
      if (!deps.mayExport()) {
        throw new Refusal({ code: 'forbidden', message: 'your role may not export the record' });
      }
      const info = deps.info();
      const name = `vigia-${new Date(info.madeAt).toISOString().slice(0, 19).replace(/[:T]/g, '-')}`;
      const target = await deps.places.target(name, format);
      if (target === null) return null;
      await announce('audit_exporting', `${format} to ${basename(target)}`);
      const order = {
        kind: 'export',
        paths: pathsOf('own'),
        target,
        format,
        from,
        to,
        info,
      } as const;
      begin(order, 'own', ({ detail }) =>
        deps.report('audit_exported', `${detail} to ${basename(target)}`),
      );
      return target;
    },
    async importFrom(kind) {
      const path = await deps.places.record(kind);
      if (path === null) return null;
      explorer.release('imported');
      imported = null;
      deps.onImported(null);
      begin({ kind: 'import', path, into: files.imported.path }, 'imported', (outcome) => {
        if (!outcome.findings) return;
        importedKey = outcome.publicKey;
        imported = { path, findings: outcome.findings };
        explorer.open('imported', pathsOf('imported'), files.imported.index);
        deps.onImported(imported);
        deps.report('audit_imported', `${basename(path)}: ${outcome.detail}`);
      });
      return path;
    },
    closeImported() {
      explorer.release('imported');
      imported = null;
      rmSync(folder, { recursive: true, force: true });
      deps.onImported(null);
    },
    copy: deps.copy,
    cancelJob: jobs.cancel,
    state: () => ({ job: jobs.view(), imported }),
    stop() {
      jobs.stop();
      explorer.stop();
    },
  };
}

/** The index's file beside a mirror's. */
function indexOf(path: string): string {
  return path.replace(/\.db$/, '-index.db');
}
