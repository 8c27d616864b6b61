import { badCrons, type DueRun, dueRuns, isNoteDue, nextLook } from '../../node/reports/due';
import type { Language } from '../../shared/documents/document';
import type { Policies } from '../../shared/policy/inForce';
import {
  type DeliveryOutcome,
  type ReportMail,
  recipientsOf,
  reportMail,
} from '../../shared/reports/delivery';
import { reportTitle } from '../../shared/reports/layout';
import type { Report } from '../../shared/reports/report';
import type { Clock } from '../../shared/time';
import { detailOf, phrase } from '../../shared/words/phrase';
import type { GatewayLog } from '../log';
import type { DayBook } from './dayBook';
import type { ReportFiles } from './files';
import type { Printing } from './printings';

/** Hands a mail to whatever sends e-mail. Answers; never throws. Aborted, it tries no more. */
export type DeliverReport = (mail: ReportMail, signal: AbortSignal) => Promise<DeliveryOutcome>;

export interface ReportKeeper {
  /** A printing of a report is there. @returns whether its mail waited for it */
  printed(printing: Printing): 'taken' | 'late';
  stop(): void;
}

export interface ReportKeeperOptions {
  readonly log: GatewayLog;
  readonly files: ReportFiles;
  readonly policies: () => Policies;
  readonly days: DayBook;
  readonly deliver: DeliverReport;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** A run that failed is tried again after this. */
const RETRY_MS = 600_000;
/** A timer is set no further ahead: a machine may sleep, and a clock may be set. */
const LOOK_EVERY_MS = 60_000;
/** What was made longer ago and never sent is not news any more. */
const DELIVER_WITHIN_MS = 86_400_000;

/**
 * Makes the reports of the schedule, keeps them and sends them. A terminal prints them; one that is
 * not printed in time is sent as a page of HTML.
 */
export function keepReports(options: ReportKeeperOptions): ReportKeeper {
  const { log, policies, clock, files } = options;
  const stopping = new AbortController();
  const waiting = new Map<string, { readonly printed: Set<Language>; readonly done: () => void }>();
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let notedAt = clock();
  let failedAt = Number.NEGATIVE_INFINITY;
  let since: number | null = null;

  async function look(): Promise<void> {
    if (running || stopping.signal.aborted) return;
    running = true;
    clearTimeout(timer);
    try {
      since ??= (await log.read(1, 1))[0]?.ts ?? null;
      const { reports, calendar } = policies();
      const bad = badCrons(reports);
      if (bad.length > 0) throw new Error(bad.join('; '));
      const now = clock();
      if (isNoteDue(reports.noteDayAt, notedAt, now)) noteDays(now);
      if (since !== null && now - failedAt >= RETRY_MS) {
        const due = dueRuns(reports, log.state().reports, calendar, since, now);
        for (const run of due) await make(run);
      }
    } catch (error) {
      failed(error);
    } finally {
      running = false;
      again();
    }
  }

  function failed(error: unknown): void {
    if (stopping.signal.aborted) return;
    failedAt = clock();
    const cause = (error as Error).message.slice(0, 1_500);
    const said = phrase('no report was made: {cause}', { cause });
    const about = { severity: 'P3', kind: 'report_failed', model: null, engine: null } as const;
    const data = { alert: 'reports', ...about, ...detailOf([said]), source: 'policy' } as const;
    log.append({ type: 'alert.raised', data });
  }

  function again(): void {
    if (stopping.signal.aborted) return;
    const now = clock();
    let next: number | null = null;
    try {
      next = nextLook(policies().reports, now);
    } catch {
      // Said as an alert already; the policy may be changed.
    }
    const wait = next === null ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, next - now);
    timer = setTimeout(() => void look(), Math.max(1, wait));
  }

  function noteDays(now: number): void {
    notedAt = now;
    const facts = options.days.now().map((data) => ({ type: 'day.noted', data }) as const);
    if (facts.length > 0) log.append(...facts);
  }

