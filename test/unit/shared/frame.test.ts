import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineMessages, engineOrders } from '../../../src/shared/protocol/engine';
import { parseFrame } from '../../../src/shared/protocol/frame';
import {
  controlReplies,
  controlRequests,
  telemetryReplies,
  telemetryRequests,
} from '../../../src/shared/protocol/terminal';
import { ERROR_CODES, MAX_FRAME_BYTES } from '../../../src/shared/protocol/wire';

const PEERS = [
  engineMessages,
  engineOrders,
  controlReplies,
  controlRequests,
  telemetryReplies,
  telemetryRequests,
];
const types = PEERS.flatMap((peer) => Object.keys(peer));

/** A frame that has a right type and anything else. */
const almost = fc
  .tuple(
    fc.constantFrom(...types, '__proto__', 'constructor'),
    // Small ones, and very many of them.
    fc.dictionary(fc.string(), fc.json(), { size: 'small' }),
  )
  .map(([type, rest]) => JSON.stringify({ ...rest, type }));

describe('reading a frame', () => {
  it('never throws, and names what is wrong by a code of the protocol in a short printable line', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json({ maxDepth: 3 }), almost, fc.string({ unit: 'binary' })),
        fc.constantFrom(...PEERS),
        (text, peer) => {
          const read = parseFrame(text, peer);
          if (read.ok) return;
          expect(ERROR_CODES).toContain(read.error.code);
          expect(read.error.message).toMatch(/^[\x20-\x7e…]{1,400}$/);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('gives back what was sent, whatever the text in it', () => {
    fc.assert(
      fc.property(
        fc.record({
          id: fc.string({ minLength: 1, maxLength: 128 }),
          name: fc.string({ minLength: 1, maxLength: 128 }),
          version: fc.string({ maxLength: 64 }),
        }),
        fc.integer(),
        (terminal, time) => {
          const hello = { type: 'hello', terminal, time };
          const read = parseFrame(JSON.stringify(hello), controlRequests);
          expect(read).toEqual({ ok: true, value: hello });
        },
      ),
    );
  });

  it('refuses one over the limit without reading it', () => {
    const text = `{"type":"ping","time":${'1'.repeat(MAX_FRAME_BYTES)}}`;
    expect(parseFrame(text, controlRequests)).toMatchObject({
      ok: false,
      error: { code: 'too_large' },
    });
  });
});
