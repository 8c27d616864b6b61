/** Full-jitter delay before reconnection number `attempt` (1, 2, …): anywhere up to a growing cap. */
export function fullJitter(
  attempt: number,
  minMs: number,
  maxMs: number,
  random: () => number,
): number {
  const cap = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30));
  return Math.max(minMs, Math.round(random() * cap));
}
