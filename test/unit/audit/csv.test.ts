import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANGES } from '../../../src/shared/audit/changes';
import { CSV_COLUMNS, CSV_HEADER, csvWriter } from '../../../src/shared/audit/csv';
import { canonicalJson, type Json } from '../../../src/shared/log/canonical';
import type { LogEvent } from '../../../src/shared/log/event';
import { eventData } from '../../../src/shared/ops/events';
import { csvAs, FORMULA } from '../../support/csv';
import { HOSTILE } from '../../support/record';
import { ROOT } from '../../support/root';

const write = csvWriter();

function event(type: string, data: Record<string, Json>, change: Partial<LogEvent> = {}): LogEvent {
  return {
    seq: 7,
    id: '018f0000-0000-7000-8000-000000000007',
    ts: Date.UTC(2026, 2, 1, 14, 0, 0, 5),
    type,
    actor: { id: 'ana', role: 'model-owner', terminal: 't1' },
    commandId: '018f0000-0000-7000-8000-000000000001',
    reason: 'por deriva',
    data,
    prevHash: 'a'.repeat(64),
    hash: 'b'.repeat(64),
    ...change,
  };
}

/** An event's cells by column, as a spreadsheet that parts at commas has them. */
function cells(one: LogEvent): Record<string, string> {
  const [names, row] = csvAs(CSV_HEADER + write(one, canonicalJson(one.data)), ',');
  expect(row).toHaveLength(names?.length ?? 0);
  return Object.fromEntries((names ?? []).map((name, at) => [name, row?.[at] ?? '']));
}

describe('a row of events.csv', () => {
  it('says who, when, what it was about, and what was there before and after', () => {
    const data = {
      ...{ model: 'ppo_v3', from: 'staging', to: 'production', cause: 'promotion' },
      ...{ request: 'r1', retirement: null },
    };
    expect(cells(event('model.stage_changed', data))).toEqual({
      seq: '7',
      id: '018f0000-0000-7000-8000-000000000007',
      time_utc: '2026-03-01T14:00:00.005Z',
      time_bogota: '2026-03-01T09:00:00.005-05:00',
      type: 'model.stage_changed',
      actor: 'ana',
      role: 'model-owner',
      terminal: 't1',
      command_id: '018f0000-0000-7000-8000-000000000001',
      reason: 'por deriva',
      model: 'ppo_v3',
      engine: '',
      incident: '',
      before: 'staging',
      after: 'production',
      data: canonicalJson(data),
      prev_hash: 'a'.repeat(64),
      hash: 'b'.repeat(64),
    });
    // Bogota had summer time in 1992.
    const summer = event('gateway.stopped', { cause: 'x' }, { ts: Date.UTC(1992, 5, 1, 12) });
    expect(cells(summer)).toMatchObject({ time_bogota: '1992-06-01T08:00:00.000-04:00' });
    const two = event('deployment.started', {
      ...{ deployment: 'd', kind: 'rollback', model: 'ppo_v2', version: '2', hash: 'c' },
      ...{ previous: 'ppo_v3', engines: ['paper-1', 'paper-2'] },
    });
    expect(cells(two)).toMatchObject({
      ...{ model: 'ppo_v2 | ppo_v3', engine: 'paper-1 | paper-2' },
      ...{ before: 'ppo_v3', after: 'ppo_v2' },
    });
  });

  it.each<[string, Record<string, Json>, string, string]>([
    [
      'model.updated',
      { model: 'm', owner: 'eva', backupOwner: null, rollbackPlan: null, before: { owner: 'ana' } },
      '{"owner":"ana"}',
      '{"backupOwner":null,"owner":"eva","rollbackPlan":null}',
    ],
    ['incident.commander_set', { incident: 'i', commander: 'eva', before: null }, 'null', 'eva'],
    ['incident.severity_changed', { incident: 'i', from: 'P2', to: 'P1' }, 'P2', 'P1'],
    [
      'policy.changed',
      { name: 'models', document: { a: 2 }, before: { a: 1 } },
      '{"a":1}',
      '{"a":2}',
    ],
    ['monitor.dry_run_set', { on: true, until: 5 }, '', '{"on":true,"until":5}'],
    ['promotion.closed', { request: 'r', outcome: 'rejected' }, 'open', 'rejected'],
    [
      'channel.removed',
      { channel: 'slack', before: { secretSet: true } },
      '{"secretSet":true}',
      '',
    ],
    // A period is no change, and what an engine did at a kill's step is none of what stands.
    ['audit.exported', { format: 'zip', from: 1, to: 2 }, '', ''],
    ['kill.step_settled', { engine: 'e', step: 'cancel', items: [], outcome: 'done' }, '', ''],
    ['of.a.later.version', { from: 1, to: 2 }, '', ''],
  ])('of %s has its before and after', (type, data, before, after) => {
    expect(cells(event(type, data))).toMatchObject({ before, after });
  });

  it('has a before and after for every type that changes something', () => {
    const telling = /^(before|from|previous)$/;
    const changing = Object.entries(eventData)
      .filter(([, schema]) => Object.keys(schema.shape).some((name) => telling.test(name)))
      .map(([type]) => type)
      .filter((type) => type !== 'audit.exported');
    const named = Object.keys(eventData).filter((type) =>
      /(_set|_changed|\.configured)$/.test(type),
    );
    expect(Object.keys(CHANGES)).toEqual(expect.arrayContaining([...changing, ...named]));
  });
});

