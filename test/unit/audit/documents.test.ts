import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { run } from '../../../src/cli/vigia';
import { openSource } from '../../../src/node/audit/source';
import { periodDocuments } from '../../../src/node/export/documents';
import { exportFolder } from '../../../src/node/export/exportLog';
import { documentMarkdown } from '../../../src/shared/documents/markdown';
import { readCard } from '../../../src/shared/models/card';
import { cardDocument } from '../../../src/shared/models/cardDocument';
import { cardLayout } from '../../../src/shared/models/cardLayout';
import { foldOps } from '../../../src/shared/ops/fold';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { modelsPolicy } from '../../support/desk';
import { card } from '../../support/models';
import { BEGAN, type Told, toldChain, writeRecord } from '../../support/record';

const registered = (model: string): Told => {
  const read = readCard(card('m1'));
  if (!read.ok) throw new Error(read.error.message);
  return {
    type: 'model.registered',
    data: { ...read.value, model, source: 'operator' },
    by: 'pablo',
  };
};
const stage = (model: string, from: string, to: string): Told => ({
  type: 'model.stage_changed',
  data: { model, from, to, cause: 'promotion', request: null, retirement: null },
});
const opened = (incident: string, number: number): Told => ({
  type: 'incident.opened',
  data: {
    ...{ incident, number, severity: 'P1', title: 'Caída', cause: 'manual', subjects: [] },
    ...{ alerts: [], correlations: [], events: [], detectedFrom: null, responseDueAt: null },
    ...{ escalation: [], playbook: null, books: [], tradesPerHour: null },
  },
});
const closed = (incident: string): Told => ({ type: 'incident.closed', data: { incident } });
const saved = (incident: string, markdown: string, language = 'es'): Told => ({
  type: 'postmortem.saved',
  data: { incident, language, markdown },
  by: 'eva',
});
const published = (incident: string): Told => ({
  type: 'postmortem.published',
  data: { incident },
  by: 'luis',
});
const noise = (text: string): Told => ({
  type: 'terminal.reported',
  data: { kind: 'x', detail: text },
});

