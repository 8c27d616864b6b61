import type { Nodes, PhrasingContent, RootContent, Table } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table';
import { gfmTable } from 'micromark-extension-gfm-table';
import type { Block } from './document';

/**
 * Reads Markdown (CommonMark and GitHub's tables) into a document's blocks. What a block cannot hold
 * becomes text: HTML as it was written, a link as its words and its address, an image as its
 * description. Nothing of it is markup any more, so that each rendering escapes all of it.
 *
 * @returns the first heading of the first level as the title, if the text begins with one.
 */
export function readMarkdown(markdown: string): {
  readonly title: string | null;
  readonly blocks: readonly Block[];
} {
  const { children } = fromMarkdown(markdown, {
    extensions: [gfmTable()],
    mdastExtensions: [gfmTableFromMarkdown()],
  });
  const [first] = children;
  const titled = first?.type === 'heading' && first.depth === 1;
  return {
    title: titled ? textOf(first) : null,
    blocks: children.slice(titled ? 1 : 0).flatMap(blocksOf),
  };
}

function blocksOf(node: RootContent): readonly Block[] {
  switch (node.type) {
    case 'heading':
      return [{ kind: 'heading', text: textOf(node) }];
    case 'list':
      return [{ kind: 'list', items: itemsOf(node, '') }];
    case 'table':
      return [tableOf(node)];
    case 'blockquote':
      return node.children.flatMap(blocksOf);
    case 'thematicBreak':
    case 'definition':
      return [];
    default: {
      const text = textOf(node);
      return text.trim() === '' ? [] : [{ kind: 'paragraph', text }];
    }
  }
}

/** A list within a list stays below its item, set in. */
function itemsOf(list: Extract<RootContent, { type: 'list' }>, indent: string): string[] {
  return list.children.flatMap(({ children }, place) => {
    const mark = list.ordered ? `${(list.start ?? 1) + place}. ` : '';
    const own = children.filter(({ type }) => type !== 'list').map(textOf);
    const within = children.flatMap((child) =>
      child.type === 'list' ? itemsOf(child, `${indent}    `) : [],
    );
    return [`${indent}${mark}${own.join('\n')}`, ...within];
  });
}

function tableOf({ children: [head, ...rows] }: Table): Block {
  const columns = head?.children.map(textOf) ?? [];
  const cells = rows.map((row) => columns.map((_, at) => textOf(row.children[at])));
  return { kind: 'table', columns, rows: cells };
}

/** All that a node says, as plain text. */
function textOf(node: Nodes | PhrasingContent | undefined): string {
  if (node === undefined) return '';
  switch (node.type) {
    case 'break':
      return '\n';
    case 'image':
    case 'imageReference':
      return node.alt ?? '';
    case 'link': {
      const words = node.children.map(textOf).join('');
      return words === node.url ? words : `${words} (${node.url})`;
    }
    default:
      if ('value' in node) return node.value;
      return 'children' in node ? node.children.map((child) => textOf(child)).join('') : '';
  }
}
