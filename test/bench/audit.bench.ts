import { hash } from 'node:crypto';
import Database from 'better-sqlite3';
import { wordsOf } from '../../src/node/audit/auditIndex';
import { Explorer } from '../../src/node/audit/explorer';
import { openSource } from '../../src/node/audit/source';
import { runThrough, verifyLog } from '../../src/node/audit/verifyLog';
import { sha256 } from '../../src/node/sha256';
import { type AuditFilterInput, auditFilterSchema } from '../../src/shared/audit/query';
import { percentile, print, round } from './figure';
import { benchRecord, EVENTS } from './record';

/** What the audit view asks of a large mirror, and the verification of all of it. */
const LIMIT = 200;
const TIMES = 60;
const breathe = () => new Promise<void>((breathed) => setImmediate(breathed));
const record = await benchRecord();
const bare = new Database(record.index, { readonly: true });
bare.exec(`ATTACH '${record.path}' AS log`);
/** Tables of words, the newest first. */
const WORDS: string[] = [];
for (let seq = EVENTS; seq > 0; seq = wordsOf(seq).low - 1) WORDS.push(wordsOf(seq).table);

const ts = (share: number): number => 1_700_000_000_000 + Math.floor(EVENTS * share) * 10;
const FILTERS: readonly AuditFilterInput[] = [
  {},
  { types: ['alert.raised'] },
  { types: ['incident.opened'] },
  { actor: 'op-3' },
  { role: 'trader' },
  { engine: 'motor-7' },
  { model: 'ppo_v3' },
  { types: ['engine.lost'], engine: 'motor-5', role: 'gateway' },
  { actor: 'op-1', model: 'ppo_v10' },
  { from: ts(0.4), to: ts(0.41) },
  { from: ts(0.2), to: ts(0.8), types: ['session.opened'] },
];
const TEXTS: readonly string[] = [
  'perdida',
  'crítica',
  'conexion motor',
  'latencia 4321',
  'motor-3 revisión',
  'nada',
];

/** A page as it is first asked for: no question before it has counted anything. */
async function firstPage(filter: AuditFilterInput, offset = 0): Promise<number> {
  explorer.cancel();
  const whole = auditFilterSchema.parse(filter);
  const started = performance.now();
  await explorer.page({ filter: whole, offset, limit: LIMIT }, () => false);
  return performance.now() - started;
}

/** The same SQL in one statement, prepared beforehand, and its rows read and parsed: nothing about it. */
function floorOf(filter: AuditFilterInput): number {
  const wanted: (readonly [string, string])[] = (filter.types ?? []).map((type) => ['type', type]);
  for (const facet of ['actor', 'role', 'model', 'engine'] as const) {
    const value = filter[facet];
    if (value != null) wanted.push([facet, value]);
  }
  const term = bare.prepare('SELECT id, n FROM terms WHERE facet = ? AND value = ?');
  const [rarest, ...others] = wanted
    .map(([facet, value]) => term.get(facet, value) as { id: number; n: number })
    .sort((x, y) => x.n - y.n);
  const conditions = others.map(
    ({ id }) => `EXISTS (SELECT 1 FROM marks m WHERE m.term = ${id} AND m.seq = b.seq)`,
  );
  if (rarest) conditions.push(`b.term = ${rarest.id}`);
  if (filter.from != null) {
    // The span of the time is known: the log's first event has the first time.
    const low = Math.floor((filter.from - ts(0)) / 10);
    const high = Math.ceil(((filter.to ?? 0) - ts(0)) / 10);
    conditions.push(`b.seq BETWEEN ${low} AND ${high}`);
    conditions.push(
      `(SELECT ts FROM times t WHERE t.seq = b.seq) BETWEEN ${filter.from} AND ${filter.to}`,
    );
  }
  const table = rarest ? 'marks' : 'times';
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const statement = bare.prepare(
    `SELECT e.body, e.hash FROM ${table} b CROSS JOIN log.events e ON e.seq = b.seq ${where} ORDER BY b.seq DESC LIMIT ?`,
  );
  const started = performance.now();
  for (const row of statement.all(LIMIT) as { body: string }[]) JSON.parse(row.body);
  return performance.now() - started;
}

function floorOfText(text: string): number {
  const query = text
    .split(/\s+/)
    .map((one) => `"${one.replaceAll('-', ' ')}" *`)
    .join(' AND ');
  // The words stand in tables for a part of the log each, the newest of which is asked first.
  const statements = WORDS.map((table) =>
    bare.prepare(
      `SELECT e.body, e.hash FROM ${table} w JOIN log.events e ON e.seq = w.rowid WHERE ${table} MATCH ? ORDER BY w.rowid DESC LIMIT ?`,
    ),
  );
  const started = performance.now();
  let left = LIMIT;
  for (const statement of statements) {
    const rows = statement.all(query, left) as { body: string }[];
    for (const row of rows) JSON.parse(row.body);
    left -= rows.length;
    if (left === 0) break;
  }
  return performance.now() - started;
}

