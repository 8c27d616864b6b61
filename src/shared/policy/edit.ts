import { canonicalJson } from '../log/canonical';
import type { PromotionRequest } from '../models/state';
import { type Policies, policyFaults } from './inForce';
import type { ModelsPolicy } from './models';

/** Policies that people change by command. */
export type EditablePolicy = 'models' | 'monitor';

type Scalar = string | number | boolean | null;
export type PolicyValue = Scalar | readonly Scalar[];

/** A value of a policy, by the keys that lead to it. */
export interface PolicyField {
  /** The keys with dots between, as the file and the documents name it. */
  readonly path: string;
  readonly value: PolicyValue;
}

/** Every value of a policy in the file's order. Its version is the log's to count and is left out. */
export function policyFields(document: object): readonly PolicyField[] {
  return fieldsOf(document, '').filter(({ path }) => path !== 'version');
}

/** A value, or a list of values; a list of objects has fields of its own, by their place. */
function isOneField(value: unknown): value is PolicyValue {
  if (value === null || typeof value !== 'object') return true;
  return Array.isArray(value) && value.every((one) => one === null || typeof one !== 'object');
}

function fieldsOf(value: unknown, path: string): PolicyField[] {
  if (isOneField(value)) return [{ path, value }];
  return Object.entries(value as object).flatMap(([key, inner]) =>
    fieldsOf(inner, path === '' ? key : `${path}.${key}`),
  );
}

/** A value as it is typed. Nothing typed is null, or an empty list. */
export function fieldText(value: PolicyValue): string {
  if (value === null) return '';
  return typeof value === 'object' ? value.join(', ') : String(value);
}

/**
 * Reads what was typed as the kind of value that stands there now. What is no number stays text, so
 * that the schema says of it what is wrong.
 */
export function readField(text: string, now: PolicyValue): PolicyValue {
  const typed = text.trim();
  if (typeof now === 'object' && now !== null) {
    return typed === '' ? [] : typed.split(',').map((part) => numberOr(part.trim()));
  }
  if (typeof now === 'boolean') return typed === 'true';
  if (typeof now === 'string') return typed;
  return typed === '' ? null : numberOr(typed);
}

function numberOr(text: string): number | string {
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? number : text;
}

/** The document with some of its values typed anew. @param typed text by path */
export function editedPolicy(document: object, typed: Readonly<Record<string, string>>): object {
  return edited(document, '', typed) as object;
}

function edited(value: unknown, path: string, typed: Readonly<Record<string, string>>): unknown {
  if (isOneField(value)) {
    const text = Object.hasOwn(typed, path) ? typed[path] : undefined;
    return text === undefined ? value : readField(text, value);
  }
  const entries = Object.entries(value as object).map(([key, inner]) => {
    return [key, edited(inner, path === '' ? key : `${path}.${key}`, typed)] as const;
  });
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

export interface PolicyDifference {
  readonly path: string;
  readonly before: PolicyValue;
  readonly after: PolicyValue;
}

/** What differs between two documents of one policy, in the file's order. */
export function policyDifferences(before: object, after: object): readonly PolicyDifference[] {
  const next = new Map(policyFields(after).map(({ path, value }) => [path, value]));
  return policyFields(before).flatMap(({ path, value }) => {
    const other = next.get(path) ?? null;
    return JSON.stringify(other) === JSON.stringify(value)
      ? []
      : [{ path, before: value, after: other }];
  });
}

/** What the schema has against a document: by the value's path, in its own words. */
export function faultsByField(
  name: keyof Policies,
  document: object,
): Readonly<Record<string, string>> {
  const paths = policyFields(document).map(({ path }) => path);
  const faults: Record<string, string> = {};
  for (const { path, message } of policyFaults(name, document)) {
    // A fault of one entry of a list is the list's.
    const field = paths.find((one) => path === one || path.startsWith(`${one}.`)) ?? path;
    faults[field] ??= message;
  }
  return faults;
}

/** Requests whose approvals end when a policy takes the place of another. */
export function requestsVoided(
  requests: readonly PromotionRequest[],
  before: ModelsPolicy,
  after: ModelsPolicy,
): readonly PromotionRequest[] {
  return requests.filter(
    ({ target }) =>
      canonicalJson(before.promotion[target]) !== canonicalJson(after.promotion[target]),
  );
}
