import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { calendarSchema, type HolidayCalendar } from '../shared/policy/calendar';
import { type IncidentsPolicy, incidentsPolicySchema } from '../shared/policy/incidents';
import { type ModelsPolicy, modelsPolicySchema } from '../shared/policy/models';
import { type MonitorPolicy, monitorPolicySchema } from '../shared/policy/monitor';
import {
  type NotificationsPolicy,
  notificationsPolicySchema,
} from '../shared/policy/notifications';
import { type OperationsPolicy, operationsPolicySchema } from '../shared/policy/operations';
import { type Playbooks, playbooksSchema } from '../shared/policy/playbooks';
import { type ReportsPolicy, reportsPolicySchema } from '../shared/policy/reports';
import { sha256 } from './sha256';

/** A policy file cannot be used; the message says which, where and why, a line for each fault. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
}

export interface PolicyFile<Document> {
  readonly document: Document;
  /** SHA-256 of the file's text. */
  readonly hash: string;
}

/** The files of `resources/policy`, and of `playbooks` and `calendar` beside it. */
export interface PolicyFiles {
  readonly operations: PolicyFile<OperationsPolicy>;
  readonly models: PolicyFile<ModelsPolicy>;
  readonly monitor: PolicyFile<MonitorPolicy>;
  readonly incidents: PolicyFile<IncidentsPolicy>;
  readonly reports: PolicyFile<ReportsPolicy>;
  readonly playbooks: PolicyFile<Playbooks>;
  readonly calendar: PolicyFile<HolidayCalendar>;
  readonly notifications: PolicyFile<NotificationsPolicy>;
}

/** Reads every policy of a folder. @throws {PolicyFileError} */
export function readPolicies(folder: string): PolicyFiles {
  return {
    operations: read(join(folder, 'operations.yaml'), operationsPolicySchema),
    models: read(join(folder, 'models.yaml'), modelsPolicySchema),
    monitor: read(join(folder, 'monitor.yaml'), monitorPolicySchema),
    incidents: read(join(folder, 'incidents.yaml'), incidentsPolicySchema),
    reports: read(join(folder, 'reports.yaml'), reportsPolicySchema),
    playbooks: readPlaybooks(join(folder, '..', 'playbooks')),
    calendar: read(join(folder, '..', 'calendar', 'co-holidays.yaml'), calendarSchema),
    notifications: read(join(folder, 'notifications.yaml'), notificationsPolicySchema),
  };
}

/** A procedure each file, and the quick reference and the templates: one document, by its own hash. */
function readPlaybooks(folder: string): PolicyFile<Playbooks> {
  const files = attempt(folder, () => readdirSync(folder).filter((one) => one.endsWith('.yaml')));
  const parts = files.sort().map((file) => ({ file, ...load(join(folder, file)) }));
  const named = (name: string) => parts.find(({ file }) => file === name)?.value;
  const whole = ['quick-reference.yaml', 'templates.yaml'];
  const hash = sha256(parts.map(({ file, text }) => `${file}\n${text}`).join('\n'));
  const document = {
    version: hash.slice(0, 12),
    playbooks: parts.filter(({ file }) => !whole.includes(file)).map(({ value }) => value),
    quickReference: named('quick-reference.yaml'),
    templates: named('templates.yaml'),
  };
  return { document: fitted(folder, document, playbooksSchema), hash };
}

function read<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): PolicyFile<z.output<Schema>> {
  const { text, value } = load(path);
  return { document: fitted(path, value, schema), hash: sha256(text) };
}

function load(path: string): { text: string; value: unknown } {
  return attempt(path, () => {
    const text = readFileSync(path, 'utf8');
    return { text, value: parse(text) as unknown };
  });
}

function attempt<Value>(path: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw new PolicyFileError(`${path}: ${(error as Error).message}`);
  }
}

function fitted<Schema extends z.ZodType>(
  path: string,
  value: unknown,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    (issue) => `${path}: ${issue.path.map(String).join('.')}: ${issue.message}`,
  );
  throw new PolicyFileError(faults.join('\n'));
}
