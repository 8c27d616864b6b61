import type { LogEvent } from '../log/event';
import { type DomainEvent, toDomainEvent } from '../ops/events';
import {
  absent,
  type Figure,
  figure,
  figureOr,
  type LogRange,
  percentile,
  rangeOf,
} from './figure';
import { byCodeUnits, groupBy } from './group';
import type {
  ChannelFigures,
  DeploymentFigures,
  DrillFigures,
  KillFigures,
  MonitorFigures,
} from './report';

type Of<Type extends DomainEvent['type']> = Extract<DomainEvent, { type: Type }>;

/** The events of some types, with their data read. */
export function ofType<Type extends DomainEvent['type']>(
  events: readonly DomainEvent[],
  ...types: readonly Type[]
): readonly Of<Type>[] {
  return events.filter((one): one is Of<Type> => types.includes(one.type as Type));
}

export function domainEvents(events: readonly LogEvent[]): readonly DomainEvent[] {
  return events.flatMap((event) => toDomainEvent(event) ?? []);
}

/** A time between two events, by the gateway's clock; the first of them began it. */
function between(
  begun: { readonly seq: number; readonly ts: number },
  done: { readonly seq: number; readonly ts: number } | undefined,
): Figure {
  if (!done) return absent('not_there_yet', 'ms', { fromSeq: begun.seq, toSeq: begun.seq });
  const range = { fromSeq: begun.seq, toSeq: done.seq };
  return figure(Math.max(0, done.ts - begun.ts), 'ms', range);
}

const at = (seq: number): LogRange => ({ fromSeq: seq, toSeq: seq });

/** Kills asked for among the events, with their times: press → log → blocked → flat. */
export function killsOf(events: readonly DomainEvent[]): readonly KillFigures[] {
  return ofType(events, 'kill.requested').map((kill) => {
    const { seq, ts, actor, reason, commandId, data } = kill;
    const first = (type: 'kill.halted' | 'kill.flat') =>
      ofType(events, type).find((one) => one.commandId === commandId && one.seq > seq);
    const { ageMs } = data;
    // A negative age is two clocks that disagree.
    const press = ageMs !== null && ageMs >= 0 ? ageMs : null;
    return {
      ...{ seq, at: ts, by: actor.id, reason, origin: data.origin, drill: data.drill },
      press: figureOr(press, 'not_measured', 'ms', at(seq)),
      blocked: between(kill, first('kill.halted')),
      flat: between(kill, first('kill.flat')),
    };
  });
}

export function drillsOf(events: readonly DomainEvent[]): readonly DrillFigures[] {
  return ofType(events, 'drill.started').map(({ seq, ts, actor, data }) => {
    const done = ofType(events, 'drill.finished').find(
      (one) => one.data.drill === data.drill && one.seq > seq,
    );
    const range = { fromSeq: seq, toSeq: done?.seq ?? seq };
    const time = (value: number | null | undefined): Figure =>
      figureOr(value ?? null, done ? 'not_measured' : 'not_there_yet', 'ms', range);
    return {
      ...{ seq, at: ts, by: actor.id, origin: data.origin },
      outcome: done?.data.outcome ?? 'running',
      press: figureOr(data.pressMs, 'not_measured', 'ms', at(seq)),
      blocked: time(done?.data.blockedMs),
      flat: time(done?.data.flatMs),
    };
  });
}

/** Rollbacks and promotions begun among the events, each with the time until every engine had it. */
export function deploymentsOf(events: readonly DomainEvent[]): readonly DeploymentFigures[] {
  return ofType(events, 'deployment.started').map(({ seq, ts, actor, data }) => {
    const { deployment, kind, model, previous } = data;
    const mine = ofType(events, 'deployment.completed', 'deployment.incomplete').filter(
      (one) => one.data.deployment === deployment && one.seq > seq,
    );
    const done = ofType(mine, 'deployment.completed')[0];
    const range = { fromSeq: seq, toSeq: done?.seq ?? seq };
    return {
      ...{ seq, at: ts, kind, model, previous, by: actor.id },
      incomplete: !done && mine.length > 0,
      took: figureOr(done?.data.tookMs ?? null, 'not_there_yet', 'ms', range),
    };
  });
}

export function monitorOf(events: readonly DomainEvent[], whole: LogRange): MonitorFigures {
  const changes = ofType(events, 'monitor.trigger_changed');
  const fired = ofType(events, 'monitor.fired');
  const byTrigger = groupBy(changes, ({ data }) => data.check.trigger);
  const counted = (all: readonly { readonly seq: number }[]): Figure =>
    figure(all.length, 'count', rangeOf(seqs(all), whole), all.length);
  return {
    changes: counted(changes),
    firings: counted(fired),
    triggers: [...byTrigger].map(([trigger, own]) => {
      const last = own.at(-1) ?? own[0];
      const { outcome, value, limit } = last.data.check;
      const breaches = own.filter(({ data }) => data.check.outcome === 'breach').length;
      return { trigger, changes: own.length, breaches, last: outcome, value, limit, seq: last.seq };
    }),
    fired: fired.map(({ seq, ts, data: { model, causes, actions, dryRun } }) => ({
      ...{ seq, at: ts, model, causes, actions, dryRun },
    })),
  };
}

/** Notifications by channel, read by name: a log without them has none to tell of. */
export function deliveryOf(
  events: readonly LogEvent[],
  whole: LogRange,
): readonly ChannelFigures[] {
  const told = events.filter(({ type }) => /^notification\.(delivered|failed)$/.test(type));
  const byChannel = groupBy(told, ({ data: { channel } }) =>
    typeof channel === 'string' ? channel : 'unknown',
  );
  return [...byChannel]
    .sort(([a], [b]) => byCodeUnits(a, b))
    .map(([channel, own]) => {
      const delivered = own.filter(({ type }) => type === 'notification.delivered');
      const failed = own.filter(({ type }) => type === 'notification.failed');
      const took = tookOf(delivered);
      const range = rangeOf(seqs(own), whole);
      const time = (q: number): Figure =>
        figureOr(percentile(took, q), 'no_notifications', 'ms', range, took.length);
      return {
        channel,
        delivered: figure(delivered.length, 'count', range, delivered.length),
        failed: figure(failed.length, 'count', range, failed.length),
        ...{ p50: time(0.5), p99: time(0.99) },
      };
    });
}

/** From the event to the third party's yes, of those that say so; ms. */
export function tookOf(delivered: readonly LogEvent[]): readonly number[] {
  return delivered.flatMap(({ data: { tookMs } }) =>
    typeof tookMs === 'number' && tookMs >= 0 ? [tookMs] : [],
  );
}

export function seqs(events: readonly { readonly seq: number }[]): readonly number[] {
  return events.map(({ seq }) => seq);
}
