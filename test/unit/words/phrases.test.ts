import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertEventData } from '../../../src/shared/alerts/events';
import { engineMessages } from '../../../src/shared/protocol/engine';
import { parseFrame } from '../../../src/shared/protocol/frame';
import { detailOf, phrase, say, sayAll, sayEither, word } from '../../../src/shared/words/phrase';
import { saidFromOutside, saidSchema } from '../../../src/shared/words/schema';
import { SPANISH } from '../../../src/shared/words/spanish';
import { WORDS } from '../../../src/shared/words/words';
import { ROOT } from '../../support/root';

const SRC = join(ROOT, 'src');
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(SRC, name), 'utf8') }));

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

/** What is between a call's first and last bracket, wherever it is called. */
function* calls(
  call: string,
  under: string,
): Generator<{ readonly where: string; readonly inner: string }> {
  for (const { name, text } of sources.filter((one) => one.name.startsWith(under))) {
    for (let from = text.indexOf(call); from >= 0; from = text.indexOf(call, from + 1)) {
      const start = from + call.length;
      let depth = 1;
      let end = start;
      for (; depth > 0 && end < text.length; end += 1) {
        if ('([{'.includes(text[end] ?? '')) depth += 1;
        if (')]}'.includes(text[end] ?? '')) depth -= 1;
      }
      const inner = text
        .slice(start, end - 1)
        .replace(/\s+/g, ' ')
        .trim();
      yield { where: `${name}: ${inner.slice(0, 120)}`, inner };
    }
  }
}

describe('the sentences', () => {
  it.each(Object.entries(SPANISH))('%s', (english, spanish) => {
    expect(spanish.trim()).not.toBe('');
    expect(names(spanish)).toEqual(names(english));
  });

  it('are all raised somewhere', () => {
    const rest = sources.filter(({ name }) => name !== join('shared', 'words', 'spanish.ts'));
    const all = rest.map(({ text }) => text).join('\n');
    const left = Object.keys(SPANISH).filter(
      (one) => !all.includes(`'${one}'`) && !all.includes(`"${one}"`),
    );
    expect(left).toEqual([]);
  });
});

describe('whatever is raised', () => {
  const known = (text: string) => expect(Object.keys(SPANISH)).toContain(text);

  it('a refusal of the gateway is one of the sentences, or says whose words it has', () => {
    let seen = 0;
    for (const { where, inner } of calls('new Refusal(', 'gateway')) {
      const [, sentence] = /^'?\w+'?, '([^']*)'/.exec(inner) ?? [];
      if (sentence !== undefined) known(sentence);
      else expect(inner, where).toMatch(/^'\w+', (\{ text: |fault)/);
      seen += 1;
    }
    expect(seen).toBeGreaterThan(50);
  });

  it('a refusal of the terminal in words of ours is one of the sentences', () => {
    let seen = 0;
    for (const { inner } of calls('new Refusal(', 'main')) {
      const [, sentence] = /message: '([^']*)'/.exec(inner) ?? [];
      if (sentence === undefined) continue;
      known(sentence);
      seen += 1;
    }
    expect(seen).toBeGreaterThan(8);
  });

  it('no alert’s detail is put together of words by itself', () => {
    const raw = sources
      .filter(({ text }) => text.includes('alert.raised') || text.includes("item: 'alert'"))
      .filter(({ text }) => /\bdetail(:| =)\s*(`|'[^'])/.test(text))
      .map(({ name }) => name);
    // How a drill ended is a field of its own.
    expect(raw).toEqual([join('gateway', 'incidents', 'drills.ts')]);
  });

  it.each(
    sources.flatMap(({ text }) =>
      [...text.matchAll(/word\(`(\w+)\.\$/g)].map(([, kind]) => kind ?? ''),
    ),
  )('names of %s are there', (kind) => {
    expect(Object.keys(WORDS).some((name) => name.startsWith(`${kind}.`))).toBe(true);
  });

  it('every kind of alert that is raised has a name', () => {
    const kinds = sources
      .filter(({ name }) => name.startsWith('gateway') || name.startsWith('shared/monitor'))
      .flatMap(({ text }) => [
        ...text.matchAll(/severity: '?\w+'?, kind: '(\w+)'/g),
        ...text.matchAll(/alert: '(\w+)'/g),
      ])
      .map(([, kind]) => kind ?? '');
    expect(kinds.length).toBeGreaterThan(5);
    for (const kind of new Set(kinds)) {
      if (kind !== 'reports') expect(Object.keys(WORDS)).toContain(`alert.${kind}`);
    }
  });
});

