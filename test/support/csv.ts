/** What a spreadsheet runs, wherever a cell begins with it. */
export const FORMULA = /^[\s\0]*[=+\-@＝＋－＠]/u;

/**
 * A table as a spreadsheet of some locale takes it up: `"` quotes a cell only where the cell begins
 * with it, and what comes after its end is of the same cell.
 */
export function csvAs(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      at += 1;
      for (; at < text.length; at += 1) {
        if (text[at] !== '"') cell += text[at];
        else if (text[at + 1] === '"') {
          cell += '"';
          at += 1;
        } else break;
      }
      at += 1;
    }
    while (at < text.length && text[at] !== separator && text[at] !== '\r' && text[at] !== '\n') {
      cell += text[at];
      at += 1;
    }
    row.push(cell);
    if (text[at] === separator) at += 1;
    else {
      at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
