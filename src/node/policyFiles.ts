import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { type ModelsPolicy, modelsPolicySchema } from '../shared/policy/models';
import { type MonitorPolicy, monitorPolicySchema } from '../shared/policy/monitor';
import {
  type NotificationsPolicy,
  notificationsPolicySchema,
} from '../shared/policy/notifications';
import { type OperationsPolicy, operationsPolicySchema } from '../shared/policy/operations';
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

/** The files of `resources/policy`. */
export interface PolicyFiles {
  readonly operations: PolicyFile<OperationsPolicy>;
  readonly models: PolicyFile<ModelsPolicy>;
  readonly monitor: PolicyFile<MonitorPolicy>;
  readonly notifications: PolicyFile<NotificationsPolicy>;
}

/** Reads every policy of a folder. @throws {PolicyFileError} */
export function readPolicies(folder: string): PolicyFiles {
  return {
    operations: read(join(folder, 'operations.yaml'), operationsPolicySchema),
    models: read(join(folder, 'models.yaml'), modelsPolicySchema),
    monitor: read(join(folder, 'monitor.yaml'), monitorPolicySchema),
    notifications: read(join(folder, 'notifications.yaml'), notificationsPolicySchema),
  };
}

function read<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): PolicyFile<z.output<Schema>> {
  let text: string;
  let value: unknown;
  try {
    text = readFileSync(path, 'utf8');
    value = parse(text);
  } catch (error) {
    throw new PolicyFileError(`${path}: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { document: parsed.data, hash: sha256(text) };
  const faults = parsed.error.issues.map(
    (issue) => `${path}: ${issue.path.map(String).join('.')}: ${issue.message}`,
  );
  throw new PolicyFileError(faults.join('\n'));
}
