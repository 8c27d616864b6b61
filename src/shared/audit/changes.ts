import type { Json } from '../log/canonical';
import type { LogEvent } from '../log/event';
import type { EventType } from '../ops/events';

/** The member of an event's data that says it, several that say it together, what its type says, or none. */
type Members = string | readonly string[] | { readonly always: string } | null;

const REGISTERED = [
  ...['version', 'hashes', 'owner', 'backupOwner', 'training', 'backtest', 'outOfSample'],
  'rollbackPlan',
];

/**
 * Where each type of event that changes something says what was there before and what is there after.
 * Types that are not here change nothing that stands by themselves: they are orders, sightings and
 * answers; what a kill or a pause came to stands in each engine's `engine.mode_applied`. A `before` is recorded by the gateway with the change; events of earlier versions have none.
 */
export const CHANGES: Readonly<Partial<Record<EventType, readonly [Members, Members]>>> = {
  'policy.loaded': ['before', 'document'],
  'policy.changed': ['before', 'document'],
  'engine.connected': ['reportedMode', 'appliedMode'],
  'engine.mode_applied': [null, ['mode', 'outcome']],
  'engine.outside_change': [null, 'mode'],
  'engine.fault_set': [null, 'fault'],
  'ops.resumed': ['before', 'to'],
  'model.registered': ['before', REGISTERED],
  'model.updated': ['before', ['owner', 'backupOwner', 'rollbackPlan']],
  'model.metrics_reported': ['before', ['phase', 'metrics', 'shadowAgreement']],
  'model.stage_changed': ['from', 'to'],
  'deployment.started': ['previous', 'model'],
  'deployment.engine_settled': [null, ['outcome', 'hash']],
  'promotion.closed': [{ always: 'open' }, 'outcome'],
  'exception.ended': [null, 'cause'],
  'review.closed': [null, 'outcome'],
  'retraining.closed': [null, 'outcome'],
  'monitor.lease_changed': [null, 'holder'],
  'monitor.trigger_changed': ['from', 'check'],
  'monitor.state_changed': [null, 'machine'],
  'monitor.dry_run_set': ['before', ['on', 'until']],
  'incident.state_changed': ['from', 'to'],
  'incident.severity_changed': ['from', 'to'],
  'incident.commander_set': ['before', 'commander'],
  'incident.step_done': [null, ['done', 'outcome']],
  'action_item.set': ['before', ['incident', 'text', 'owner', 'due', 'status']],
  'channel.configured': ['before', ['settings', 'secretSet']],
  'channel.removed': ['before', null],
  'channel.state_changed': [null, 'state'],
  'bridge.configured': ['before', ['kind', 'name', 'address', 'options', 'secrets', 'source']],
  'bridge.removed': ['before', null],
  'bridge.state_changed': [null, 'state'],
};

/** What was there before an event and what is there after it; undefined where it says nothing of it. */
export function changeOf({ type, data }: Pick<LogEvent, 'type' | 'data'>): {
  readonly before: Json | undefined;
  readonly after: Json | undefined;
} {
  const [before, after] = Object.hasOwn(CHANGES, type)
    ? (CHANGES[type as EventType] ?? NOTHING)
    : NOTHING;
  return { before: said(data, before), after: said(data, after) };
}

const NOTHING = [null, null] as const;

function said(data: LogEvent['data'], members: Members): Json | undefined {
  if (members === null) return undefined;
  if (typeof members === 'object' && 'always' in members) return members.always;
  if (typeof members === 'string') return Object.hasOwn(data, members) ? data[members] : undefined;
  const there = members.filter((name) => Object.hasOwn(data, name));
  if (there.length === 0) return undefined;
  return Object.fromEntries(there.map((name) => [name, data[name] as Json]));
}
