import { MAX_EVENTS_PER_FRAME } from '../shared/protocol/wire';
import type { GatewayLog } from './log';

export interface EventFrame {
  /** An `events` frame as it goes out. */
  readonly text: string;
  readonly count: number;
}

/** Frames of the log for terminals, made once for all that stand at the same place. */
export interface EventFrames {
  /** The next frame from a sequence on; null when nothing durable is there yet. */
  from(seq: number): Promise<EventFrame | null>;
}

/**
 * Reads and serialises the log once a place. Hundreds of terminals that follow live all stand at the
 * same one; only the newest place is remembered, since those that catch up are few.
 */
export function createEventFrames(log: Pick<GatewayLog, 'read' | 'savedHead'>): EventFrames {
  let place = '';
  let frame: Promise<EventFrame | null> = Promise.resolve(null);

  async function make(seq: number): Promise<EventFrame | null> {
    const events = await log.read(seq, MAX_EVENTS_PER_FRAME);
    if (events.length === 0) return null;
    return { text: JSON.stringify({ type: 'events', events }), count: events.length };
  }

  return {
    from(seq) {
      const head = log.savedHead().seq;
      if (seq > head) return Promise.resolve(null);
      // What lies between does not change: the same place up to the same head is the same frame.
      const asked = `${seq}:${head}`;
      if (asked !== place) {
        place = asked;
        frame = make(seq);
      }
      return frame;
    },
  };
}
