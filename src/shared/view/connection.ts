/**
 * Who said where this terminal is connected: its command line, the desk's settings file, the operator;
 * `paper`: nobody, so it runs a desk of its own; `none`: that cannot be read, so it runs none.
 */
export type ConnectionSource = 'config' | 'desk' | 'own' | 'paper' | 'none';

/** What this terminal is connected to, and what it will be. */
export interface ConnectionView {
  readonly source: ConnectionSource;
  readonly gateways: readonly string[];
  /** What could not be read of what says it; what was last read well holds. */
  readonly problem: string | null;
  /** What holds from the next start on; null where that is the same. */
  readonly next: Pick<ConnectionView, 'source' | 'gateways'> | null;
}
