import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextDocument } from '../../../src/shared/documents/document';
import { readMarkdown } from '../../../src/shared/documents/fromMarkdown';
import { documentHtml } from '../../../src/shared/documents/html';
import { markdownText } from '../../../src/shared/incidents/fill';

function page(markdown: string): string {
  const { title, blocks } = readMarkdown(markdown);
  const document: TextDocument = {
    ...{ language: 'es', title: title ?? '', subtitle: '', footer: '', blocks },
  };
  return documentHtml(document);
}

describe('Markdown as blocks', () => {
  it('keeps headings, paragraphs, lists and tables', () => {
    const { title, blocks } = readMarkdown(
      [
        '# Post-mortem: caída (#3)',
        '**Fecha:** 2026-02-02\n**Severidad:** P0',
        '## Cronología',
        '- 09:00 - alerta\n- 09:01 - pausa\n  - por política',
        '1. uno\n2. dos',
        '| Acción | Estado |\n|---|---|\n| `revisar` |',
        '---',
        '```\ndocker logs\n```',
      ].join('\n\n'),
    );
    expect(title).toBe('Post-mortem: caída (#3)');
    expect(blocks).toEqual([
      { kind: 'paragraph', text: 'Fecha: 2026-02-02\nSeveridad: P0' },
      { kind: 'heading', text: 'Cronología' },
      { kind: 'list', items: ['09:00 - alerta', '09:01 - pausa', '    por política'] },
      { kind: 'list', items: ['1. uno', '2. dos'] },
      { kind: 'table', columns: ['Acción', 'Estado'], rows: [['revisar', '']] },
      { kind: 'paragraph', text: 'docker logs' },
    ]);
  });

  it('makes text of HTML, links and images', () => {
    const hostile = [
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      'un <b onclick=x>clic</b>',
      '[aquí](javascript:alert(1)) ![foto](file:///etc/passwd) <https://evil.example>',
    ].join('\n\n');
    const { blocks } = readMarkdown(hostile);
    expect(blocks.every(({ kind }) => kind === 'paragraph')).toBe(true);
    expect(blocks.at(-1)).toEqual({
      kind: 'paragraph',
      text: 'aquí (javascript:alert(1)) foto https://evil.example',
    });
    const html = page(hostile);
    expect(html).toContain('&lt;script&gt;');
    expect(html.match(/<(script|img|a|b)\b/g)).toBeNull();
  });

  it('prints nothing but its own tags, whatever was written', () => {
    const own =
      /^<\/?(!doctype|html|head|meta|title|style|body|header|h1|h2|p|bdi|main|footer|ul|li|table|thead|tbody|tr|th|td)\b/;
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '<iframe>',
        '| a |\n|---|\n|',
        '](javascript:',
        '```',
        '# ',
        '- ',
        '&lt;',
        '<!--',
      ),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const tags = page(parts.join('')).match(/<[^>]*>/g) ?? [];
        expect(tags.filter((tag) => !own.test(tag))).toEqual([]);
      }),
    );
  });

  it('reads text that was escaped for Markdown as what it was', () => {
    for (const said of ['1. uno', '0.', '- uno', '= uno', '1) uno']) {
      expect(readMarkdown(markdownText(said)).blocks).toEqual([{ kind: 'paragraph', text: said }]);
    }
    const words = fc.string({ unit: 'grapheme-ascii', minLength: 1 });
    fc.assert(
      fc.property(words, (said) => {
        const [block] = readMarkdown(`x ${markdownText(said)} x`).blocks;
        const line = said.replace(/\s+/g, ' ').trim();
        const expected = line === '' ? 'x  x' : `x ${line} x`;
        expect(block).toEqual({ kind: 'paragraph', text: expected });
      }),
    );
  });
});
