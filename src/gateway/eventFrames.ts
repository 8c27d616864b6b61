import { MAX_EVENTS_PER_FRAME, MAX_FRAME_BYTES } from '../shared/protocol/wire';
import type { GatewayLog } from './log';

const HEAD = '{"type":"events","events":[';
const TAIL = ']}';

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
    const texts: string[] = [];
    // Some events are large: a frame that is refused would be asked for again for ever.
    let bytes = HEAD.length + TAIL.length;
    for (const event of events) {
      const text = JSON.stringify(event);
      bytes += Buffer.byteLength(text) + 1;
      if (texts.length > 0 && bytes > MAX_FRAME_BYTES) break;
      texts.push(text);
    }
    return { text: `${HEAD}${texts.join()}${TAIL}`, count: texts.length };
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