describe('a phrase', () => {
  const due = phrase('the post-mortem of incident {number} was due at {due}', {
    ...{ number: '7', due: { at: Date.UTC(2026, 1, 2, 14) } },
  });

  it('is said in each language, with times in COT', () => {
    expect(say(due, 'es')).toBe('el post-mortem del incidente 7 vencía el 2026-02-02 09:00:00 COT');
    expect(say(due, 'en')).toBe('the post-mortem of incident 7 was due at 2026-02-02 09:00:00 COT');
  });

  it('writes figures as its reader does, and names in his words', () => {
    const one = phrase('{trigger} {value} (limit {limit})', {
      ...{ trigger: word('trigger.errorRate'), value: { share: 0.12345 }, limit: { share: 0.05 } },
    });
    expect(say(one, 'es')).toBe('Errores de inferencia 12,35 % (límite 5 %)');
    expect(say(one, 'en')).toBe('Inference errors 12.35 % (limit 5 %)');
    expect(sayAll([one, due], 'en')).toContain('; the post-mortem');
  });

  it('that this version does not know is said as it was written, and so is a text of earlier ones', () => {
    expect(say({ code: 'a {what} of tomorrow', values: { what: 'thing' } }, 'es')).toBe(
      'a thing of tomorrow',
    );
    expect(sayEither(null, 'psi 0,3', 'es')).toBe('psi 0,3');
    expect(sayEither(undefined, 'it is connected again', 'es')).toBe('está conectado de nuevo');
    expect(say(phrase('{gate} cannot be waived', { gate: word('gate.new') }), 'es')).toBe(
      'no se puede dispensar: new',
    );
  });

  it('puts nothing of a value to use: braces and prototypes are text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (code, value) => {
        const one = { code, values: { x: value } };
        expect(say(one, 'en')).toBe(code.replaceAll('{x}', () => value));
      }),
    );
    expect(say({ code: '{toString}' }, 'es')).toBe('{toString}');
  });

  it('goes on the record and comes back the same', () => {
    const raised = {
      ...{ alert: 'a', severity: 'P2', kind: 'postmortem_overdue', model: null, engine: null },
      ...detailOf([due]),
    };
    const parsed = alertEventData['alert.raised'].parse(JSON.parse(JSON.stringify(raised)));
    expect(parsed.said).toEqual([due]);
    expect(parsed.detail).toBe(say(due, 'en'));
    expect(saidSchema.safeParse([{ code: '' }]).success).toBe(false);
  });

  it('has an end to phrases within phrases: what comes from outside is refused before the stack is', () => {
    const nested = (depth: number): object =>
      depth === 0 ? { code: 'x' } : { code: '{a}', values: { a: { all: [nested(depth - 1)] } } };
    expect(saidFromOutside.safeParse([nested(3)]).success).toBe(true);
    expect(saidFromOutside.safeParse([nested(4)]).success).toBe(false);
    expect(saidSchema.safeParse([nested(6)]).success).toBe(true);
    expect(saidSchema.safeParse([nested(7)]).success).toBe(false);
    const [open, close] = ['{"code":"{a}","values":{"a":{"all":[', ']}}}'];
    const deep = `${open.repeat(5_000)}{"code":"x"}${close.repeat(5_000)}`;
    const frame = `{"type":"alert","kind":"k","severity":"P0","detail":"d","said":[${deep}]}`;
    expect(parseFrame(frame, engineMessages)).toMatchObject({ error: { code: 'bad_shape' } });
  });

  it('cuts a value that is too long, where it is said and not where it is stored', () => {
    const said = phrase('no incident of that id is kept');
    const long = phrase('{name} ({bridge}): {cause}', {
      ...{ name: 'n'.repeat(3_000), bridge: 'b', cause: '' },
    });
    expect(saidSchema.safeParse([said, long]).success).toBe(true);
  });
});
