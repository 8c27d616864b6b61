import { assertNever } from '../assert';
import { type Block, type TextDocument, visible } from './document';

/** The policy of a document's page: its own style, and nothing else is run, shown or fetched. */
export const DOCUMENT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as text in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (c) => ENTITIES[c] as string);
}

/** Text in a quoted CSS string. Whatever is not plain is a code point, so no tag can end the style. */
function cssString(text: string): string {
  const safe = visible(text).replace(/[^A-Za-z0-9 .,:·-]/gu, (c) => {
    return `\\${(c.codePointAt(0) ?? 0).toString(16)} `;
  });
  return `"${safe}"`;
}

/** Printed on paper: black on white, letter size as Colombia has it. */
const style = (footer: string): string => `
@page { size: Letter; margin: 18mm 16mm 20mm;
  @bottom-left { content: ${cssString(footer)}; font: 7pt ui-monospace, monospace; color: #444; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; color: #444; } }
* { box-sizing: border-box; }
body { margin: 0; font: 10pt/1.4 Inter, system-ui, "Liberation Sans", sans-serif; color: #111; font-variant-numeric: tabular-nums; }
h1 { font-size: 18pt; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 12pt; margin: 14pt 0 4pt; border-bottom: 0.5pt solid #888; break-after: avoid; }
p { margin: 4pt 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.sub, footer { color: #444; }
footer { margin-top: 16pt; font: 7.5pt ui-monospace, monospace; }
ul { margin: 4pt 0; padding-left: 14pt; }
li { white-space: pre-wrap; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: 8.5pt; }
th, td { text-align: left; vertical-align: top; padding: 2pt 6pt 2pt 0; border-bottom: 0.25pt solid #bbb; white-space: pre-wrap; overflow-wrap: anywhere; }
thead th { font-weight: 600; border-bottom: 0.5pt solid #888; }
tr { break-inside: avoid; }
table.facts th { width: 28%; font-weight: 400; color: #444; }
`;

const said = (text: string): string => `<bdi>${escapeHtml(text)}</bdi>`;
const cells = (tag: 'th' | 'td', row: readonly string[], attributes = ''): string =>
  row.map((text) => `<${tag}${attributes}>${said(text)}</${tag}>`).join('');

/** A document as one page of HTML that needs nothing but itself. All of its text is escaped. */
export function documentHtml(document: TextDocument): string {
  const { language, title, subtitle, footer, blocks } = document;
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${DOCUMENT_POLICY}">`,
    `<title>${escapeHtml(`${title} · ${footer}`)}</title><style>${style(footer)}</style></head>`,
    `<body><header><h1>${said(title)}</h1><p class="sub">${said(subtitle)}</p></header><main>`,
    ...blocks.map(blockHtml),
    `</main><footer>${said(footer)}</footer></body></html>`,
  ].join('\n');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${said(block.text)}</h2>`;
    case 'paragraph':
      return `<p>${said(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${said(item)}</li>`).join('')}</ul>`;
    case 'facts': {
      const rows = block.rows.map(
        ([name, text]) => `<tr>${cells('th', [name], ' scope="row"')}${cells('td', [text])}</tr>`,
      );
      return `<table class="facts"><tbody>${rows.join('')}</tbody></table>`;
    }
    case 'table': {
      const head = cells('th', block.columns, ' scope="col"');
      const rows = block.rows.map((row) => `<tr>${cells('td', row)}</tr>`);
      return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
    }
    default:
      return assertNever(block);
  }
}
