import type { EventSource } from '../audit/source';

/** Clocks are set back by less than this many events' worth; that many are looked at one by one. */
const UNEVEN = 1_000;

/**
 * The sequences of a period: from its first event to its last, whatever the clock did between them,
 * so that what is exported is one whole piece of the chain.
 *
 * @param from UTC ms, included; null is the beginning.
 * @param to UTC ms, not included; null is the end.
 */
export function rangeOf(
  source: EventSource,
  from: number | null,
  to: number | null,
): { readonly fromSeq: number; readonly toSeq: number } {
  const first = source.start().seq + 1;
  const last = source.head().seq;
  return {
    fromSeq: from === null ? first : firstFrom(source, first, last, from),
    toSeq: to === null ? last : lastBefore(source, first, last, to),
  };
}

/** The first place whose time is not before `ts`, if times only grew. */
function place(source: EventSource, first: number, last: number, ts: number): number {
  let low = first;
  let high = last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [row] = source.rows(middle, 1);
    if (row && row.ts < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstFrom(source: EventSource, first: number, last: number, from: number): number {
  const at = place(source, first, last, from);
  const before = source.rows(Math.max(first, at - UNEVEN), at - Math.max(first, at - UNEVEN));
  return before.find((row) => row.ts >= from)?.seq ?? at;
}

function lastBefore(source: EventSource, first: number, last: number, to: number): number {
  const at = place(source, first, last, to) - 1;
  const after = source.rows(at + 1, UNEVEN);
  return after.findLast((row) => row.ts < to)?.seq ?? at;
}
