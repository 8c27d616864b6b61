import { isDryRun } from '../monitor/record';
import { orderedMode } from '../ops/effectiveMode';
import type { EventDataOf, EventType } from '../ops/events';
import { enginesInScope } from '../ops/scope';
import type { OpsState } from '../ops/state';
import type { Scope } from '../protocol/commands';
import { CHANGES } from './changes';

type Change = {
  readonly [Type in EventType]: { readonly type: Type; readonly data: EventDataOf<Type> };
}[EventType];

/**
 * What an event is about to change, as it stands, in the form in which the event itself says what is
 * there after it (`CHANGES`).
 *
 * @param state the fold over all that came before.
 * @param now the event's time, UTC ms.
 * @returns null where nothing is there; undefined for a type that changes nothing that stands, or
 * that says itself what was there.
 */
export function stateBefore(state: OpsState, { type, data }: Change, now: number): unknown {
  const { models } = state.models;
  const { channels } = state.notify;
  const { bridges } = state.bridges;
  switch (type) {
    case 'policy.loaded':
    case 'policy.changed':
      return state.policies[data.name]?.document ?? null;
    case 'ops.resumed':
      return modesOf(state, data.scope);
    case 'model.registered':
    case 'model.updated':
      return likeAfter(type, models[data.model]);
    case 'model.metrics_reported': {
      const model = models[data.model];
      const { phase } = data;
      const { backtest = null, staging = null, shadowAgreement = null } = model ?? {};
      return phase === 'backtest'
        ? { phase, metrics: backtest, shadowAgreement: null }
        : { phase, metrics: staging, shadowAgreement };
    }
    case 'monitor.dry_run_set': {
      const on = isDryRun(state.monitor, now);
      return { on, until: on ? state.monitor.dryRunUntil : null };
    }
    case 'incident.commander_set': {
      const incident = state.incidents.incidents.find(({ id }) => id === data.incident);
      return incident?.commander ?? null;
    }
    case 'action_item.set':
      return likeAfter(
        type,
        state.incidents.actionItems.find(({ id }) => id === data.item),
      );
    case 'channel.configured':
      return likeAfter(type, channels[data.settings.channel]);
    case 'channel.removed':
      return likeAfter('channel.configured', channels[data.channel]);
    case 'bridge.configured':
      return likeAfter(type, bridges[data.bridge]);
    case 'bridge.removed':
      return likeAfter('bridge.configured', bridges[data.bridge]);
    default:
      return undefined;
  }
}

/** The members of a record that an event of this type gives anew. */
function likeAfter(type: EventType, record: object | undefined): unknown {
  const [, after] = CHANGES[type] ?? [];
  if (!record || !Array.isArray(after)) return null;
  const all = new Map(Object.entries(record));
  return Object.fromEntries(after.map((name) => [name, all.get(name) ?? null]));
}

/** The desk's ordered mode, or that of each engine in scope. */
function modesOf(state: OpsState, scope: Scope): unknown {
  if (scope.kind === 'all') return state.desk.mode;
  const engines = enginesInScope(state, scope);
  return Object.fromEntries(engines.map((engine) => [engine, orderedMode(state, engine)]));
}
