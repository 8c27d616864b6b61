import { describe, expect, it } from 'vitest';
import {
  actionItemsOf,
  activeOnes,
  annulmentOf,
  booksOf,
  callsReach,
  clockOf,
  historyOf,
  isOverdue,
  NO_FILTER,
  postMortemDueAt,
  runningAnnulments,
  soundingIncident,
  timelineOf,
  unreached,
  whyNot,
} from '../../../src/renderer/desk/incidents.state';
import { pastView } from '../../../src/renderer/desk/past.state';
import type { ActionItem } from '../../../src/shared/incidents/state';
import type { DeskView } from '../../../src/shared/view/desk';
import { notificationsPolicy } from '../../support/desk';
import {
  alertFact,
  calendar,
  deskFact,
  engineFacts,
  HOUR,
  incidentDesk,
  incidentsPolicy,
  killFact,
  MIN,
  T,
} from '../../support/incidents';

const NOBODY: ReadonlySet<string> = new Set();

function viewOf(desk: ReturnType<typeof incidentDesk>, change: Partial<DeskView> = {}): DeskView {
  return {
    ops: desk.state(),
    incidentsPolicy,
    calendar,
    link: { state: 'live' },
    operator: { id: 'luis', name: 'Luis', roles: ['cto'], tokenExpiresAt: null },
    figures: {},
    executions: null,
    ...change,
  } as unknown as DeskView;
}

function started(): ReturnType<typeof incidentDesk> {
  const desk = incidentDesk();
  desk.append([deskFact(), ...engineFacts('e1')]);
  return desk;
}

