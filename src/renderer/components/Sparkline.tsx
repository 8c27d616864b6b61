const WIDTH = 96;
const HEIGHT = 20;

/**
 * Where a figure has been going, beside it; its numbers are in the chart. A gap is drawn as a gap.
 *
 * @param values oldest first; null where there was none
 */
export function Sparkline({ values }: { readonly values: readonly (number | null)[] }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const step = WIDTH / (values.length - 1);
  let pen = 'M';
  const path = values.map((value, at) => {
    if (value === null) {
      pen = 'M';
      return '';
    }
    const point = `${pen}${(at * step).toFixed(1)},${(HEIGHT - 1 - ((value - low) / span) * (HEIGHT - 2)).toFixed(1)}`;
    pen = 'L';
    return point;
  });
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden="true" className="self-center">
      <path d={path.join('')} fill="none" stroke="var(--muted)" strokeWidth={1} />
    </svg>
  );
}
