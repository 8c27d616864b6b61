import { z } from 'zod';
import { CollectError, type Collected, type Wanted } from '../../node/reports/collect';
import type { Shelf } from '../../node/reports/shelf';
import { sha256 } from '../../node/sha256';
import type { Language } from '../../shared/documents/document';
import { documentFoot, documentHtml } from '../../shared/documents/html';
import type { IpcArgs, IpcResult, ReportFormat } from '../../shared/ipc/contract';
import { canonicalJson } from '../../shared/log/canonical';
import type { OpsState } from '../../shared/ops/state';
import type { CommandParams } from '../../shared/protocol/commands';
import { reportFileName } from '../../shared/reports/delivery';
import {
  type KeptReport,
  keptReportSchema,
  type OpenReport,
  type SuccessOverLog,
} from '../../shared/reports/kept';
import { reportLayout } from '../../shared/reports/layout';
import type { Report } from '../../shared/reports/report';
import type { Clock } from '../../shared/time';
import { PrintError, type Printer } from '../documents/printer';
import { Refusal } from '../ipc/refusal';

export interface ReportDesk {
  list(): Promise<readonly KeptReport[]>;
  /** @throws {Refusal} */
  make(args: IpcArgs<'report.make'>): Promise<IpcResult<'report.make'>>;
  cancel(): void;
  /** @throws {Refusal} */
  open(id: string, anew: boolean): Promise<OpenReport>;
  /** @throws {Refusal} */
  export(id: string, format: ReportFormat, language: Language): Promise<{ path: string }>;
  /** @throws {Refusal} */
  success(): Promise<SuccessOverLog>;
  /** Prints what the gateway made by schedule, where this terminal is the one to do so. */
  look(): void;
  stop(): void;
}

export interface ReportDeskDeps {
  readonly shelf: Shelf;
  readonly ops: () => OpsState;
  /** Works a report out from the mirror. @throws {CollectError} */
  readonly collect: (
    wanted: Wanted,
    signal: AbortSignal,
    onProgress: (done: number, of: number) => void,
  ) => Promise<Collected>;
  readonly printer: Pick<Printer, 'print'>;
  /** Saves among the user's documents. @returns the path */
  readonly save: (name: string, content: string | Uint8Array) => Promise<string>;
  /** Puts it on the record; false where there is no link. */
  readonly record: (params: CommandParams<'report.record'>) => boolean;
  /** Whether this terminal acts as the desk's monitor: it prints for the desk then. */
  readonly acts: () => boolean;
  /** Gives the gateway a printing. */
  readonly upload: (id: string, language: Language, pdf: Uint8Array) => Promise<void>;
  readonly onProgress: (progress: { done: number; of: number } | null) => void;
  readonly newUuid: () => string;
  readonly clock: Clock;
}

type Named = Pick<KeptReport, 'id' | 'kind' | 'period' | 'fromSeq' | 'toSeq' | 'sha256'> & {
  readonly languages: readonly Language[];
};

/** A report by schedule that is older is printed when somebody asks for it. */
const PRINT_WITHIN_MS = 86_400_000;

