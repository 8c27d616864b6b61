import { describe, expect, it } from 'vitest';
import {
  commandIds,
  outcomeOf,
  playbookOf,
  progressOf,
  standingNow,
} from '../../../src/renderer/desk/playbook.state';
import type { DeskView } from '../../../src/shared/view/desk';
import { phrase } from '../../../src/shared/words/phrase';
import {
  alertFact,
  deskFact,
  engineFacts,
  incidentDesk,
  killFact,
  playbooks,
} from '../../support/incidents';

const view = (change: object): DeskView =>
  ({
    ...{ kills: [], commands: [], figures: {}, playbooks, telemetryLink: 'live' },
    ...change,
  }) as unknown as DeskView;

describe('a playbook on the screen', () => {
  it('counts the steps that are ticked', () => {
    const desk = incidentDesk();
    desk.append([alertFact('a', 'P1')]);
    const playbook = playbookOf(view({}), desk.incident());
    if (!playbook) throw new Error('an automatic rollback has a playbook');
    expect(progressOf(playbook, desk.incident())).toEqual({ done: 0, all: 10 });
    const { id: incident } = desk.incident();
    const about = { incident, playbook: playbook.id, step: 'drift', outcome: null };
    desk.append([{ type: 'incident.step_done', data: { ...about, done: true } }]);
    expect(progressOf(playbook, desk.incident()).done).toBe(1);
    desk.append([{ type: 'incident.step_done', data: { ...about, done: false } }]);
    expect(progressOf(playbook, desk.incident()).done).toBe(0);
  });

  it('follows only the order that its own button led to', () => {
    const old = { id: 'c1', name: 'pause', stage: 'done' };
    const run = {
      step: 's',
      action: 'pause' as const,
      before: commandIds(view({ commands: [old] })),
    };
    const at = (...commands: object[]) =>
      outcomeOf(view({ commands: [...commands, old] }), run, 'es');
    expect(at()).toBeNull();
    expect(at({ id: 'c2', name: 'incident.note', stage: 'done' })).toBeNull();
    expect(at({ id: 'c2', name: 'pause', stage: 'sent' })).toMatchObject({ stage: 'running' });
    expect(at({ id: 'c2', name: 'pause', stage: 'unknown' })).toMatchObject({ stage: 'running' });
    expect(at({ id: 'c2', name: 'pause', stage: 'done' })).toMatchObject({
      id: 'c2',
      stage: 'taken',
    });
    const refused = {
      id: 'c2',
      name: 'pause',
      stage: 'rejected',
      code: 'forbidden',
      message: 'your roles may not pause',
      said: [phrase('your roles may not {what}', { what: { all: [{ code: 'pause' }] } })],
    };
    expect(at(refused)).toEqual({
      id: 'c2',
      stage: 'refused',
      message: 'sus roles no permiten: pausar',
    });
    const kill = { step: 's', action: 'kill' as const, before: new Set<string>() };
    const killed = (stage: string) => outcomeOf(view({ kills: [{ id: 'k1', stage }] }), kill, 'es');
    expect(killed('sending')).toMatchObject({ stage: 'running' });
    expect(killed('accepted')).toMatchObject({ stage: 'taken' });
  });

  it('writes down what the desk is like, and what is not known as not known', () => {
    const desk = incidentDesk();
    desk.append([deskFact(), ...engineFacts('e1'), ...engineFacts('e2')]);
    desk.append([killFact()], 'ana', 'k1');
    const figures = { e1: { positions: [{}, {}] } };
    expect(standingNow(view({ ops: desk.state(), figures }))).toMatchObject({
      ...{ mode: 'killed', engines: 2, connected: 2, killed: 2, flat: 0, positions: null },
    });
    const both = { ...figures, e2: { positions: [] } };
    expect(standingNow(view({ ops: desk.state(), figures: both })).positions).toBe(2);
    const blind = view({ ops: desk.state(), figures: both, telemetryLink: 'down' });
    expect(standingNow(blind).positions).toBeNull();
  });
});
