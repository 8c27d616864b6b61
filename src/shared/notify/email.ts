import type { Rendered } from './message';
import { escapeHtml, escapeTo, line, plain } from './text';
import { READ_ON } from './texts';

export interface MailBody {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The same message sent twice has the same id, so that a reader's mail program may drop one. */
  readonly messageId: string;
}

const MAX = 4_000;

/** A mail in plain text and HTML. All that is not ours is escaped; no image, no script, no style sheet. */
export function mailBody(message: Rendered): MailBody {
  const { title, lead, fields, time, runbook, key, language } = message;
  const html = (text: string) => escapeTo(text, escapeHtml, MAX).replaceAll('\n', '<br>');
  const rows = fields.map(
    ({ label, value }) =>
      `<tr><th align="left" valign="top">${html(label)}</th><td>${html(value)}</td></tr>`,
  );
  const readOn = READ_ON[language];
  return {
    subject: line(title, 200),
    text: [
      line(title, 200),
      '',
      lead,
      '',
      ...fields.map(({ label, value }) => `${line(label, 100)}: ${plain(value, MAX)}`),
      '',
      ...(runbook === null ? [] : [`${readOn}: ${runbook}`]),
      `${time} · ${line(key, 255)}`,
      '',
    ].join('\n'),
    html: [
      `<!doctype html><html lang="${language}"><head><meta charset="utf-8">`,
      `<title>${html(title)}</title></head><body>`,
      `<h1>${html(title)}</h1><p>${html(lead)}</p><table cellpadding="4">${rows.join('')}</table>`,
      runbook === null ? '' : `<p><a href="${html(runbook)}">${html(readOn)}</a></p>`,
      `<p><small>${html(`${time} · ${key}`)}</small></p></body></html>`,
    ].join(''),
    messageId: messageIdOf(`${key}.${language}`),
  };
}

/** The same key gives the same `Message-ID`; RFC 2606 keeps `.invalid` from being anybody's. */
export const messageIdOf = (key: string): string =>
  `<${key.replace(/[^A-Za-z0-9.-]/g, '.')}@vigia.invalid>`;