const openedAt = performance.now();
const explorer = new Explorer([record.path], record.index, breathe);
await firstPage({});
const opening = performance.now() - openedAt;
print({
  figure: 'audit.open_ms',
  value: round(opening),
  unit: 'ms',
  floor: null,
  ratio: null,
  target: `< 300 (files and first page of ${EVENTS} events)`,
  met: opening < 300,
  runs: 1,
});

/** p99 of ours and of the floor, in turns so that both have the same machine. */
async function compare(
  figure: string,
  limitMs: number,
  cases: readonly (readonly [ours: () => Promise<number>, floor: () => number])[],
): Promise<void> {
  const ours: number[] = [];
  const floors: number[] = [];
  for (const [one, floor] of cases) {
    await one();
    floor();
    for (let time = 0; time < TIMES; time += 1) {
      ours.push(await one());
      floors.push(floor());
    }
  }
  const value = percentile(ours, 0.99);
  const floor = percentile(floors, 0.99);
  print({
    figure,
    value: round(value),
    unit: 'ms',
    floor: round(floor),
    ratio: round(value / floor),
    target: `p99 < ${limitMs} and ≤ 1.5 × the same SQL bare (${EVENTS} events)`,
    met: value < limitMs && value / floor <= 1.5,
    runs: ours.length,
  });
}

await compare(
  'audit.first_page_p99_ms',
  50,
  FILTERS.map((filter) => [() => firstPage(filter), () => floorOf(filter)] as const),
);
await compare(
  'audit.full_text_p99_ms',
  150,
  TEXTS.map((text) => [() => firstPage({ text }), () => floorOfText(text)] as const),
);

// Deep in the list: the whole was counted, as it is while somebody looks at the first page.
const deep: number[] = [];
const shallow: number[] = [];
for (const filter of [{}, { types: ['alert.raised'] }, { engine: 'motor-7' }] as const) {
  explorer.cancel();
  const whole = auditFilterSchema.parse(filter);
  const { total } = await explorer.page({ filter: whole, offset: 0, limit: LIMIT }, () => false);
  let counted = total;
  for (let more = explorer.countOn(); more; more = explorer.countOn()) counted = more.total;
  for (let time = 0; time < TIMES; time += 1) {
    for (const [list, share] of [
      [shallow, time / TIMES / 100],
      [deep, 0.5 + time / TIMES / 2],
    ] as const) {
      const started = performance.now();
      await explorer.page(
        { filter: whole, offset: Math.floor(counted * share), limit: LIMIT },
        () => false,
      );
      list.push(performance.now() - started);
    }
  }
}
const deepMs = percentile(deep, 0.99);
const shallowMs = percentile(shallow, 0.99);
print({
  figure: 'audit.deep_page_p99_ms',
  value: round(deepMs),
  unit: 'ms',
  floor: round(shallowMs),
  ratio: round(deepMs / shallowMs),
  target: `no slower than near the top: ≤ 1.5 × (${EVENTS} events)`,
  met: deepMs / shallowMs <= 1.5 || deepMs < 10,
  runs: deep.length,
});
explorer.close();
bare.close();

const source = openSource([record.path]);
const verifyStarted = performance.now();
const findings = runThrough(verifyLog(source, sha256, true));
const verified = EVENTS / ((performance.now() - verifyStarted) / 1_000);
if (findings.damage.length > 0 || findings.events !== EVENTS) throw new Error('it does not verify');
source.close();

const bodies = new Database(record.path, { readonly: true });
const page = bodies
  .prepare('SELECT body FROM events WHERE seq >= ? ORDER BY seq LIMIT 2000')
  .pluck();
const hashStarted = performance.now();
for (let from = 1; from <= EVENTS; from += 2_000) {
  for (const body of page.all(from) as string[]) hash('sha256', body, 'hex');
}
const hashed = EVENTS / ((performance.now() - hashStarted) / 1_000);
bodies.close();
print({
  figure: 'audit.verified_events_per_second',
  value: round(verified),
  unit: 'events/s',
  floor: round(hashed),
  ratio: round(verified / hashed),
  target: '≥ 150000 and ≥ 0.3 × bare SHA-256 over the same bytes, read the same way',
  met: verified >= 150_000 && verified / hashed >= 0.3,
  runs: 1,
});