describe('no spreadsheet, whatever it parts cells at,', () => {
  const harmless = (one: LogEvent): void => {
    const text = CSV_HEADER + write(one, canonicalJson(one.data));
    for (const separator of [',', ';', '\t']) {
      for (const cell of csvAs(text, separator).flat()) expect(cell).not.toMatch(FORMULA);
    }
    expect(JSON.parse(cells(one).data ?? '')).toEqual(one.data);
  };

  it.each(HOSTILE)('finds a formula in %j', (text) => {
    const data = { detail: text, before: { a: text }, document: { b: [text] } };
    harmless(event('policy.changed', data, { reason: text }));
    harmless(event('model.stage_changed', { from: text, to: text, model: text }));
  });

  it('finds one in any text', () => {
    const piece = fc.constantFrom(
      ';',
      '\t',
      '\n',
      '\r',
      '"',
      "'",
      ',',
      '=',
      '+',
      '-',
      '@',
      '＝',
      ' ',
      'a',
      '\u0000',
    );
    const text = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, fc.integer(), (reason, inner, number) => {
        const data = {
          from: inner,
          to: { a: inner, b: number, [inner]: number },
          list: [inner, number],
        };
        harmless(event('model.stage_changed', data, { reason }));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('docs/audit.md', () => {
  it('names no column that the table has not, and every one that it has', () => {
    const page = readFileSync(join(ROOT, 'docs/audit.md'), 'utf8');
    const [, section = ''] = page.split('## Requirements and columns');
    const rows = (section.split('\n## ')[0] ?? '')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const cellsOf = rows.map((line) => line.split('|')[2] ?? '');
    const named = cellsOf.flatMap((cell) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
    );
    const columns = CSV_COLUMNS.map(({ name }) => name);
    expect(new Set(named)).toEqual(new Set(columns));
    const known = Object.keys(eventData);
    const trail = rows.slice(rows.findIndex((line) => line.includes('types of event')) + 2);
    const types = trail.flatMap((line) => [...line.matchAll(/`([a-z_]+\.[a-z_]*)\*?`/g)]);
    expect(types.length).toBeGreaterThan(15);
    for (const [, type = ''] of types) {
      expect(
        known.some((one) => one === type || (type.endsWith('.') && one.startsWith(type))),
        type,
      ).toBe(true);
    }
  });
});
