import type { LogEvent } from '../log/event';

/** What an event can be found by, beside its place, its time and its words. */
export const FACETS = ['type', 'actor', 'role', 'model', 'engine', 'incident'] as const;
export type Facet = (typeof FACETS)[number];

/** A facet and the value an event has for it; an event may name several engines or models. */
export type Mark = readonly [facet: Facet, value: string];

/** The longest text of an event that is searched, in UTF-16 code units. */
export const SEARCHED_TEXT_MAX = 4_000;
/** As many marks as one event may have: one that names a thousand engines is found by the first of them. */
const MARKS_MAX = 64;
const VALUE_MAX = 256;

const MODEL_FIELDS = ['model', 'previous', 'target', 'default_model'] as const;

/** Every mark of an event, each once, in a fixed order. Data of any shape is read with care. */
export function marksOf(event: LogEvent): readonly Mark[] {
  const marks: Mark[] = [];
  const seen = new Set<string>();
  const add = (facet: Facet, value: unknown): void => {
    if (typeof value !== 'string' || value === '' || marks.length >= MARKS_MAX) return;
    const cut = value.slice(0, VALUE_MAX).toWellFormed();
    const key = `${facet}\n${cut}`;
    if (seen.has(key)) return;
    seen.add(key);
    marks.push([facet, cut]);
  };
  const { data } = event;
  add('type', event.type);
  add('actor', event.actor.id);
  add('role', event.actor.role);
  for (const field of MODEL_FIELDS) {
    // Some promotions have a stage for a target: only what is about a model is a model.
    if (field === 'target' && event.type.startsWith('promotion.')) continue;
    add('model', data[field]);
  }
  addAll(data.trades, (trade) => add('model', memberOf(trade, 'model')));
  add('engine', data.engine);
  addAll(data.engines, (engine) => add('engine', engine));
  addAll(data.targets, (target) => add('engine', memberOf(target, 'engine')));
  addAll(memberOf(data.scope, 'engines'), (engine) => add('engine', engine));
  add('incident', data.incident);
  return marks;
}

function addAll(value: unknown, add: (item: unknown) => void): void {
  if (Array.isArray(value)) for (const item of value.slice(0, MARKS_MAX)) add(item);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/**
 * The words an event is searched by: its type, who, why, and every text and figure of its data, in
 * the order of the canonical JSON, the ids of trades before all else. Cut at {@link SEARCHED_TEXT_MAX}.
 */
export function readableText(event: LogEvent): string {
  const parts = [event.type, event.actor.id];
  if (event.actor.role !== event.actor.id) parts.push(event.actor.role);
  if (event.actor.terminal !== null) parts.push(event.actor.terminal);
  if (event.reason !== null) parts.push(event.reason);
  // A trade is looked for by its id, and the rest of so many may be cut.
  addAll(event.data.trades, (trade) => {
    const id = memberOf(trade, 'tradeId');
    if (typeof id === 'string') parts.push(id);
  });
  let left = SEARCHED_TEXT_MAX;
  collect(event.data, (text) => {
    if (left > 0) parts.push(text);
    left -= text.length;
  });
  // A NUL would end the text for some readers of it.
  return parts.join(' ').slice(0, SEARCHED_TEXT_MAX).toWellFormed().replaceAll('\u0000', ' ');
}

function collect(value: unknown, add: (text: string) => void): void {
  if (typeof value === 'string') add(value);
  else if (typeof value === 'number') add(String(value));
  else if (Array.isArray(value)) for (const item of value) collect(item, add);
  else if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    for (const name of Object.keys(members).sort()) collect(members[name], add);
  }
}
