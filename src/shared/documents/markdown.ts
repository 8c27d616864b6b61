import { assertNever } from '../assert';
import { type Block, type TextDocument, visible } from './document';

/**
 * Text as text in Markdown (CommonMark and GitHub's tables): on one line, with everything that could
 * begin markup, HTML, an entity or a link escaped by a backslash (CommonMark 0.31, §2.4).
 */
export function escapeMarkdown(text: string): string {
  return (
    visible(text)
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/[\\`*_{}[\]<>#|~&$!()^@]/g, '\\$&')
      // What GitHub makes a link of without any markup.
      .replace(/:\/\//g, '\\://')
      .replace(/\bwww\./gi, (found) => `${found.slice(0, 3)}\\.`)
      // What at a line's beginning makes a list, a rule or a heading of it.
      .replace(/^([-+=])/, '\\$1')
      .replace(/^(\d+)([.)])/, '$1\\$2')
  );
}

/** A document as Markdown. All of its text is escaped; an empty cell stays a cell. */
export function documentMarkdown(document: TextDocument): string {
  const { title, subtitle, footer, blocks } = document;
  const parts = [
    `# ${escapeMarkdown(title)}`,
    escapeMarkdown(subtitle),
    ...blocks.map(blockMarkdown),
    '---',
    escapeMarkdown(footer),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `## ${escapeMarkdown(block.text)}`;
    case 'paragraph':
      return block.text
        .split(/\n{2,}/)
        .map(escapeMarkdown)
        .join('\n\n');
    case 'list':
      return block.items.map((item) => `- ${escapeMarkdown(item)}`).join('\n');
    case 'facts':
      return tableMarkdown(['', ''], block.rows);
    case 'table':
      return tableMarkdown(block.columns, block.rows);
    case 'figure':
      return `*${escapeMarkdown(block.title)}*: ${escapeMarkdown(block.text)}`;
    default:
      return assertNever(block);
  }
}

function tableMarkdown(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => escapeMarkdown(cell)).join(' | ')} |`;
  return [line(columns), `|${columns.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n');
}
