import { join } from 'node:path';
import type { Fact } from '../../src/gateway/facts';
import { factsDue, nextDue } from '../../src/gateway/incidents/due';
import { isHappening, whatOpens } from '../../src/gateway/incidents/opening';
import { readPolicies } from '../../src/node/policyFiles';
import type { Book } from '../../src/shared/incidents/events';
import type { Incident } from '../../src/shared/incidents/state';
import type { LogEvent } from '../../src/shared/log/event';
import { toDomainEvent } from '../../src/shared/ops/events';
import { foldOps } from '../../src/shared/ops/fold';
import { INITIAL_OPS_STATE, type OpsState } from '../../src/shared/ops/state';
import { ROOT } from './root';

const files = readPolicies(join(ROOT, 'resources/policy'));
export const incidentsPolicy = files.incidents.document;
export const playbooks = files.playbooks.document;
export const calendar = files.calendar.document;

/** A Monday that is no holiday, 09:00 in Bogota. */
export const T = Date.UTC(2026, 1, 2, 14);
export const MIN = 60_000;
export const HOUR = 3_600_000;

/** The gateway's rules about incidents on a log of their own, under a clock that the test moves. */
export function incidentDesk(policy = incidentsPolicy) {
  let state: OpsState = INITIAL_OPS_STATE;
  let now = T;
  let ids = 0;
  let books: readonly Book[] = [];
  const events: LogEvent[] = [];
  const rules = { incidents: policy, calendar, playbooks };
  const context = () => ({
    ...{ policies: rules, books: () => books, tradesPerHour: () => null, now },
    related: (commandId: string, afterSeq: number) =>
      events
        .filter((one) => one.commandId === commandId && one.seq > afterSeq)
        .map(({ seq, ts, type }) => ({ seq, ts, type })),
    newId: () => {
      ids += 1;
      return `i${ids}`;
    },
  });

  function append(facts: readonly Fact[], by = 'ana', commandId: string | null = null): void {
    for (const { type, data, ...about } of facts) {
      const seq = state.seq + 1;
      const event = {
        ...{ seq, id: `e${seq}`, ts: now, type, data, prevHash: '', hash: '' },
        actor: { id: by, role: 'trading-lead', terminal: null },
        ...{ commandId, reason: null },
        ...about,
      } as unknown as LogEvent;
      events.push(event);
      state = foldOps(state, event);
      const known = toDomainEvent(event);
      if (!known) throw new Error(`${type} does not fit its schema`);
      if (isHappening(known)) append(whatOpens(known, state, context()), 'gateway');
    }
    const due = factsDue(state, rules, now);
    if (due.length > 0) append(due, 'gateway');
  }

  return {
    events,
    rules,
    state: () => state,
    now: () => now,
    append,
    hold(next: readonly Book[]) {
      books = next;
    },
    /** Moves the clock on in one leap, as a machine that slept; what is due is then late. */
    leap(ms: number) {
      now += ms;
      append([]);
    },
    /** Moves the clock on and stops at everything that becomes due, as timers do. */
    wait(ms: number) {
      const until = now + ms;
      for (;;) {
        const next = nextDue(state, rules);
        if (next === null || next > until) break;
        now = Math.max(now, next);
        append([]);
      }
      now = until;
    },
    incident(): Incident {
      const [one] = state.incidents.incidents;
      if (!one) throw new Error('there is no incident');
      return one;
    },
    escalated: () =>
      events
        .filter(({ type }) => type === 'incident.escalated')
        .map(({ ts, data }) => ({ at: ts, step: data.step, lateMs: data.lateMs })),
  };
}

/** An engine on record, connected. */
export function engineFacts(engine: string, environment: 'paper' | 'live' = 'paper'): Fact[] {
  return [
    {
      type: 'engine.registered',
      data: {
        ...{ engine, name: engine, kind: 'fake', environment, software: 'test' },
        instruments: ['USD/COP'],
      },
    },
    {
      type: 'engine.connected',
      data: {
        ...{ engine, session: `${engine}-s`, reportedMode: 'normal', appliedMode: 'normal' },
        ...{ selfPausedAt: null, clockOffsetMs: 0 },
      },
    },
  ];
}

export function deskFact(environment: 'paper' | 'live' = 'paper'): Fact {
  const data = { epoch: 'ep', gatewayId: 'gw', publicKey: '', environment };
  return { type: 'log.opened', data };
}

export function killFact(drill = false): Fact {
  const data = { scope: { kind: 'all' as const }, closePositions: true, notifyTeam: true };
  return {
    type: 'kill.requested',
    reason: 'pérdidas',
    data: { ...data, origin: 'panel', targets: [], ageMs: 3, drill },
  };
}

export function alertFact(alert: string, severity: 'P0' | 'P1' | 'P2' | 'P3', change = {}): Fact {
  const about = { kind: 'auto_rollback', model: null, engine: null, detail: 'x' };
  return {
    type: 'alert.raised',
    data: { alert, severity, ...about, source: 'monitor', ...change },
  };
}
