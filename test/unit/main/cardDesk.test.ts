import { describe, expect, it } from 'vitest';
import { cardFileName, createCardDesk } from '../../../src/main/documents/cardDesk';
import { PrintError } from '../../../src/main/documents/printer';
import { readCard } from '../../../src/shared/models/card';
import { modelsPolicy } from '../../support/desk';
import { card, foldFacts } from '../../support/models';

const HASH = 'd'.repeat(64);

function desk(print: () => Promise<Uint8Array> = async () => new Uint8Array()) {
  const read = readCard(card('m1'));
  if (!read.ok) throw new Error(read.error.message);
  const ops = foldFacts([
    { type: 'model.registered', data: { ...read.value, source: 'operator' } },
  ]);
  const saved: { name: string; content: string | Uint8Array }[] = [];
  let open = true;
  const cards = createCardDesk({
    desk: {
      ops: () => ops,
      position: () => (open ? { head: { seq: ops.seq, hash: HASH }, epoch: null } : null),
    },
    policy: () => modelsPolicy,
    clock: () => 1_000,
    language: () => 'es',
    printer: { print },
    save: async (name, content) => {
      saved.push({ name, content });
      return `/documents/${name}`;
    },
  });
  const lose = (): void => {
    open = false;
  };
  return { cards, saved, lose };
}

describe('the card desk', () => {
  it('takes a card of the log’s head and saves it under a name that says which', async () => {
    const { cards, saved } = desk();
    expect(cards.document('m1')).toMatchObject({ model_id: 'm1', log_seq: 1, log_hash: HASH });
    const { path, seq } = await cards.export('m1', 'md');
    expect(seq).toBe(1);
    expect(path).toMatch(/^\/documents\/ficha-m1-[0-9a-f]{8}-1\.md$/);
    await cards.export('m1', 'yaml');
    expect(saved.map(({ content }) => String(content).includes(HASH))).toEqual([true, true]);
  });

  it('refuses a model it does not know, and any while there is no log', () => {
    const { cards, lose } = desk();
    expect(() => cards.document('toString')).toThrow('knows no such model');
    lose();
    expect(() => cards.document('m1')).toThrow('no log yet');
  });

  it('says that printing failed and saves nothing', async () => {
    const { cards, saved } = desk(async () => {
      throw new PrintError('timed_out', 'late');
    });
    await expect(cards.export('m1', 'pdf')).rejects.toMatchObject({
      failure: { code: 'timed_out', message: 'late' },
    });
    expect(saved).toEqual([]);
  });

  it.each(['../../etc/passwd', 'a/b\\c:d', 'CON', 'ñ\u202e', 'x'.repeat(128)])(
    'an id such as %s names no other place',
    (id) => {
      const taken = { ...desk().cards.document('m1'), model_id: id };
      const name = cardFileName(taken, 'pdf');
      expect(name).toMatch(/^ficha-[A-Za-z0-9._-]{1,110}\.pdf$/);
    },
  );
});
