import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EventRow, rowFault } from '../../../src/node/eventRow';
import { sha256 } from '../../../src/node/sha256';
import { seal } from '../../../src/shared/log/chain';
import { EMPTY_LOG, type LogPosition } from '../../../src/shared/log/event';
import { deskChain, HOSTILE } from '../../support/record';

const { privateKey } = generateKeyPairSync('ed25519');

/** Rows as they are stored, with the place before each; texts of all kinds stand in every column. */
const rows: readonly { readonly row: EventRow; readonly before: LogPosition }[] = (() => {
  let before: LogPosition = EMPTY_LOG;
  const texts = [...HOSTILE, 'plain', 'a\\"b', '"'];
  return deskChain(texts.length * 3, privateKey).map(({ event }, index) => {
    const text = texts[index % texts.length] as string;
    const { seq: _seq, prevHash: _prev, hash: _hash, ...draft } = event;
    const odd = {
      ...draft,
      id: index % 3 === 0 ? text : draft.id,
      commandId: index % 2 === 0 ? text : draft.commandId,
      actor: { ...draft.actor, id: index % 3 === 1 ? text : draft.actor.id },
    };
    const { event: own, body } = seal(odd, before, sha256);
    const row = {
      ...{ seq: own.seq, id: own.id, ts: own.ts, type: own.type, actor: own.actor.id },
      ...{ command_id: own.commandId, hash: own.hash, prev_hash: own.prevHash, body },
    };
    const placed = { row, before };
    before = own;
    return placed;
  });
})();

describe('a stored row', () => {
  it('holds as it was sealed, whatever its texts are', () => {
    for (const { row, before } of rows) expect(rowFault(row, before, sha256)).toBeNull();
  });

  it('does not hold when a column says anything but what was sealed', () => {
    const columns = [
      'seq',
      'id',
      'ts',
      'type',
      'actor',
      'command_id',
      'hash',
      'prev_hash',
    ] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...rows),
        fc.constantFrom(...columns),
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom(...HOSTILE, 'null', '', null),
          fc.integer(),
          // As the sealed text has it: escaped, cut short, or with what stands beside it.
          fc.constant((text: string) => JSON.stringify(text).slice(1, -1)),
          fc.constant((text: string) => text.slice(0, -1)),
          fc.constant((text: string) => `${text}","role":"gateway`),
          fc.constant((text: string) => `${text}","prevHash":"`),
        ),
        ({ row, before }, column, made) => {
          const value = typeof made === 'function' ? made(String(row[column])) : made;
          fc.pre(value !== row[column]);
          expect(rowFault({ ...row, [column]: value } as EventRow, before, sha256)).not.toBeNull();
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
