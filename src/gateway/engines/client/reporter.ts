import type { TelemetryItem } from '../../../shared/telemetry/types';

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** A telemetry item before it is numbered and timed. */
export type Item = DistributiveOmit<TelemetryItem, 'seq' | 'ts'>;

export interface Reporter {
  /** Number of the last item of this session. */
  readonly seq: number;
  /** @param at Unix ms of what is reported; now where it is left out. */
  report(item: Item, at?: number): void;
  /** A new connection counts from 1. */
  beginSession(): void;
}

/** Numbers telemetry as `vigia.engine.v1` asks. */
export function createReporter(
  telemetry: (item: TelemetryItem) => void,
  now: () => number,
): Reporter {
  let seq = 0;
  return {
    get seq() {
      return seq;
    },
    report(item, at = now()) {
      seq += 1;
      telemetry({ ...item, seq, ts: at } as TelemetryItem);
    },
    beginSession() {
      seq = 0;
    },
  };
}