describe('incidents on the screen', () => {
  it('come the worst first, then what nobody has taken, then the oldest', () => {
    const desk = started();
    desk.append([alertFact('a', 'P1')]);
    desk.wait(MIN);
    desk.append([alertFact('b', 'P1')]);
    desk.append([alertFact('c', 'P0')]);
    const [first] = desk.state().incidents.incidents.filter(({ alerts }) => alerts.includes('a'));
    desk.append([
      { type: 'incident.acknowledged', data: { incident: first?.id ?? '', via: 'console' } },
    ]);
    expect(activeOnes(viewOf(desk)).map(({ alerts }) => alerts[0])).toEqual(['c', 'b', 'a']);
  });

  it('have clocks: time open, time left to answer, and who is called next', () => {
    const desk = started();
    desk.append([alertFact('a', 'P1')]);
    const clock = () => clockOf(viewOf(desk), desk.incident(), desk.now());
    desk.wait(4 * MIN);
    expect(clock()).toMatchObject({ openMs: 4 * MIN, responseLeftMs: 11 * MIN });
    expect(clock().next).toMatchObject({
      step: { step: 'on_call_backup' },
      leftMs: 11 * MIN,
      onDuty: true,
      contact: { role: 'on-call-secondary' },
    });
    desk.append([
      { type: 'incident.acknowledged', data: { incident: desk.incident().id, via: 'panel' } },
    ]);
    expect(clock().responseLeftMs).toBeNull();
    expect(clock().next).toMatchObject({ step: { step: 'engineering_lead' }, leftMs: 26 * MIN });
  });

  it('sound while a P0 is open, and are silent here once silenced, for one’s own kill, and once taken', () => {
    const desk = started();
    desk.append([alertFact('a', 'P1')]);
    expect(soundingIncident(viewOf(desk), NOBODY)).toBeNull();
    desk.append([alertFact('b', 'P0')]);
    const loud = soundingIncident(viewOf(desk), NOBODY);
    expect(loud).toMatchObject({ severity: 'P0' });
    expect(soundingIncident(viewOf(desk), new Set([loud?.id ?? '']))).toBeNull();
    desk.append([
      { type: 'incident.acknowledged', data: { incident: loud?.id ?? '', via: 'panel' } },
    ]);
    expect(soundingIncident(viewOf(desk), NOBODY)).toBeNull();

    const killed = started();
    killed.append([killFact()], 'luis', 'k1');
    expect(soundingIncident(viewOf(killed), NOBODY)).toBeNull();
    const other = { id: 'ana', name: 'Ana', roles: ['cto' as const], tokenExpiresAt: null };
    expect(soundingIncident(viewOf(killed, { operator: other }), NOBODY)).not.toBeNull();
  });

  it('do not sound for a rehearsal: it opens none', () => {
    const desk = started();
    desk.append([killFact(true)], 'ana', 'k1');
    expect(activeOnes(viewOf(desk))).toEqual([]);
  });

  it('are found by severity, state, cause, words and time', () => {
    const desk = started();
    desk.append([alertFact('a', 'P1', { detail: 'El spread SUBIÓ' })]);
    desk.wait(9 * 24 * HOUR);
    desk.append([killFact()], 'ana', 'k1');
    const found = (change: Partial<typeof NO_FILTER>) =>
      historyOf(viewOf(desk), { ...NO_FILTER, ...change }, desk.now()).map(({ cause }) => cause);
    expect(found({})).toEqual(['kill', 'alert']);
    expect(found({ severity: 'P0' })).toEqual(['kill']);
    expect(found({ cause: 'alert' })).toEqual(['alert']);
    expect(found({ text: 'spread subió' })).toEqual(['alert']);
    expect(found({ text: '#2' })).toEqual(['kill']);
    expect(found({ days: 7 })).toEqual(['kill']);
    expect(found({ stage: 'closed' })).toEqual([]);
  });

  it('show in their timeline what people wrote beside the log’s own', () => {
    const desk = started();
    desk.append([alertFact('a', 'P1')]);
    const { id } = desk.incident();
    desk.append([
      { type: 'incident.noted', data: { incident: id, kind: 'decision', text: 'se pausa' } },
      {
        type: 'incident.step_done',
        data: { incident: id, playbook: 'p', step: 'drift', done: true, outcome: 'nada raro' },
      },
    ]);
    const rows = timelineOf(desk.incident());
    expect(rows[0]).toMatchObject({ type: 'alert.raised', entry: null, said: null });
    expect(rows.at(-2)?.entry).toMatchObject({ kind: 'decision', text: 'se pausa' });
    expect(rows.at(-1)).toMatchObject({ step: 'drift', said: 'nada raro', by: 'ana' });
  });

  it('say why a button does nothing: the link first, then the role', () => {
    const desk = started();
    const roles = incidentsPolicy.permissions.close;
    expect(whyNot(viewOf(desk), roles)).toBeNull();
    const viewer = { id: 'eva', name: 'Eva', roles: ['viewer' as const], tokenExpiresAt: null };
    expect(whyNot(viewOf(desk, { operator: viewer }), roles)).toBe('why.role');
    const down = { state: 'down' } as DeskView['link'];
    expect(whyNot(viewOf(desk, { operator: viewer, link: down }), roles)).toBe('why.link');
  });

  it('want a post-mortem of P0 and P1 within policy’s time of their resolution, until it is published', () => {
    const desk = started();
    desk.append([alertFact('a', 'P1')]);
    expect(postMortemDueAt(viewOf(desk), desk.incident())).toBeNull();
    const { id } = desk.incident();
    desk.append([
      { type: 'incident.acknowledged', data: { incident: id, via: 'console' } },
      {
        type: 'incident.state_changed',
        data: { incident: id, from: 'acknowledged', to: 'mitigating' },
      },
      {
        type: 'incident.resolved',
        data: { incident: id, rootCause: 'x', resolution: 'y', books: [] },
      },
    ]);
    const due = postMortemDueAt(viewOf(desk), desk.incident());
    expect(due).toBe(T + incidentsPolicy.postMortem.withinMs);
    desk.append([
      { type: 'postmortem.saved', data: { incident: id, language: 'es', markdown: '# x' } },
    ]);
    expect(postMortemDueAt(viewOf(desk), desk.incident())).toBe(due);
    desk.append([{ type: 'postmortem.published', data: { incident: id } }]);
    expect(postMortemDueAt(viewOf(desk), desk.incident())).toBeNull();
  });
});

