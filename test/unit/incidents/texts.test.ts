import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill, markdownText } from '../../../src/shared/incidents/fill';
import { impactOf } from '../../../src/shared/incidents/impact';
import { fillMessage } from '../../../src/shared/incidents/messages';
import { draftPostMortem } from '../../../src/shared/incidents/postmortem';
import { alertFact, incidentDesk, killFact, MIN, playbooks } from '../../support/incidents';
import { ROOT } from '../../support/root';

const HOSTILE = '<img src=x onerror=alert(1)> *b* [x](javascript:1) | `y` {{severity}}\n# h1';

function resolvedDesk() {
  const desk = incidentDesk();
  desk.append([alertFact('a1', 'P1', { detail: HOSTILE })]);
  desk.append([{ ...killFact(), reason: HOSTILE }], 'ana', 'k1');
  const incident = desk.incident().id;
  desk.wait(3 * MIN);
  desk.append([{ type: 'incident.acknowledged', data: { incident, via: 'console' } }]);
  desk.append([{ type: 'incident.noted', data: { incident, kind: 'note', text: HOSTILE } }], 'eva');
  desk.append([
    { type: 'incident.state_changed', data: { incident, from: 'acknowledged', to: 'mitigating' } },
    {
      type: 'action_item.set',
      data: {
        ...{ item: 'x', incident, text: HOSTILE, owner: 'ana', due: '2026-03-01' },
        status: 'open',
      },
    },
  ]);
  desk.wait(67 * MIN);
  desk.append([
    {
      type: 'incident.resolved',
      data: { incident, rootCause: HOSTILE, resolution: 'reinicio', books: [] },
    },
  ]);
  return desk;
}

const draft = (language: 'es' | 'en') => {
  const desk = resolvedDesk();
  const incident = desk.incident();
  return draftPostMortem(playbooks.templates, language, incident, {
    impact: impactOf(incident, [], desk.now()),
    alerts: Object.values(desk.state().alerts.active),
    actionItems: desk.state().incidents.actionItems,
    eventName: (type) => type,
    author: 'Ana',
  });
};

describe('a post-mortem', () => {
  it('has the plan’s sections in its order, and docs/templates shows the same form', () => {
    const headings = draft('en')
      .split('\n')
      .filter((line) => /^##? /.test(line))
      .slice(1);
    expect(headings).toEqual(
      [
        ...['Summary', 'Impact', 'Timeline (all times in COT)', 'Root Cause'],
        ...['Contributing Factors', 'Resolution', 'Action Items', 'Lessons Learned', 'Appendix'],
      ].map((title) => `## ${title}`),
    );
    const shown = readFileSync(join(ROOT, 'docs/templates/post-mortem.md'), 'utf8');
    expect(shown.split('\n').filter((line) => line.startsWith('## '))).toEqual(headings);
  });

  it('is filled in from the log: dates, durations, impact, timeline by COT, alerts, actions', () => {
    const text = draft('es');
    expect(text).toContain('**Fecha:** 2026-02-02');
    expect(text).toContain('2026-02-02 09:00 – 2026-02-02 10:10 COT (1 h 10 min)');
    expect(text).toContain('- Trading detenido: 70 min');
    expect(text).toContain('- Operaciones perdidas \\(estimación\\): n/d');
    expect(text).toMatch(/- 09:00:00 - kill\.requested \\\(\\#\d+\\\)/);
    expect(text).toMatch(/- 09:03:00 - nota, eva: /);
    expect(text).toMatch(/\| ana \| 2026-03-01 \| open \|/);
    expect(text).not.toMatch(/\{\{(title|date|span|impact|timeline|factors|appendix)\}\}/);
  });

  it('shows hostile text and does nothing with it', () => {
    for (const text of [draft('es'), draft('en')]) {
      expect(text).not.toMatch(/(^|[^\\])<img/);
      expect(text).not.toMatch(/[^\\]\[x[^\\]?\]\(javascript/);
      expect(text).not.toMatch(/^# h1/m);
      // A cell of the table stays one.
      const row = text.split('\n').find((line) => line.includes('2026-03-01')) ?? '';
      expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
    }
  });
});

describe('messages', () => {
  const desk = resolvedDesk();
  const incident = desk.incident();
  const message = (which: 'start' | 'update' | 'resolved', language: 'es' | 'en') => {
    const impact = impactOf(incident, [], desk.now());
    return fillMessage(playbooks.templates.messages, which, language, incident, impact);
  };

  it('have the plan’s lines in both languages, as text', () => {
    expect(message('start', 'en').split('\n')[0]).toMatch(/^INCIDENT: Kill: <img/);
    expect(message('start', 'es')).toContain('Severidad: P0');
    expect(message('update', 'en')).toContain('Status: Resolved');
    expect(message('resolved', 'es')).toContain('Duración: 1 h 10 min');
    // What is put in is not filled again.
    expect(message('start', 'es')).toContain('{{severity}}');
  });
});

it('a field without a value stays visible; an own name of objects is no value', () => {
  expect(fill('{{a}} {{b}} {{constructor}}', { a: '{{b}}' })).toBe('{{b}} {{b}} {{constructor}}');
  expect(markdownText('- a\n1. b')).toBe('\\- a 1. b');
});
