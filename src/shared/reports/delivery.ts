import type { Language } from '../documents/document';
import { documentHtml } from '../documents/html';
import { documentMarkdown } from '../documents/markdown';
import type { IncidentsPolicy } from '../policy/incidents';
import type { ReportsPolicy } from '../policy/reports';
import { tradingDay } from '../time';
import { type ReportName, reportLayout } from './layout';
import type { Report } from './report';

export interface Attachment {
  readonly name: string;
  readonly type: string;
  readonly content: string | Uint8Array;
}

/** A report on its way by e-mail. */
export interface ReportMail {
  /** The same mail again has the same: whatever sends it may use it to send it once. */
  readonly key: string;
  readonly subject: string;
  readonly html: string;
  /** The same for those who read plain text. */
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly recipients: readonly string[];
}

export interface DeliveryOutcome {
  readonly outcome: 'sent' | 'no_channel' | 'failed';
  readonly detail: string;
}

/** Addresses by language, each once. A role without an address is nobody's. */
export function recipientsOf(
  { recipients }: Pick<ReportsPolicy, 'recipients'>,
  { contacts }: Pick<IncidentsPolicy, 'contacts'>,
): ReadonlyMap<Language, readonly string[]> {
  const byLanguage = new Map<Language, string[]>();
  for (const { role, email, language } of recipients) {
    const ofRole = contacts.filter((one) => role !== null && one.role === role);
    const own = byLanguage.get(language) ?? [];
    for (const address of [...ofRole.map((one) => one.email), email]) {
      if (address && !own.includes(address)) own.push(address);
    }
    if (own.length > 0) byLanguage.set(language, own);
  }
  return byLanguage;
}

/** The mail of a report in one language: with its PDF, or as a page of HTML where nobody printed it. */
export function reportMail(
  report: Report,
  name: ReportName,
  language: Language,
  pdf: Uint8Array | null,
  recipients: readonly string[],
): ReportMail {
  const layout = reportLayout(report, name, language);
  const whole = documentHtml(layout);
  // Mail programs draw no SVG; the charts are in what is attached.
  const plain = { ...layout, blocks: layout.blocks.filter(({ kind }) => kind !== 'figure') };
  const file = reportFileName(report, name, language);
  const attachment: Attachment = pdf
    ? { name: `${file}.pdf`, type: 'application/pdf', content: pdf }
    : { name: `${file}.html`, type: 'text/html', content: whole };
  return {
    key: `report:${name.id}:${language}`,
    subject: `Vigía: ${layout.title}`,
    html: documentHtml(plain),
    text: documentMarkdown(plain),
    attachments: [attachment],
    recipients,
  };
}

/** The name of a report's file, without its ending: made of letters that every file system takes. */
export function reportFileName(
  { kind, period }: Pick<Report, 'kind' | 'period'>,
  { id, sha256 }: ReportName,
  language: Language,
): string {
  const day = tradingDay(period.to - 1);
  return `informe-${kind}-${day}-${id.slice(-8)}-${sha256.slice(0, 8)}-${language}`;
}
