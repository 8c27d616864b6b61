import { setImmediate } from 'node:timers/promises';
import { type Collected, collectReport, type Wanted } from '../../node/reports/collect';
import { createShelf, type ShelfFile } from '../../node/reports/shelf';
import type { Language } from '../../shared/documents/document';
import { documentHtml } from '../../shared/documents/html';
import type { Sha256 } from '../../shared/log/chain';
import type { Policies } from '../../shared/policy/inForce';
import { reportLanguageSchema } from '../../shared/reports/events';
import { reportLayout } from '../../shared/reports/layout';
import type { MadeReport } from '../../shared/reports/state';
import { yearOf } from '../../shared/retention/retention';
import type { GatewayLog } from '../log';
import type { Printing, SharedPrintings } from './printings';

export type PdfTaken = 'taken' | 'unknown' | 'late' | 'not_a_pdf';

/** The log does not lead to the report that is on record. */
export class OtherFiguresError extends Error {
  override readonly name = 'OtherFiguresError';
}

/** The files of reports by schedule, at whichever gateway they were made. */
export interface ReportFiles {
  /** Works a report out. @throws {CollectError} */
  collect(wanted: Wanted, signal: AbortSignal): Promise<Collected>;
  /** The same again. @throws {CollectError} @throws {OtherFiguresError} */
  remake(made: MadeReport, signal: AbortSignal): Promise<Collected>;
  keep(id: string, collected: Collected, languages: readonly Language[]): Promise<void>;
  /**
   * The canonical JSON, the page or the printing in a language of a report by schedule; null where none
   * is. What is not here is made anew from the log, a printing is had from the other gateways.
   *
   * @throws as {@link remake}
   */
  read(
    id: string,
    file: 'report.json' | `${Language}.html` | `${Language}.pdf`,
  ): Promise<Uint8Array | null>;
  /** Takes a terminal's printing of a report, once. */
  takePdf(id: string, language: Language, pdf: Uint8Array): Promise<PdfTaken>;
  /**
   * Puts the printings that are here at the servers where they lack them, and takes away those of
   * reports that are no longer kept. @throws what the servers say
   */
  share(): Promise<void>;
  stop(): void;
}

/** @param options.printed tells who waits for it that a printing is there */
export function openReportFiles(options: {
  readonly log: Pick<GatewayLog, 'state' | 'read' | 'savedHead'>;
  readonly folder: string;
  readonly policies: () => Policies;
  readonly sha256: Sha256;
  /** Null for a gateway that is alone. */
  readonly shared: SharedPrintings | null;
  readonly printed: (printing: Printing) => PdfTaken | Promise<PdfTaken>;
}): ReportFiles {
  const { log, sha256, shared } = options;
  const shelf = createShelf(options.folder);
  const stopping = new AbortController();
  const making = new Map<string, Promise<void>>();

  function collect(wanted: Wanted, signal: AbortSignal): Promise<Collected> {
    const policies = options.policies();
    const deps = { read: log.read, head: log.savedHead, sha256, policies };
    return collectReport({ ...deps, pause: () => setImmediate() }, wanted, { signal });
  }

  async function remake(made: MadeReport, signal: AbortSignal): Promise<Collected> {
    const { kind, period, fromSeq, toSeq } = made;
    const again = await collect({ kind, period, fromSeq, toSeq }, signal);
    if (again.sha256 !== made.sha256) {
      throw new OtherFiguresError('the log gives other figures than were recorded');
    }
    return again;
  }

  async function keep(
    id: string,
    { report, json, sha256: hash }: Collected,
    languages: readonly Language[],
  ): Promise<void> {
    await shelf.put(id, 'report.json', json);
    for (const language of languages) {
      const html = documentHtml(reportLayout(report, { id, sha256: hash }, language));
      await shelf.put(id, `${language}.html`, html);
    }
  }

  /** Those on record, but of years whose artifacts were deleted: they are not made anew. */
  function ofSchedule(): readonly MadeReport[] {
    const { reports, retention } = log.state();
    const gone = new Set(
      retention.deleted.flatMap(({ kind, year }) => (kind === 'artifacts' ? [year] : [])),
    );
    return reports.made.filter(({ by, at }) => by === 'schedule' && !gone.has(yearOf(at)));
  }
  const madeAs = (id: string) => ofSchedule().find((one) => one.id === id);

  /** What is here, or at the others. */
  async function printing(one: Printing): Promise<Uint8Array | null> {
    const file: ShelfFile = `${one.language}.pdf`;
    const here = await shelf.get(one.report, file);
    if (here || !shared) return here;
    const there = await shared.get(one).catch(() => null);
    // Where this disk is full it is had from there the next time, too.
    if (there) await shelf.put(one.report, file, there).catch(() => undefined);
    return there;
  }

  /** Reads the log once, however many ask meanwhile. */
  function anew(made: MadeReport): Promise<void> {
    const before = making.get(made.id);
    if (before) return before;
    const work = remake(made, stopping.signal)
      .then((collected) => keep(made.id, collected, made.languages))
      .finally(() => making.delete(made.id));
    making.set(made.id, work);
    return work;
  }

  return {
    ...{ collect, remake, keep },
    async read(id, file) {
      const made = madeAs(id);
      if (!made) return null;
      if (file.endsWith('.pdf')) {
        return printing({ report: id, language: reportLanguageSchema.parse(file.slice(0, 2)) });
      }
      const here = await shelf.get(id, file);
      const isMade = file === 'report.json' || made.languages.some((one) => file === `${one}.html`);
      if (here || !isMade) return here;
      await anew(made);
      return shelf.get(id, file);
    },
    async takePdf(report, language, pdf) {
      if (!madeAs(report)) return 'unknown';
      if (Buffer.from(pdf.subarray(0, 5)).toString('latin1') !== '%PDF-') return 'not_a_pdf';
      // Kept also when it comes late: it is the report's all the same, once.
      if (await printing({ report, language })) return 'late';
      await shelf.put(report, `${language}.pdf`, pdf);
      // What the servers do not take now they are given when this gateway acts.
      await shared?.put({ report, language }, pdf).catch(() => undefined);
      return options.printed({ report, language });
    },
    async share() {
      if (!shared) return;
      const printings = ofSchedule().flatMap(({ id: report, languages }) =>
        languages.map((language) => ({ report, language })),
      );
      const there = await shared.has(printings);
      for (const one of printings.filter((_, at) => !there[at])) {
        const pdf = await shelf.get(one.report, `${one.language}.pdf`);
        if (pdf) await shared.put(one, pdf);
      }
      await shared.keepOnly(() => new Set(ofSchedule().map(({ id }) => id)));
    },
    stop: () => stopping.abort(),
  };
}
