import { describe, expect, it } from 'vitest';
import type { LogEvent } from '../../../src/shared/log/event';
import type { Message } from '../../../src/shared/notify/message';
import { type Context, render } from '../../../src/shared/notify/render';
import { messageFor, messageForKill } from '../../../src/shared/notify/told';
import { INITIAL_OPS_STATE } from '../../../src/shared/ops/state';
import { detailOf, phrase } from '../../../src/shared/words/phrase';
import { notificationsPolicy as policy } from '../../support/desk';
import { foldFacts } from '../../support/models';

const event = (type: string, data: object, change: object = {}): LogEvent =>
  ({
    ...{ seq: 9, id: 'e9', ts: 1_000, type, data, reason: 'por algo', commandId: 'c9' },
    ...{ prevHash: '', hash: '', actor: { id: 'ana', role: 'trader', terminal: 't1' } },
    ...change,
  }) as LogEvent;
const told = (one: LogEvent, state = INITIAL_OPS_STATE) => messageFor(one, state, policy);

const KILL = {
  ...{ scope: { kind: 'all' }, closePositions: true, notifyTeam: true, origin: 'panel' },
  ...{ targets: [], ageMs: 1 },
};
const ALERT = { severity: 'P1', kind: 'drift', model: 'm1', engine: null, detail: 'psi 0,3' };
const DEPLOYMENT = {
  ...{ deployment: 'd1', model: 'm1', version: '1', hash: 'a'.repeat(64), previous: 'm2' },
  ...{ engines: ['e1'] },
};
const INCIDENT = {
  ...{ incident: 'i1', number: 1, severity: 'P0', title: 'x', subjects: [], alerts: ['a1'] },
  ...{ correlations: ['c1'], events: [], detectedFrom: null, responseDueAt: null },
  ...{ escalation: [], playbook: null, books: [], tradesPerHour: null },
};
const contextIn = (language: 'es' | 'en'): Context => ({
  ...{ deskName: 'USD/COP', environment: 'paper', language, runbook: policy.runbook },
});
const MONITOR = { id: 'monitor', role: 'monitor', terminal: 't1' };

