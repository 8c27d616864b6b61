import type { z } from 'zod';
import type { PolicyName } from '../ops/events';
import type { OpsState, PolicyRecord } from '../ops/state';
import type { Result } from '../result';
import { fail, ok } from '../result';
import { calendarSchema, type HolidayCalendar } from './calendar';
import { type IncidentsPolicy, incidentsPolicySchema } from './incidents';
import { type ModelsPolicy, modelsPolicySchema } from './models';
import { type MonitorPolicy, monitorPolicySchema } from './monitor';
import { type NotificationsPolicy, notificationsPolicySchema } from './notifications';
import { type OperationsPolicy, operationsPolicySchema } from './operations';
import { type Playbooks, playbooksSchema } from './playbooks';
import { type ReportsPolicy, reportsPolicySchema } from './reports';

/** Policies as the log has them in force. */
export interface Policies {
  readonly operations: OperationsPolicy;
  readonly models: ModelsPolicy;
  readonly monitor: MonitorPolicy;
  readonly incidents: IncidentsPolicy;
  readonly reports: ReportsPolicy;
  readonly playbooks: Playbooks;
  readonly calendar: HolidayCalendar;
  readonly notifications: NotificationsPolicy;
}

const SCHEMAS = {
  operations: operationsPolicySchema,
  models: modelsPolicySchema,
  monitor: monitorPolicySchema,
  incidents: incidentsPolicySchema,
  reports: reportsPolicySchema,
  playbooks: playbooksSchema,
  calendar: calendarSchema,
  notifications: notificationsPolicySchema,
} as const satisfies Partial<Record<PolicyName, z.ZodType>>;

/**
 * A policy as recorded; the one given where the log has none, or one that this version cannot read.
 */
export function policyInForce<Name extends keyof Policies>(
  record: PolicyRecord | undefined,
  name: Name,
  otherwise: Policies[Name],
): Policies[Name] {
  if (!record) return otherwise;
  const parsed = SCHEMAS[name].safeParse(record.document);
  return parsed.success ? (parsed.data as Policies[Name]) : otherwise;
}

/** Reads a policy from a state that grows, parsing only what has changed. */
export function inForceReader<Name extends keyof Policies>(
  name: Name,
  otherwise: Policies[Name],
): (state: OpsState) => Policies[Name] {
  let record: PolicyRecord | undefined;
  let policy = otherwise;
  return (state) => {
    const next = state.policies[name];
    if (next !== record) {
      record = next;
      policy = policyInForce(record, name, otherwise);
    }
    return policy;
  };
}

/** Each policy as a log has it in force. */
export type InForce = { readonly [Name in keyof Policies]: (state: OpsState) => Policies[Name] };

/** Reads each policy as it holds: what the log says since, and the file's where it says nothing of it. */
export function readersInForce(
  files: {
    readonly [Name in keyof Policies]: { readonly document: Policies[Name] };
  },
): InForce {
  return {
    // That of operations is the file's, for the whole run.
    operations: () => files.operations.document,
    models: inForceReader('models', files.models.document),
    monitor: inForceReader('monitor', files.monitor.document),
    incidents: inForceReader('incidents', files.incidents.document),
    reports: inForceReader('reports', files.reports.document),
    playbooks: inForceReader('playbooks', files.playbooks.document),
    calendar: inForceReader('calendar', files.calendar.document),
    notifications: inForceReader('notifications', files.notifications.document),
  };
}

/** All the policies as they hold at each moment. */
export function policiesInForce(
  files: Parameters<typeof readersInForce>[0],
  state: () => OpsState,
): () => Policies {
  const readers = readersInForce(files);
  return () => {
    const now = state();
    return {
      operations: readers.operations(now),
      models: readers.models(now),
      monitor: readers.monitor(now),
      incidents: readers.incidents(now),
      reports: readers.reports(now),
      playbooks: readers.playbooks(now),
      calendar: readers.calendar(now),
      notifications: readers.notifications(now),
    };
  };
}

/** What a policy's schema has against a document: the keys with dots between, and why. */
export function policyFaults(
  name: keyof Policies,
  document: unknown,
): readonly { readonly path: string; readonly message: string }[] {
  const { error } = SCHEMAS[name].safeParse(document);
  return (error?.issues ?? []).map(({ path, message }) => ({ path: path.join('.'), message }));
}

/**
 * What changing a policy puts on the record. Its version is counted on from the one in force, so
 * that no two documents have one version.
 */
export function policyChange(
  state: OpsState,
  name: keyof Policies,
  document: unknown,
): Result<{ name: PolicyName; version: string; document: unknown }, 'bad_policy'> {
  const parsed = SCHEMAS[name].safeParse(document);
  if (!parsed.success) {
    const faults = policyFaults(name, document).map(({ path, message }) => `${path}: ${message}`);
    return fail('bad_policy', faults.join('; '));
  }
  const before = state.policies[name]?.version ?? parsed.data.version;
  const [base = before, count = '0'] = before.split('+');
  const version = `${base}+${Number(count) + 1}`;
  return ok({ name, version, document: { ...parsed.data, version } });
}