describe('what engines have now', () => {
  it('is taken from telemetry that is live, and is not known otherwise', () => {
    const positions = [{ notional: 5, currency: 'USD' }];
    const figures = { e1: { engine: 'e1', currency: 'USD', equity: 9, equityAt: 1, positions } };
    const at = (telemetryLink: DeskView['telemetryLink']) =>
      booksOf({ figures, telemetryLink } as unknown as DeskView);
    expect(at('live')).toMatchObject([{ engine: 'e1', positions: 1, notional: { USD: 5 } }]);
    expect(at('stale')).toEqual([]);
  });
});

describe('the annulment clock on the screen', () => {
  const fill = (id: string, at: number) => ({
    ...{ id, engine: 'e1', instrument: 'USD/COP', side: 'buy' as const, quantity: 1, price: 4_000 },
    at,
  });

  it('runs for each execution caught, once however many incidents caught it', () => {
    const desk = started();
    desk.append([alertFact('a', 'P1'), alertFact('b', 'P0')]);
    const recent = [fill('o1', T - 20 * MIN), fill('o2', T - 10 * MIN), fill('o3', T + MIN)];
    const executions = { since: 0, recent, omitted: 0 };
    const view = viewOf(desk, { executions });
    const rows = annulmentOf(view, desk.incident(), T + 2 * MIN);
    expect(rows.map(({ id, leftMs }) => [id, leftMs])).toEqual([
      ['o2', 3 * MIN],
      ['o3', 14 * MIN],
    ]);
    expect(runningAnnulments(view, T + 2 * MIN).map(({ id }) => id)).toEqual(['o2', 'o3']);
    expect(runningAnnulments(view, T + 6 * MIN).map(({ id }) => id)).toEqual(['o3']);
  });
});

describe('action items', () => {
  const item = (id: string, due: string, status: ActionItem['status']): ActionItem => ({
    ...{ id, incident: 'i1', text: id, owner: 'ana', due, status },
    remindedAt: null,
    set: { at: T, seq: 1, by: { id: 'ana', role: 'cto', terminal: null } },
  });

  it('are overdue from the day after their last, in Bogota, unless they are over', () => {
    const at = Date.UTC(2026, 1, 3, 3);
    expect(isOverdue(item('a', '2026-02-02', 'open'), at)).toBe(false);
    expect(isOverdue(item('a', '2026-02-02', 'open'), at + 3 * HOUR)).toBe(true);
    expect(isOverdue(item('a', '2026-02-02', 'done'), at + 3 * HOUR)).toBe(false);
  });

  it('come by their due day, those that are over last', () => {
    const items = [item('a', '2026-01-01', 'done'), item('b', '2026-03-01', 'open')];
    const all = [...items, item('c', '2026-02-01', 'in_progress')];
    expect(actionItemsOf(all, 'i1').map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    expect(actionItemsOf(all, 'other')).toEqual([]);
  });
});

describe('what the screen says of people who are told', () => {
  const slack = { channel: 'slack' as const, label: '', ca: null };

  it('calls reach somebody only by a channel that policy has for them and the desk has set up', () => {
    const desk = started();
    const view = () => viewOf(desk, { notificationsPolicy });
    expect(callsReach(view(), 'P1')).toBe(false);
    const { channels, severities } = notificationsPolicy;
    const elsewhere = { ...channels, [severities.P1]: ['pagerduty' as const] };
    desk.append([{ type: 'channel.configured', data: { settings: slack, secretSet: true } }]);
    expect(callsReach(view(), 'P1')).toBe(true);
    const other = { ...notificationsPolicy, channels: elsewhere };
    expect(callsReach(viewOf(desk, { notificationsPolicy: other }), 'P1')).toBe(false);
    expect(unreached(view(), ['slack', 'email'])).toEqual(['email']);
  });
});

describe('an incident of the past', () => {
  it('has no clocks of executions that were made after it', () => {
    const desk = started();
    desk.append([killFact()]);
    const recent = { since: T, recent: [], omitted: 3 };
    const view = viewOf(desk, { executions: recent, notificationsPolicy });
    const past = { ops: desk.state(), ts: T, seq: desk.state().seq, positions: [] };
    expect(pastView(view, past, null).executions).toBeNull();
  });
});
