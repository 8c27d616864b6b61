import { assertNever } from '../assert';
import { drawChart, type Shape } from './chart';
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

/** Printed on paper: black on white, letter size as Colombia has it. */
const STYLE = `
@page { size: Letter; margin: 18mm 16mm 20mm; }
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
th, td { min-width: 18mm; text-align: left; vertical-align: top; padding: 2pt 6pt 2pt 0; border-bottom: 0.25pt solid #bbb; white-space: pre-wrap; overflow-wrap: anywhere; }
thead th { font-weight: 600; border-bottom: 0.5pt solid #888; }
tr { break-inside: avoid; }
figure { margin: 6pt 0; break-inside: avoid; }
figcaption { color: #444; font-size: 8.5pt; }
svg { display: block; width: 100%; height: auto; font: 9px ui-monospace, monospace; }
svg .grid { stroke: #ccc; stroke-width: 0.5; }
svg .ink { fill: #1a4f9c; stroke: none; }
svg path.ink { fill: none; stroke: #1a4f9c; stroke-width: 1.25; }
svg .bad { fill: #b3261e; }
svg .quiet { fill: #9aa3ab; }
svg text { fill: #333; }
table.facts th { width: 28%; font-weight: 400; color: #444; }
`;

const said = (text: string): string => `<bdi>${escapeHtml(text)}</bdi>`;
const cells = (tag: 'th' | 'td', row: readonly string[], attributes = ''): string =>
  row.map((text) => `<${tag}${attributes}>${said(text)}</${tag}>`).join('');

/** The foot of each printed page, as Chromium's printing takes it: the document's own, and the page. */
export function documentFoot({ footer }: TextDocument): string {
  return [
    '<div style="width: 100%; margin: 0 16mm; display: flex; justify-content: space-between;',
    ' font: 7pt monospace; color: #444;">',
    `${said(footer)}<span><span class="pageNumber"></span> / <span class="totalPages"></span></span></div>`,
  ].join('');
}

/** A document as one page of HTML that needs nothing but itself. All of its text is escaped. */
export function documentHtml(document: TextDocument): string {
  const { language, title, subtitle, footer, blocks } = document;
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${DOCUMENT_POLICY}">`,
    `<title>${escapeHtml(`${title} · ${footer}`)}</title><style>${STYLE}</style></head>`,
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
    case 'figure':
      return figureHtml(block);
    default:
      return assertNever(block);
  }
}

/** A chart as SVG: numbers that were worked out here, and escaped words. */
function figureHtml({ title, text, chart }: Extract<Block, { kind: 'figure' }>): string {
  const { width, height, shapes } = drawChart(chart);
  return [
    `<figure><figcaption>${said(title)}</figcaption>`,
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(text)}">`,
    ...shapes.map(shapeHtml),
    `</svg><figcaption>${said(text)}</figcaption></figure>`,
  ].join('');
}

function shapeHtml(shape: Shape): string {
  switch (shape.shape) {
    case 'line': {
      const { x1, y1, x2, y2, tone } = shape;
      return `<line class="${tone}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
    }
    case 'rect': {
      const { x, y, width, height, tone } = shape;
      return `<rect class="${tone}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
    }
    case 'path':
      return `<path class="${shape.tone}" d="${shape.d}"/>`;
    case 'text': {
      const { x, y, anchor, text } = shape;
      return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
    }
    default:
      return assertNever(shape);
  }
}
