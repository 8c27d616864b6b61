/** Cuts text that came from outside to what a line can hold, and makes its control characters seen. */
export function clip(text: string, max: number): string {
  const cut = text.length > max * 2 ? text.slice(0, max * 2) : text;
  const points = Array.from(cut);
  const short = points.length > max || cut !== text ? `${points.slice(0, max - 1).join('')}…` : cut;
  return Array.from(short, (c) => (c < ' ' || c === '\u007f' ? ' ' : c)).join('');
}

/** What stands for a figure that is not there. */
export const NO_FIGURE = '—';

let locale = 'es-CO';

/** Figures are written as the language of the windows writes them. */
export function formatFor(language: 'es' | 'en'): void {
  locale = language === 'en' ? 'en-US' : 'es-CO';
}

function isFigure(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function amount(value: number | null | undefined, digits = 2): string {
  if (!isFigure(value)) return NO_FIGURE;
  const text = Math.abs(value).toLocaleString(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return value < 0 ? `−${text}` : text;
}

/** `1,24 M`, `812,0 k`: three or four digits, for reading across the room. */
export function compact(value: number | null | undefined): string {
  if (!isFigure(value)) return NO_FIGURE;
  const size = Math.abs(value);
  if (size >= 1e9) return `${amount(value / 1e9, 2)} ${locale === 'en-US' ? 'B' : 'mM'}`;
  if (size >= 1e6) return `${amount(value / 1e6, 2)} M`;
  if (size >= 1e4) return `${amount(value / 1e3, 1)} k`;
  return amount(value, 0);
}

export function signed(value: number | null | undefined, digits = 2): string {
  if (!isFigure(value)) return NO_FIGURE;
  return value > 0 ? `+${amount(value, digits)}` : amount(value, digits);
}

export function percent(ratio: number | null | undefined, digits = 1): string {
  return isFigure(ratio) ? `${amount(ratio * 100, digits)} %` : NO_FIGURE;
}

/** `7 s`, `3:12`, `2 h 05`, `4 d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')}`;
  return `${Math.floor(hours / 24)} d`;
}

/** `Control+Shift+K` as it stands on the keyboard. */
export function keyName(accelerator: string): string {
  return accelerator.replace(/CommandOrControl|Control/g, 'Ctrl');
}
