/**
 * Puts values in the place of `{{field}}`. A field without a value stays visible as it is, and what
 * is put in is never looked at again: a value that holds `{{…}}` is text.
 */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (whole, field: string) =>
    Object.hasOwn(values, field) ? (values[field] as string) : whole,
  );
}

/** Text from outside as one line of Markdown that shows it and does nothing. */
export function markdownText(text: string): string {
  return (
    text
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/[\\`*_{}[\]<>()#+!|~&]/g, (sign) => `\\${sign}`)
      .replace(/^[-=]/, (sign) => `\\${sign}`)
      // A digit cannot be escaped: of a list's number it is the point.
      .replace(/^(\d+)\./, '$1\\.')
  );
}
