import type { Mode } from '../telemetry/types';

/** From free to stopped. `reducing` closes only; `paused` finishes what is open; `killed` is latched. */
const STRICTNESS: Readonly<Record<Mode, number>> = { normal: 0, reducing: 1, paused: 2, killed: 3 };

/** The stricter of two modes: what an engine is in under the desk's mode and its own. */
export function strictest(a: Mode, b: Mode): Mode {
  return STRICTNESS[a] >= STRICTNESS[b] ? a : b;
}
