import { assertNever } from '@shared/assert';
import { drawChart, type Shape, type Tone } from '@shared/documents/chart';
import { type Block, type TextDocument, visible } from '@shared/documents/document';
import { Fragment } from 'react';
import { Hostile } from './ui';

const LINE_MAX = 4_000;

/** A document in a window: the same blocks that go to paper. */
export function DocumentView({ document }: { document: TextDocument }) {
  return (
    <article className="select-text text-[12px]" lang={document.language}>
      <p className="text-muted">
        <Said text={document.subtitle} />
      </p>
      <DocumentBlocks blocks={document.blocks} />
      <p className="figure mt-3 border-t border-line pt-1 break-all text-muted">
        <Said text={document.footer} />
      </p>
    </article>
  );
}

/** The blocks alone, for a text that is being written. */
export function DocumentBlocks({ blocks }: { blocks: readonly Block[] }) {
  return placed(blocks).map(({ place, item }) => <BlockView key={place} block={item} />);
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case 'heading':
      return (
        <h3 className="mt-3 border-b border-line text-[13px] font-semibold">
          <Said text={block.text} />
        </h3>
      );
    case 'paragraph':
      return (
        <p className="whitespace-pre-wrap py-1">
          <Said text={block.text} />
        </p>
      );
    case 'list':
      return (
        <ul className="list-disc py-1 pl-4">
          {placed(block.items).map(({ place, item }) => (
            <li key={place} className="whitespace-pre-wrap">
              <Said text={item} />
            </li>
          ))}
        </ul>
      );
    case 'facts':
      return (
        <dl className="grid grid-cols-[200px_1fr] gap-x-3">
          {block.rows.map(([name, text]) => (
            <div key={name} className="contents">
              <dt className="text-muted">
                <Said text={name} />
              </dt>
              <dd className="figure min-w-0 break-all">
                <Said text={text} />
              </dd>
            </div>
          ))}
        </dl>
      );
    case 'table':
      return <Table columns={block.columns} rows={block.rows} />;
    case 'figure':
      return <Figure {...block} />;
    default:
      return assertNever(block);
  }
}

function Figure({ title, text, chart }: Extract<Block, { kind: 'figure' }>) {
  const { width, height, shapes } = drawChart(chart);
  return (
    <figure className="py-2">
      <figcaption className="text-muted">
        <Said text={title} />
      </figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={visible(text)}>
        {placed(shapes).map(({ place, item }) => (
          <ShapeView key={place} shape={item} />
        ))}
      </svg>
      <figcaption className="text-muted">
        <Said text={text} />
      </figcaption>
    </figure>
  );
}

const PAINT: Readonly<Record<Tone, string>> = {
  grid: 'var(--line)',
  ink: 'var(--blue)',
  bad: 'var(--red)',
  quiet: 'var(--muted)',
};

function ShapeView({ shape }: { shape: Shape }) {
  switch (shape.shape) {
    case 'line': {
      const { x1, y1, x2, y2, tone } = shape;
      return <line x1={x1} y1={y1} x2={x2} y2={y2} stroke={PAINT[tone]} />;
    }
    case 'rect': {
      const { x, y, width, height, tone } = shape;
      return <rect x={x} y={y} width={width} height={height} fill={PAINT[tone]} />;
    }
    case 'path':
      return <path d={shape.d} fill="none" stroke={PAINT[shape.tone]} />;
    case 'text':
      return (
        <text x={shape.x} y={shape.y} textAnchor={shape.anchor} fontSize={9} fill="var(--muted)">
          {visible(shape.text)}
        </text>
      );
    default:
      return assertNever(shape);
  }
}

function Table({ columns, rows }: Omit<Extract<Block, { kind: 'table' }>, 'kind'>) {
  return (
    <table className="w-full">
      <thead>
        <tr className="text-left text-muted">
          {columns.map((column) => (
            <th key={column} scope="col" className="pr-2 font-normal">
              <Said text={column} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {placed(rows).map(({ place, item: row }) => (
          <tr key={place} className="border-t border-line align-top">
            {placed(row).map(({ place: column, item: cell }) => (
              <td key={column} className="figure pr-2">
                <Said text={cell} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A document does not change: its parts are known by their places in it. */
const placed = <Item,>(items: readonly Item[]) => items.map((item, place) => ({ place, item }));

/** Text line by line, as on paper. */
const Said = ({ text }: { text: string }) =>
  placed(visible(text).split('\n')).map(({ place, item }) => (
    <Fragment key={place}>
      {place > 0 && <br />}
      <Hostile text={item} max={LINE_MAX} />
    </Fragment>
  ));
