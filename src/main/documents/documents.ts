import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createShelf } from '../../node/reports/shelf';
import { saveDocument } from '../../node/saveDocument';
import { NO_FILTER } from '../../shared/audit/query';
import type { Language } from '../../shared/documents/document';
import type { OpsState } from '../../shared/ops/state';
import type { Policies } from '../../shared/policy/inForce';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { Clock } from '../../shared/time';
import type { AuditDesk } from '../audit/auditDesk';
import type { DeskState } from '../desk';
import type { Identity } from '../identity/identity';
import type { ControlLink } from '../link/controlLink';
import type { Mirror } from '../mirror/mirror';
import { createReportDesk, type ReportDesk, type ReportDeskDeps } from '../reports/reportDesk';
import { uploadPdf } from '../reports/upload';
import { type CardDesk, createCardDesk } from './cardDesk';
import { createPostMortemDesk, type PostMortemDesk } from './postMortemDesk';
import { createPrinter } from './printer';
import { createPrintPages } from './printPage';

/** A document that is not on paper by then is given up. */
const PRINT_TIMEOUT_MS = 20_000;

export interface Documents {
  readonly cards: CardDesk;
  readonly postMortems: PostMortemDesk;
  readonly reports: ReportDesk;
  stopPrinting(): void;
}

/** All that leaves the terminal as a document: one printer, one folder of the user's. */
export function createDocuments(
  deps: Pick<ReportDeskDeps, 'record' | 'acts' | 'onProgress'> & {
    readonly desk: DeskState;
    readonly mirror: Pick<Mirror, 'report'>;
    readonly audit: Pick<AuditDesk, 'page'>;
    /** Who a report's PDF is given to, and by whom. */
    readonly link: Pick<ControlLink, 'view'>;
    readonly identity: Pick<Identity, 'token' | 'transport'>;
    readonly clock: Clock;
    readonly userData: string;
    /** Where what people asked for is saved. */
    readonly folder: string;
    readonly language: () => Language;
    readonly modelsPolicy: (ops: OpsState) => ModelsPolicy;
    /** Those of the files, for a log that has none in force. */
    readonly policies: Pick<Policies, 'reports' | 'incidents'>;
  },
): Documents {
  const { desk, clock, audit, mirror, policies } = deps;
  const printer = createPrinter({ open: createPrintPages(), timeoutMs: PRINT_TIMEOUT_MS });
  const save = (name: string, content: string | Uint8Array) =>
    saveDocument(deps.folder, name, content);
  return {
    cards: createCardDesk({
      ...{ desk, policy: deps.modelsPolicy, clock, printer, save },
      language: deps.language,
    }),
    postMortems: createPostMortemDesk({
      ...{ desk, printer, save },
      async saved(incident, seq) {
        const filter = { ...NO_FILTER, types: ['postmortem.saved'], incident };
        const { events } = await audit.page('own', { filter, offset: 0, limit: 500 });
        const markdown = events.find((one) => one.seq === seq)?.data.markdown;
        return typeof markdown === 'string' ? markdown : null;
      },
    }),
    reports: createReportDesk({
      ...{ ops: desk.ops, printer, clock, newUuid: randomUUID, save },
      shelf: createShelf(join(deps.userData, 'reports')),
      collect: (wanted, signal, onProgress) =>
        mirror.report({ wanted, policies }, signal, onProgress),
      ...{ record: deps.record, acts: deps.acts },
      async upload(id, language, pdf) {
        const { address } = deps.link.view();
        const token = deps.identity.token();
        const transport = deps.identity.transport(address);
        if (token === null || !transport) throw new Error('nobody is signed in');
        await uploadPdf(address, token, transport, { id, language }, pdf);
      },
      onProgress: deps.onProgress,
    }),
    stopPrinting: printer.stop,
  };
}