/** Sequence 1 opens the log; what comes first here is 2. */
const FACTS: readonly Told[] = [
  {
    type: 'policy.loaded',
    data: { name: 'models', version: '1', hash: 'h', document: modelsPolicy },
  },
  registered('viejo'), // 3: archived before the period
  stage('viejo', 'development', 'archived'),
  registered('vivo'), // 5: live in the period, without an event in it
  stage('vivo', 'development', 'production'),
  opened('i-viejo', 1), // 7
  saved('i-viejo', '# Viejo'),
  closed('i-viejo'), // 9: closed before the period
  opened('i-largo', 2), // 10: open still when the period begins
  noise('antes'),
  // The period: 12 to 17.
  registered('../../mal nombre?'), // 12
  {
    type: 'model.updated',
    data: { model: '../../mal nombre?', owner: 'ana', backupOwner: null, rollbackPlan: null },
  },
  opened('i-del-periodo', 3), // 14
  saved('i-largo', '# Primer borrador'), // 15
  closed('i-largo'), // 16
  noise('dentro'), // 17
  // After it.
  {
    type: 'model.updated',
    data: { model: '../../mal nombre?', owner: 'eva', backupOwner: null, rollbackPlan: null },
  },
  registered('nuevo'), // 19
  closed('i-del-periodo'),
  saved('i-del-periodo', '# Later, and whole', 'en'), // 21
  published('i-del-periodo'),
  saved('i-largo', '# Segundo borrador'), // 23
  opened('i-nuevo', 4),
  saved('i-nuevo', '# Nuevo'),
];

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-documents-'));
  const { privateKey } = generateKeyPairSync('ed25519');
  const chain = toldChain(FACTS, privateKey);
  writeRecord(at('audit.db'), chain, privateKey, [chain.length]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function exported(name: string, fromSeq: number, toSeq: number): Promise<string> {
  const source = openSource([at('audit.db')]);
  try {
    await exportFolder(
      {
        ...{ source, range: { fromSeq, toSeq }, period: { from: BEGAN, to: null } },
        info: {
          ...{ madeAt: BEGAN, madeBy: 'ana', software: 'test', desk: 'USD/COP', policies: {} },
          time: { source: 'test', offsetMs: null },
        },
        ...{ publicKey: source.publicKey(), checkpoint: null },
        ...{ signal: new AbortController().signal, onProgress: () => undefined },
      },
      at(name),
    );
  } finally {
    source.close();
  }
  return join(at(name), 'documents');
}

describe('the documents of a period', () => {
  let documents: string;
  const read = (name: string): string => readFileSync(join(documents, name), 'utf8');
  beforeAll(async () => {
    documents = await exported('part', 12, 17);
  });

  it('are the cards of its models and the post-mortems of its incidents, and no others', async () => {
    expect(readdirSync(documents).sort()).toEqual([
      'model-..-..-mal-nombre-.en.md',
      'model-..-..-mal-nombre-.es.md',
      'model-..-..-mal-nombre-.yaml',
      'model-vivo.en.md',
      'model-vivo.es.md',
      'model-vivo.yaml',
      'postmortem-i-del-periodo.published.md',
      'postmortem-i-largo.draft.md',
    ]);
    const said: string[] = [];
    expect(await run(['verify', at('part')], (line) => said.push(line))).toBe(0);
  });

  it('have each card as of its end, as people read it and as it can be registered again', () => {
    const source = openSource([at('audit.db')]);
    // The whole fold, every event of it: what the export leaves out must change no card.
    const then = source.pick(Array.from({ length: 17 }, (_, index) => index + 1));
    const state = then.reduce(foldOps, INITIAL_OPS_STATE);
    const last = then.at(-1);
    source.close();
    const moment = { seq: 17, hash: last?.hash ?? '', at: last?.ts ?? 0 };
    for (const [model, name] of [
      ['vivo', 'model-vivo'],
      ['../../mal nombre?', 'model-..-..-mal-nombre-'],
    ] as const) {
      const document = cardDocument(state, modelsPolicy, model, moment);
      if (!document) throw new Error('no card');
      expect(read(`${name}.es.md`)).toBe(documentMarkdown(cardLayout(document, 'es')));
      expect(read(`${name}.en.md`)).toBe(documentMarkdown(cardLayout(document, 'en')));
      expect(parse(read(`${name}.yaml`))).toMatchObject({ model_id: model, log_seq: 17 });
    }
    // Its owner is another since.
    expect(parse(read('model-..-..-mal-nombre-.yaml'))).toMatchObject({ owner: 'ana' });
    expect(readCard(parse(read('model-vivo.yaml')))).toMatchObject({ ok: true });
  });

  it('have each post-mortem as it was saved last, and say whether it is a draft', () => {
    expect(read('postmortem-i-largo.draft.md')).toBe(
      '# Segundo borrador\n\n---\n\nBORRADOR · incidente #2 i-largo · guardado por eva, 2026-03-01 09:00:22 COT, evento 23\n',
    );
    expect(read('postmortem-i-del-periodo.published.md')).toMatch(
      /^# Later, and whole\n\n---\n\nPUBLISHED · incident #3 i-del-periodo · saved by eva, .* event 21 · published by luis, .* event 22\n$/,
    );
  });

  it('are the same where what came before was deleted and only its state is kept', () => {
    const source = openSource([at('audit.db')]);
    const before = source.pick(Array.from({ length: 11 }, (_, index) => index + 1));
    const state = before.reduce(foldOps, INITIAL_OPS_STATE);
    const shortened = { ...source, before: () => state };
    const documents = periodDocuments(shortened, { fromSeq: 12, toSeq: 17 });
    for (const row of source.rows(12, 100)) documents.see(row);
    const made = [...documents.documents()];
    source.close();
    expect(made.map(({ name }) => name)).toContain('model-vivo.yaml');
    const draft = made.find(({ name }) => name === 'postmortem-i-largo.draft.md');
    expect(draft?.content).toBe(read('postmortem-i-largo.draft.md'));
  });

  it('are all there is in an export of the whole, and none in one of nothing', async () => {
    const all = readdirSync(await exported('all', 1, FACTS.length + 1));
    for (const name of ['viejo', 'vivo', 'nuevo']) expect(all).toContain(`model-${name}.yaml`);
    for (const name of ['i-viejo.draft', 'i-nuevo.draft'])
      expect(all).toContain(`postmortem-${name}.md`);
    expect(readdirSync(await exported('none', 99, 98))).toEqual([]);
  });
});