/** Reports at this terminal: made by hand, kept, shown, exported, and printed for the gateway. */
export function createReportDesk(deps: ReportDeskDeps): ReportDesk {
  const { shelf } = deps;
  let work: AbortController | null = null;
  /** Reports by schedule that were printed, or tried, in this session. */
  const printed = new Set<string>();
  const stopping = new AbortController();

  /** One thing at a time, with its progress, until it is done or cancelled. */
  async function working<Value>(
    task: (signal: AbortSignal, onProgress: (done: number, of: number) => void) => Promise<Value>,
  ): Promise<Value> {
    if (work) throw new Refusal({ code: 'busy', message: 'a report is being made' });
    const own = new AbortController();
    work = own;
    try {
      return await task(own.signal, (done, of) => deps.onProgress({ done, of }));
    } catch (error) {
      throw refusal(error);
    } finally {
      work = null;
      deps.onProgress(null);
    }
  }

  function named(id: string): Named | null {
    return deps.ops().reports.made.find((one) => one.id === id) ?? null;
  }

  async function about(id: string): Promise<KeptReport | null> {
    const parsed = keptReportSchema.safeParse(readJson(await shelf.get(id, 'about.json')));
    return parsed.success && parsed.data.id === id ? parsed.data : null;
  }

  async function keep(name: Named, { report, json }: Collected): Promise<void> {
    const { id, kind, period, fromSeq, toSeq, sha256, languages } = name;
    await shelf.put(id, 'report.json', json);
    for (const language of languages) {
      await shelf.put(id, `${language}.html`, documentHtml(reportLayout(report, name, language)));
    }
    // Last, so that what is listed is whole.
    const kept: KeptReport = {
      ...{ id, kind, period, fromSeq, toSeq, sha256, languages: [...languages] },
      keptAt: deps.clock(),
    };
    await shelf.put(id, 'about.json', JSON.stringify(kept));
  }

  async function print(
    name: Pick<Named, 'id' | 'sha256'>,
    report: Report,
    language: Language,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const layout = reportLayout(report, name, language);
    const printable = { html: documentHtml(layout), foot: documentFoot(layout) };
    const pdf = await deps.printer.print(printable, signal);
    await shelf.put(name.id, `${language}.pdf`, pdf);
    return pdf;
  }

  async function open(id: string, anew: boolean): Promise<OpenReport> {
    const name = named(id) ?? (await about(id));
    if (!name) throw new Refusal({ code: 'unknown_report', message: 'no such report here' });
    if (!anew) {
      const kept = await shelf.get(id, 'report.json');
      const report = kept && readReport(kept);
      if (report && sha256(Buffer.from(kept).toString('utf8')) === name.sha256) {
        return { report, id, sha256: name.sha256, source: 'kept', same: true };
      }
    }
    return working(async (signal, onProgress) => {
      const { kind, period, fromSeq, toSeq } = name;
      const wanted = { kind, period, fromSeq, toSeq };
      const made = await deps.collect(wanted, signal, onProgress);
      const same = made.sha256 === name.sha256;
      return { report: made.report, id, sha256: made.sha256, source: 'anew', same };
    });
  }

  /** Prints a report by schedule and hands it over. What goes wrong is the gateway's HTML's turn. */
  async function printFor(name: Named): Promise<void> {
    const signal = stopping.signal;
    const { kind, period, fromSeq, toSeq } = name;
    const made = await deps.collect({ kind, period, fromSeq, toSeq }, signal, () => undefined);
    if (made.sha256 !== name.sha256) return;
    await keep(name, made);
    for (const language of name.languages) {
      const pdf = await print(name, made.report, language, signal);
      await deps.upload(name.id, language, pdf);
    }
  }

  return {
    async list() {
      const ids = [...(await shelf.list()).keys()];
      const all = await Promise.all(ids.map(about));
      return all.flatMap((one) => one ?? []).sort((a, b) => b.keptAt - a.keptAt);
    },
    make: ({ kind, period: asked, language }) =>
      working(async (signal, onProgress) => {
        // What has not been yet is not told of.
        const now = Math.max(deps.clock(), deps.ops().ts) + 1;
        const wished = { from: asked.from, to: Math.min(asked.to, now) };
        if (wished.from >= wished.to) {
          throw new Refusal({ code: 'bad_params', message: 'the period ends before it begins' });
        }
        const wanted = { kind, period: wished, fromSeq: null, toSeq: null };
        const made = await deps.collect(wanted, signal, onProgress);
        const { range, period } = made.report;
        const id = deps.newUuid();
        const name: Named = {
          id,
          kind,
          period,
          ...range,
          sha256: made.sha256,
          languages: [language],
        };
        await keep(name, made);
        const pdf = await print(name, made.report, language, signal).catch((error: unknown) => {
          if (error instanceof PrintError && error.code !== 'cancelled') return null;
          throw error;
        });
        const about = { kind, period, ...range, sha256: made.sha256, language };
        const recorded = deps.record({ report: id, ...about });
        return { id, recorded, printed: pdf !== null };
      }),
    cancel: () => work?.abort(),
    open,
    async export(id, format, language) {
      const { report, sha256: hash } = await open(id, false);
      const own = { id, sha256: hash };
      try {
        const name = `${reportFileName(report, own, language)}.${format}`;
        if (format === 'json') {
          const kept = await shelf.get(id, 'report.json');
          return { path: await deps.save(name, kept ?? canonicalJson(report)) };
        }
        if (format === 'html') {
          const html = documentHtml(reportLayout(report, own, language));
          return { path: await deps.save(name, html) };
        }
        const pdf =
          (await shelf.get(id, `${language}.pdf`)) ??
          (await print(own, report, language, stopping.signal));
        return { path: await deps.save(name, pdf) };
      } catch (error) {
        throw refusal(error);
      }
    },
    success: () =>
      working(async (signal, onProgress) => {
        const at = deps.clock();
        const period = { from: 0, to: Math.max(at, deps.ops().ts) + 1 };
        const wanted: Wanted = { kind: 'period', period, fromSeq: 1, toSeq: null };
        const { report } = await deps.collect(wanted, signal, onProgress);
        return { success: report.success, range: report.range, at };
      }),
    look() {
      if (!deps.acts()) return;
      const now = deps.clock();
      for (const one of deps.ops().reports.made) {
        if (one.by !== 'schedule' || now - one.at > PRINT_WITHIN_MS || printed.has(one.id))
          continue;
        printed.add(one.id);
        void shelf
          .get(one.id, 'about.json')
          .then((kept) => (kept ? undefined : printFor(one)))
          // It was on its way at a bad moment: the next look tries it again.
          .catch(() => void printed.delete(one.id));
      }
    },
    stop() {
      work?.abort();
      stopping.abort();
    },
  };
}

function refusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { message } = error as Error;
  if (error instanceof CollectError || error instanceof PrintError) {
    return new Refusal({ code: error.code, message });
  }
  return new Refusal({ code: 'not_made', message });
}

/** What was kept here with the hash that is on record is a report of this program's. */
function readReport(bytes: Uint8Array): Report | null {
  const parsed = z.custom<Report>(isReport).safeParse(readJson(bytes));
  return parsed.success ? parsed.data : null;
}

function isReport(value: unknown): boolean {
  return z.object({ format: z.literal(1), kind: z.string() }).safeParse(value).success;
}

function readJson(bytes: Uint8Array | null): unknown {
  try {
    return bytes ? JSON.parse(Buffer.from(bytes).toString('utf8')) : null;
  } catch {
    return null;
  }
}
