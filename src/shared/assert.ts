/**
 * Ends a `switch` over a discriminated union, so that a new member of the union fails to compile
 * until every switch has an answer for it.
 *
 * @throws always, since reaching it means a value outside its type got past an edge.
 */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