  async function make({ schedule, dueAt, from, fromSeq }: DueRun): Promise<void> {
    noteDays(clock());
    const { seq: toSeq } = log.savedHead();
    // After everything that stands in it, whatever the clock says by now.
    const to = Math.max(clock(), log.state().ts) + 1;
    const { kind, name } = schedule;
    const { reports, incidents } = policies();
    // Who reads it in another language than the schedule's gets a printing as well.
    const languages = [
      ...new Set([...schedule.languages, ...recipientsOf(reports, incidents).keys()]),
    ];
    const period = { from: Math.min(from, to - 1), to };
    const made = await files.collect({ kind, period, fromSeq, toSeq }, stopping.signal);
    const id = options.newId();
    await files.keep(id, made, languages);
    const { range } = made.report;
    const titles = { es: reportTitle(made.report, 'es'), en: reportTitle(made.report, 'en') };
    log.append(
      {
        type: 'report.made',
        reason: name,
        data: {
          ...{ report: id, kind, period: made.report.period, ...range },
          ...{ sha256: made.sha256, languages },
          ...{ by: 'schedule', schedule: name, dueAt },
        },
      },
      { type: 'report.ready', data: { report: id, title: titles.es, titles } },
    );
    void send(id, made.report, made.sha256, languages);
  }

  /** Waits for its printing, then sends it, and says on the record what came of it. */
  async function send(
    id: string,
    report: Report,
    hash: string,
    languages: readonly Language[],
  ): Promise<void> {
    const { reports, incidents } = policies();
    const byLanguage = recipientsOf(reports, incidents);
    if (byLanguage.size === 0) return settled(id, 'no_recipients', 0, false, '');
    await printed(id, languages, reports.pdfWithinMs);
    if (stopping.signal.aborted) return;
    let sent = 0;
    let withPdf = true;
    const troubles: { readonly outcome: 'no_channel' | 'failed'; readonly detail: string }[] = [];
    for (const [language, recipients] of byLanguage) {
      const pdf = await files.read(id, `${language}.pdf`);
      const mail = reportMail(report, { id, sha256: hash }, language, pdf, recipients);
      const { outcome, detail } = await options.deliver(mail, stopping.signal);
      if (outcome === 'sent') sent += recipients.length;
      else troubles.push({ outcome, detail });
      if (outcome === 'sent' && !pdf) withPdf = false;
    }
    const [trouble] = troubles;
    settled(id, trouble?.outcome ?? 'sent', sent, sent > 0 && withPdf, trouble?.detail ?? '');
  }

  function settled(
    report: string,
    outcome: 'sent' | 'no_channel' | 'no_recipients' | 'failed',
    recipients: number,
    pdf: boolean,
    detail: string,
  ): void {
    if (stopping.signal.aborted) return;
    const data = { report, outcome, recipients, pdf, detail: detail.slice(0, 512) };
    log.append({ type: 'report.delivered', data });
  }

  /** Resolves once every language is printed, or the time for it is over. */
  function printed(id: string, languages: readonly Language[], withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const got = new Set<Language>();
      const end = (): void => {
        clearTimeout(late);
        waiting.delete(id);
        stopping.signal.removeEventListener('abort', end);
        resolve();
      };
      const late = setTimeout(end, withinMs);
      stopping.signal.addEventListener('abort', end, { once: true });
      const done = (): void => {
        if (languages.every((one) => got.has(one))) end();
      };
      waiting.set(id, { printed: got, done });
      // Given before this gateway began to wait, to it or to another.
      for (const language of languages) void take(language).catch(() => undefined);
      async function take(language: Language): Promise<void> {
        if (await files.read(id, `${language}.pdf`)) got.add(language);
        done();
      }
    });
  }

  /** Reports that a gateway made and did not come to send. */
  async function takeUp(): Promise<void> {
    const now = clock();
    const left = log
      .state()
      .reports.made.filter(
        ({ by, delivered, at }) =>
          by === 'schedule' && delivered === null && now - at < DELIVER_WITHIN_MS,
      );
    for (const one of left) {
      try {
        const made = await files.remake(one, stopping.signal);
        await files.keep(one.id, made, one.languages);
        void send(one.id, made.report, one.sha256, one.languages);
      } catch (error) {
        settled(one.id, 'failed', 0, false, (error as Error).message);
      }
    }
  }

  const leave = log.onRecorded(({ type, data }) => {
    if (!/^policy\.(loaded|changed)$/.test(type)) return;
    if (data.name === 'reports') failedAt = Number.NEGATIVE_INFINITY;
    if (data.name === 'reports' || data.name === 'calendar') void look();
  });
  void takeUp().then(look);

  return {
    printed({ report, language }) {
      const one = waiting.get(report);
      one?.printed.add(language);
      one?.done();
      return one ? 'taken' : 'late';
    },
    stop() {
      leave();
      clearTimeout(timer);
      stopping.abort();
    },
  };
}
