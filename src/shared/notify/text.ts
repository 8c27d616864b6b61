/** Characters that steer a terminal, a mail header or the direction of writing; none belongs in a message. */
function steers(point: number): boolean {
  return (
    (point < 0x20 && point !== 0x0a) ||
    (point >= 0x7f && point <= 0x9f) ||
    point === 0x2028 ||
    point === 0x2029 ||
    (point >= 0x200e && point <= 0x200f) ||
    (point >= 0x202a && point <= 0x202e) ||
    (point >= 0x2066 && point <= 0x2069)
  );
}

/** Makes text from outside plain: no control characters, no lone surrogates, at most `max` UTF-16 units. */
export function plain(text: string, max: number): string {
  const clean = Array.from(text.slice(0, max * 2).toWellFormed(), (c) =>
    steers(c.codePointAt(0) ?? 0) ? ' ' : c,
  );
  return cutTo(clean, (c) => c, max);
}

/** {@link plain} on one line. */
export function line(text: string, max: number): string {
  const lines = text.split('\n').map((one) => one.trim());
  return plain(lines.filter((one) => one !== '').join(' '), max);
}

/**
 * Escapes plain text character by character and cuts it so that the escaped text fits, never within
 * an escape.
 */
export function escapeTo(text: string, mask: (c: string) => string, max: number): string {
  return cutTo(Array.from(plain(text, max)), mask, max);
}

function cutTo(points: readonly string[], mask: (c: string) => string, max: number): string {
  let out = '';
  let safe = '';
  for (const point of points) {
    const next = mask(point);
    if (out.length + next.length > max) return `${safe}…`;
    out += next;
    if (out.length < max) safe = out;
  }
  return out;
}

export function escapeHtml(c: string): string {
  switch (c) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '"':
      return '&quot;';
    case "'":
      return '&#39;';
    default:
      return c;
  }
}

/** Slack asks for these three and no more. */
export function escapeSlack(c: string): string {
  return c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : c;
}
