import type { Rendered } from './message';
import { escapeSlack, escapeTo, line } from './text';
import { READ_ON } from './texts';

/**
 * Body of an incoming webhook in Block Kit, within its limits: header ≤ 150 characters, section
 * text ≤ 3000, ≤ 10 fields of ≤ 2000, ≤ 10 context elements, always a `text` for notifications.
 * `& < >` are escaped and `verbatim` keeps Slack from making links and mentions of what is text.
 *
 * Source: docs.slack.dev, "Block Kit reference" and "Formatting message text".
 */
export function slackBody(message: Rendered) {
  const { title, lead, fields, time, runbook, key, language } = message;
  const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });
  const escaped = (text: string, max: number) => escapeTo(text, escapeSlack, max);
  const context = [mrkdwn(escaped(`${time} · ${key}`, 2_000))];
  if (runbook !== null) context.unshift(mrkdwn(`<${link(runbook)}|${READ_ON[language]}>`));
  const groups = chunks(fields, 10).slice(0, 40);
  return {
    // The fallback is mrkdwn as well.
    text: escaped(`${title}: ${lead} (${time})`, 3_000),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: line(title, 150), emoji: false } },
      { type: 'section', text: mrkdwn(escaped(lead, 3_000)) },
      ...groups.map((group) => ({
        type: 'section',
        fields: group.map(({ label, value }) =>
          mrkdwn(`*${escaped(label, 100)}*\n${escaped(value, 1_890)}`),
        ),
      })),
      { type: 'context', elements: context },
    ],
  };
}

/** A link's own syntax ends at `|` and `>`. */
function link(url: string): string {
  const inert = url.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E');
  return inert.replaceAll('&', '&amp;');
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const out: Item[][] = [];
  for (let from = 0; from < items.length; from += size) out.push(items.slice(from, from + size));
  return out;
}
