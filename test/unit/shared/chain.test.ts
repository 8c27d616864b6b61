import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, NotCanonicalError } from '../../../src/shared/log/canonical';
import { seal, verifyNext } from '../../../src/shared/log/chain';
import { checkpointText, parseCheckpointText } from '../../../src/shared/log/checkpoint';
import type { EventDraft, LogEvent, LogPosition } from '../../../src/shared/log/event';
import { EMPTY_LOG } from '../../../src/shared/log/event';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const json = fc.jsonValue({ noUnicodeString: false }).filter((value) => {
  return JSON.stringify(value).isWellFormed() && !JSON.stringify(value).includes('\\ud');
});

const draft: fc.Arbitrary<EventDraft> = fc.record({
  id: fc.uuid(),
  ts: fc.nat(),
  type: fc.constantFrom('kill.requested', 'gateway.started', 'anything.else'),
  actor: fc.constant({ id: 'ana', role: 'trader', terminal: null }),
  commandId: fc.option(fc.uuid(), { nil: null }),
  reason: fc.option(fc.string(), { nil: null }),
  data: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
});

function sealAll(drafts: readonly EventDraft[]): LogEvent[] {
  let position: LogPosition = EMPTY_LOG;
  return drafts.map((one) => {
    const { event } = seal(one, position, sha256);
    position = event;
    return event;
  });
}

/** The first fault met when the events are read one after the other, and where. */
function firstFault(events: readonly LogEvent[]) {
  let position: LogPosition = EMPTY_LOG;
  for (const event of events) {
    const result = verifyNext(event, position, sha256);
    if (!result.ok) return result.fault;
    position = event;
  }
  return null;
}

describe('canonical JSON (RFC 8785)', () => {
  it('gives the vectors of the RFC', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const order = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, ö: 7 };
    expect(Object.values(JSON.parse(canonicalJson(order)) as object)).toHaveLength(7);
    expect(canonicalJson({ '\ufb33': 1, '\u{1f600}': 2 })).toBe('{"\u{1f600}":2,"\ufb33":1}');
  });

  it('is the same for equal values, whatever the order of their members', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it('refuses what has no JSON form', () => {
    for (const value of [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '\ud800',
      undefined,
      1n,
      new Date(0),
    ]) {
      expect(() => canonicalJson({ value })).toThrow(NotCanonicalError);
    }
  });
});

describe('hash chain', () => {
  it('verifies what was sealed', () => {
    fc.assert(
      fc.property(fc.array(draft, { maxLength: 20 }), (drafts) => {
        expect(firstFault(sealAll(drafts))).toBeNull();
      }),
    );
  });

  it('names the first event that was altered, dropped or swapped', () => {
    const cases = fc.tuple(fc.array(draft, { minLength: 3, maxLength: 12 }), fc.nat(), fc.nat(2));
    fc.assert(
      fc.property(cases, ([drafts, at, how]) => {
        const events = sealAll(drafts);
        const index = at % (events.length - 1);
        const target = events[index] as LogEvent;
        const next = events[index + 1] as LogEvent;
        if (how === 0) events[index] = { ...target, ts: target.ts + 1 };
        else if (how === 1) events.splice(index, 1);
        else events.splice(index, 2, next, target);
        const fault = firstFault(events);
        expect(fault?.kind).toBe(how === 0 ? 'altered' : 'gap');
        expect(fault?.seq).toBe(how === 0 ? index + 1 : index + 2);
      }),
    );
  });

  it('does not take a recomputed hash for the original history', () => {
    const events = sealAll(fc.sample(draft, { numRuns: 4, seed: 1 }));
    const { hash: _hash, ...original } = events[1] as LogEvent;
    events[1] = seal({ ...original, reason: 'forged' }, events[0] as LogEvent, sha256).event;
    expect(firstFault(events)).toMatchObject({ seq: 3, kind: 'fork' });
  });
});

describe('checkpoint text', () => {
  it('reads back what it wrote, as base64 of the hash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(), (bytes, seq) => {
        const hash = Buffer.from(bytes).toString('hex');
        const text = checkpointText('vigia/desk', { seq, hash });
        expect(text.split('\n')[2]).toBe(Buffer.from(bytes).toString('base64'));
        expect(parseCheckpointText(text)).toEqual({ origin: 'vigia/desk', seq, hash });
      }),
    );
  });

  it('refuses other texts', () => {
    for (const text of ['', 'a\nb\nc\n', 'a\n1\n', 'a\n01\nAAAA\n']) {
      expect(parseCheckpointText(text)).toBeNull();
    }
  });
});
