import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TextDocument, visible } from '../../../src/shared/documents/document';
import { documentFoot, documentHtml, escapeHtml } from '../../../src/shared/documents/html';
import { documentMarkdown, escapeMarkdown } from '../../../src/shared/documents/markdown';

const document = (text: string): TextDocument => ({
  language: 'es',
  title: text,
  subtitle: text,
  footer: text,
  blocks: [
    { kind: 'heading', text },
    { kind: 'paragraph', text },
    { kind: 'list', items: [text, text] },
    { kind: 'facts', rows: [[text, text]] },
    { kind: 'table', columns: [text, 'b'], rows: [[text, '']] },
  ],
});

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</style><script>1</script>',
  '</title><iframe src="file:///etc/passwd">',
  "'\" onload='x",
  '&lt;b&gt;',
  '\\"; } @import url(http://evil.example/x); {',
];
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE));
/** The tags of a page, without what stands between them. */
const tags = (html: string): string[] => html.match(/<[^>]*>/g) ?? [];

describe('HTML', () => {
  it('has the same tags whatever the text says', () => {
    const plain = tags(documentHtml(document('plain')));
    const foot = tags(documentFoot(document('plain')));
    fc.assert(
      fc.property(text, (hostile) => {
        expect(tags(documentHtml(document(hostile)))).toEqual(plain);
        expect(tags(documentFoot(document(hostile)))).toEqual(foot);
      }),
    );
  });

  it('can be read back as what it was given', () => {
    expect(escapeHtml('<b> & "c" \'d\'')).toBe('&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;');
  });

  it('runs nothing and fetches nothing', () => {
    const html = documentHtml(document('</style>@import url(http://x);'));
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|<img|<link|<iframe| src=| href=/);
    const style = html.slice(html.indexOf('<style>') + 7, html.indexOf('</style>'));
    expect(style).not.toContain('@import');
  });
});

/** What a line of Markdown could make of a text that is not escaped. */
const MARKUP = [
  ['a heading', '# h'],
  ['a list', '- a'],
  ['a numbered list', '1. a'],
  ['a rule', '---'],
  ['emphasis', '*a* _b_ ~~c~~'],
  ['code', '`rm -rf`'],
  ['a link', '[a](javascript:alert(1))'],
  ['a picture', '![a](http://evil.example/p.png)'],
  ['a bare link', 'http://evil.example www.evil.example'],
  ['HTML', '<script>alert(1)</script>'],
  ['an entity', '&lt;b&gt;'],
  ['another cell', 'a | b'],
  ['another line', 'a\n\n# h\n| x | y |'],
  ['an escape', 'a\\'],
  ['mathematics', '$a$'],
] as const;

describe('Markdown', () => {
  it.each(MARKUP)('%s is text', (_, hostile) => {
    const escaped = escapeMarkdown(hostile);
    expect(escaped).not.toContain('\n');
    expect(escaped).not.toMatch(/(?<!\\)(?:\\\\)*[`*_<>#|&[\]!$~]/);
    expect(escaped).not.toMatch(/^([-+=]|\d+[.)])/);
    expect(escaped).not.toMatch(/(?<!\\):\/\/|www\./);
    // Nothing but backslashes was put in.
    const plain = escaped.replace(/\\([\p{P}\p{S}])/gu, '$1');
    expect(plain).toBe(hostile.replace(/\s+/g, ' '));
  });

  it('has the same lines and cells whatever the text says', () => {
    const shape = (markdown: string): string[] =>
      markdown
        .split('\n')
        .map((line) => line.replace(/\\./g, '').replace(/[^|]/g, ''))
        .filter((line) => line !== '');
    const plain = shape(documentMarkdown(document('plain')));
    fc.assert(
      fc.property(text, (hostile) => {
        expect(shape(documentMarkdown(document(hostile)))).toEqual(plain);
      }),
    );
  });
});

describe('characters that are not seen', () => {
  it.each([
    ['\u202e', '⟨U+202E⟩'],
    ['\u0000', '⟨U+0000⟩'],
    ['\u001b[31m', '⟨U+001B⟩[31m'],
    ['\ufeff', '⟨U+FEFF⟩'],
    ['a\r\nb\tc', 'a\nb\tc'],
    ['\ud800', '\ufffd'],
    ['ñandú 👍', 'ñandú 👍'],
  ])('%j is shown', (hostile, shown) => {
    expect(visible(hostile)).toBe(shown);
  });
});