describe('what is told of which event', () => {
  it.each([
    ['kill.requested', KILL, 'kill', 'p0', 'trigger'],
    ['ops.paused', { scope: { kind: 'all' }, origin: 'panel' }, 'pause', 'warning', null],
    [
      'ops.resume_requested',
      { scope: { kind: 'all' }, origin: 'panel', expiresAt: 5 },
      ...['resume_wanted', 'warning', null],
    ],
    [
      'engine.lost',
      { engine: 'e1', cause: 'silent', lastHeardAt: 1 },
      'engine_lost',
      'critical',
      null,
    ],
    ['deployment.started', { ...DEPLOYMENT, kind: 'rollback' }, 'rollback', 'critical', null],
    ['alert.raised', { ...ALERT, alert: 'a1' }, 'alert', 'critical', 'trigger'],
    ['alert.raised', { ...ALERT, alert: 'a1', severity: 'P0' }, 'alert', 'p0', 'trigger'],
    ['alert.raised', { ...ALERT, alert: 'a1', severity: 'P3' }, 'alert', 'info', 'trigger'],
    ['alert.cleared', { alert: 'a1', cause: 'x' }, 'alert', null, 'resolve'],
    [
      'promotion.requested',
      {
        ...{
          request: 'r1',
          model: 'm1',
          target: 'production',
          needs: ['model-owner'],
          expiresAt: 5,
        },
        checklist: { backtestReviewed: true, metricsAcceptable: true, teamNotified: true },
        ...{ fingerprint: 'a'.repeat(64), emergency: null },
      },
      ...['approval_wanted', 'warning', null],
    ],
    ['incident.opened', { ...INCIDENT, cause: 'manual' }, ...['incident_opened', 'p0', 'trigger']],
    [
      'incident.acknowledged',
      { incident: 'i1', via: 'console' },
      ...['incident_acknowledged', 'info', 'acknowledge'],
    ],
    [
      'incident.escalated',
      {
        ...{ incident: 'i1', step: 'cto', role: 'cto', dueAt: 1, lateMs: 0, onDuty: true },
        contact: { role: 'cto', name: 'Luis', phone: '1', email: null, slack: null },
      },
      ...['incident_escalated', 'critical', null],
    ],
    [
      'incident.resolved',
      { incident: 'i1', rootCause: 'x', resolution: 'x', books: [] },
      ...['incident_resolved', 'info', 'resolve'],
    ],
    [
      'incident.message_sent',
      { incident: 'i1', template: 'start', language: 'es', text: 'hola', channels: ['email'] },
      ...['incident_message', 'info', null],
    ],
    ['report.ready', { report: 'r', title: 'Diario' }, 'report_ready', 'info', null],
  ] as [string, object, string, string | null, string | null][])(
    '%s',
    (type, data, kind, level, action) => {
      const message = told(event(type, data));
      expect(message).toMatchObject({ kind, level });
      expect(message?.page?.action ?? null).toBe(action);
    },
  );

  it('an automatic rollback is told as such, and one that failed as worse', () => {
    const started = { type: 'deployment.started', data: { ...DEPLOYMENT, kind: 'rollback' } };
    expect(told(event(started.type, started.data, { actor: MONITOR }))?.kind).toBe('auto_rollback');
    const state = foldFacts([started]);
    const failed = event('deployment.incomplete', {
      deployment: 'd1',
      model: 'm1',
      engines: ['e1'],
    });
    expect(told(failed, state)).toMatchObject({ kind: 'rollback_failed', level: 'p0' });
    expect(told(failed)).toMatchObject({ kind: 'deployment_failed', level: 'critical' });
  });

  it('is nothing for the rest, for what does not fit, and where the team is not to be told', () => {
    expect(told(event('session.opened', { terminal: 't', name: 't', version: '1' }))).toBeNull();
    expect(told(event('kill.requested', {}))).toBeNull();
    expect(told(event('toString', {}))).toBeNull();
    const twice = { ...ALERT, alert: 'deployment:d1', kind: 'deployment_incomplete' };
    expect(told(event('alert.raised', twice))).toBeNull();
    expect(told(event('kill.requested', { ...KILL, notifyTeam: false }))).toBeNull();
    expect(told(event('notification.failed', {}))).toBeNull();
  });

  it('a retirement is told, more urgently in an emergency, and that no model is left', () => {
    const retired = (from: string, cause: string) =>
      told(
        event('model.stage_changed', {
          ...{ model: 'm1', from, to: 'archived', cause, request: null },
          retirement: cause === 'retirement' ? 'replaced' : 'emergency',
        }),
      );
    const planned = retired('staging', 'retirement');
    expect(planned).toMatchObject({ kind: 'retirement', level: 'warning' });
    expect(planned?.fields).not.toContainEqual(expect.objectContaining({ label: 'detail' }));
    const emergency = retired('production', 'emergency_retirement');
    expect(emergency).toMatchObject({ kind: 'emergency_retirement', level: 'critical' });
    expect(emergency?.fields).toContainEqual({
      label: 'detail',
      value: expect.objectContaining({ es: expect.stringContaining('no queda ninguno') }),
    });
  });

  it('a call is as urgent as its incident, and is mailed to the person who is called', () => {
    const called = (severity: string, email: string | null) => {
      const opened = { type: 'incident.opened', data: { ...INCIDENT, severity, cause: 'manual' } };
      const contact = { role: 'cto', name: 'Luis', phone: null, email, slack: null };
      const about = { incident: 'i1', step: 's', role: 'cto', dueAt: 1, lateMs: 0, onDuty: true };
      return told(event('incident.escalated', { ...about, contact }), foldFacts([opened]));
    };
    expect(called('P3', null)).toMatchObject({ level: 'info' });
    expect(called('P3', null)?.channels).toBeUndefined();
    const alone = { to: ['l@mesa.co'], toAlone: true, channels: ['slack', 'email'] };
    expect(called('P3', 'l@mesa.co')).toMatchObject({ level: 'info', ...alone });
    expect(called('P1', 'l@mesa.co')).toMatchObject({
      ...{ level: 'critical', to: ['l@mesa.co'], toAlone: false, channels: ['slack', 'email'] },
    });
  });

  it('an alert is told in its reader’s language, with times in COT; an old one as it was recorded', () => {
    const said = [
      phrase('the post-mortem of incident {number} was due at {due}', {
        ...{ number: '7', due: { at: Date.UTC(2026, 1, 2, 14) } },
      }),
    ];
    const data = { ...ALERT, alert: 'a1', kind: 'postmortem_overdue', ...detailOf(said) };
    const values = (message: Message | null, language: 'es' | 'en') => {
      const fields = message && render(message, contextIn(language)).fields;
      return Object.fromEntries((fields ?? []).map(({ label, value }) => [label, value]));
    };
    const told7 = told(event('alert.raised', data));
    expect(values(told7, 'es')).toMatchObject({
      Qué: 'Post-mortem vencido',
      Detalle: 'el post-mortem del incidente 7 vencía el 2026-02-02 09:00:00 COT',
    });
    expect(values(told7, 'en')).toMatchObject({
      What: 'Post-mortem overdue',
      Detail: 'the post-mortem of incident 7 was due at 2026-02-02 09:00:00 COT',
    });
    const old = told(event('alert.raised', { ...ALERT, alert: 'a1' }));
    expect(values(old, 'es')).toMatchObject({ Qué: 'drift', Detalle: 'psi 0,3' });
  });

  it('stages, origins and roles are named in words', () => {
    const stage = { from: 'registered', to: 'staging', cause: 'promotion' };
    const data = { model: 'm1', ...stage, request: null, retirement: null };
    const promoted = told(event('model.stage_changed', data));
    expect(promoted?.fields).toContainEqual({
      label: 'stage',
      value: { es: 'registrado → staging', en: 'registered → staging' },
    });
    expect(told(event('kill.requested', { ...KILL, origin: 'hotkey' }))?.fields).toContainEqual({
      label: 'origin',
      value: { es: 'atajo de teclado', en: 'hotkey' },
    });
  });

  it('an alert of another system keeps its own runbook', () => {
    const runbook = 'https://wiki.example.com/x';
    const outside = {
      labels: {},
      summary: 's',
      group: 'g',
      runbook,
      generator: null,
      startsAt: null,
    };
    const message = told(event('alert.raised', { ...ALERT, alert: 'a1', outside }));
    expect(message?.runbook).toBe(runbook);
    expect(told(event('alert.raised', { ...ALERT, alert: 'a1' }))?.runbook).toBeUndefined();
  });

  it('one trouble rings once: an incident that a kill opened rings no more, and acts on its page', () => {
    const opened = { type: 'incident.opened', data: { ...INCIDENT, cause: 'kill' } };
    expect(told(event(opened.type, opened.data))).toBeNull();
    const state = foldFacts([opened]);
    const resolved = event('incident.resolved', {
      ...{ incident: 'i1', rootCause: 'x', resolution: 'x', books: [] },
    });
    expect(told(resolved, state)?.page).toEqual({
      action: 'resolve',
      keys: ['incident:i1', 'kill:c1', 'deployment:c1', 'alert:a1'],
    });
  });

  it('an incident’s message goes whole by the channels that its author named, and by no other', () => {
    const text = 'x'.repeat(3_100);
    const data = { incident: 'i1', template: 'update', language: 'es', text };
    const message = told(
      event('incident.message_sent', { ...data, channels: ['email', 'pagerduty', 'pigeon'] }),
    );
    expect(message?.channels).toEqual(['email', 'pagerduty']);
    const values = message?.fields.filter(({ label }) => label === 'message');
    expect(values?.map(({ value }) => value).join('')).toBe(text);
  });

  it('a rehearsal rings nobody', () => {
    expect(told(event('kill.requested', { ...KILL, drill: true }))).toBeNull();
  });

  it('a resume closes the pages of the kills it lifts', () => {
    const state = foldFacts([
      { type: 'kill.requested', data: KILL, ts: 10 },
      {
        type: 'ops.resumed',
        data: {
          ...{ scope: { kind: 'all' }, to: 'normal', approvedBy: ['ana'] },
          ...{ stoppedBecause: null, flat: true },
        },
        ts: 20,
      },
    ]);
    const resumed = event(
      'ops.resumed',
      {
        ...{ scope: { kind: 'all' }, to: 'normal', approvedBy: ['ana'] },
        ...{ stoppedBecause: null, flat: true },
      },
      { ts: 20 },
    );
    expect(told(resumed, state)?.page).toEqual({ action: 'resolve', keys: ['kill:c1'] });
  });

  it('has one key wherever it is told from', () => {
    const byGateway = told(event('kill.requested', KILL));
    const kill = { by: 'ana', reason: 'x', scope: { kind: 'all' }, origin: 'panel' } as const;
    const byTerminal = messageForKill('c9', kill, 1_000, policy);
    expect(byTerminal.key).toBe(byGateway?.key);
    expect(byTerminal.page).toEqual(byGateway?.page);
  });

  it('an alert raised again is the same message; a worse one is another', () => {
    const raised = (severity: string) => ({
      type: 'alert.raised',
      data: { ...ALERT, alert: 'a1', severity },
    });
    const once = foldFacts([raised('P2')]);
    const twice = foldFacts([raised('P2'), raised('P2')]);
    const key = (severity: string, state: typeof once) =>
      told(event('alert.raised', raised(severity).data), state)?.key;
    expect(key('P2', twice)).toBe(key('P2', once));
    expect(key('P0', twice)).not.toBe(key('P2', once));
  });
});
