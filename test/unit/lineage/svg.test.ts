import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../src/shared/lineage/layout';
import { toJson, toSvg } from '../../../src/shared/lineage/svg';
import { nodeOf } from '../../support/lineage';

const drawn = (label: string) =>
  layoutOf({
    nodes: [
      { ...nodeOf('a', 'data'), label, note: label },
      {
        ...nodeOf('b', 'model'),
        mismatches: [{ kind: 'engine_hash', about: label, expected: '', found: '' }],
      },
    ],
    edges: [{ from: 'a', to: 'b', by: null }],
  });
const texts = (title: string) => ({
  ...{ title, mismatch: 'mismatch', gone: 'gone' },
});
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '</text><script>alert(1)</script>',
    '"><image href="https://example.com/x"/>',
    ']]>&lt;script&gt;',
    '\u202egnp.exe',
    '\u0000\ud800\uffff',
  ),
);
const ALLOWED = /^(svg|title|rect|path|text)$/;

describe('pictures of hostile labels', () => {
  it('hold no element, attribute or entity but our own', () => {
    fc.assert(
      fc.property(hostile, (label) => {
        const svg = toSvg(drawn(label), texts(label));
        for (const [, name] of svg.matchAll(/<\/?([^\s>/]*)/g)) expect(name).toMatch(ALLOWED);
        expect(svg).not.toMatch(/&(?!(amp|lt|gt|quot);)/);
        expect(svg.match(/<rect/g)).toHaveLength(3);
        expect(svg.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\ufffe\uffff]/u);
        expect(svg.isWellFormed()).toBe(true);
      }),
    );
  });

  it('the data comes back as it was', () => {
    fc.assert(
      fc.property(hostile, (label) => {
        const { nodes, edges } = JSON.parse(toJson(drawn(label)));
        expect(nodes[0]).toMatchObject({ label, x: 0, y: 0 });
        expect(edges).toHaveLength(1);
      }),
    );
  });

  it('a mismatch is red, and has a mark for whoever sees no red', () => {
    const svg = toSvg(drawn('x'), texts('x'));
    expect(svg.match(/stroke="#e5484d"/g)).toHaveLength(1);
    // One at the node, one in the legend.
    expect(svg.match(/>▲</g)).toHaveLength(2);
  });

  it('every edge rests on the log: one line each, none dashed', () => {
    const layout = layoutOf({
      nodes: [nodeOf('m', 'model'), nodeOf('day', 'trades'), nodeOf('one', 'trade')],
      edges: [
        { from: 'm', to: 'day', by: null },
        { from: 'day', to: 'one', by: null },
      ],
    });
    const svg = toSvg(layout, texts('x'));
    expect(svg.match(/<path/g)).toHaveLength(2);
    expect(svg).not.toContain('dasharray');
    expect(svg).toContain('>mismatch</text>');
    expect(JSON.parse(toJson(layout)).edges).toEqual(layout.index.graph.edges);
  });

  it('a model whose artifact is gone says so', () => {
    const gone = { ...nodeOf('m', 'model'), facts: [['gone', '5'] as const] };
    expect(toSvg(layoutOf({ nodes: [gone], edges: [] }), texts('x'))).toContain('>gone</text>');
  });
});
