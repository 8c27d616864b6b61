import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operator } from '../../src/gateway/commands';
import { type Gateway, type GatewayOptions, startGateway } from '../../src/gateway/gateway';
import { readPolicies } from '../../src/node/policyFiles';
import type { Environment } from '../../src/shared/protocol/engine';

import { ROOT } from './root';

const shipped = readPolicies(join(ROOT, 'resources/policy'));
export const shippedPolicy = shipped.operations.document;
export const modelsPolicy = shipped.models.document;
export const notificationsPolicy = shipped.notifications.document;

/** The shipped policy with times that a test need not wait for. */
export const quickPolicy = {
  ...shippedPolicy,
  auth: {
    ...shippedPolicy.auth,
    limits: { ...shippedPolicy.auth.limits, delayMs: 50 },
    recheckEveryMs: 50,
  },
  kill: {
    ...shippedPolicy.kill,
    askAfterMs: 60,
    askEveryMs: 60,
    readBackEveryMs: 10,
    sweepBackoffMs: 20,
    sweepBackoffMaxMs: 40,
    watchEveryMs: 60,
  },
};

export const quickPolicies = {
  operations: { document: quickPolicy, hash: 'quick' },
  models: {
    document: {
      ...modelsPolicy,
      rollback: { ...modelsPolicy.rollback, settleWithinMs: 200, retryEveryMs: 50 },
    },
    hash: 'quick',
  },
  monitor: {
    document: {
      ...shipped.monitor.document,
      checkEveryMs: 50,
      rollbackTimeoutMs: 500,
      // Checks that come so often are late on a machine at work: that is no sleep.
      stalls: { suspendedAfterChecks: 200, stoppedAfterChecks: 200, graceChecks: 3 },
      session: { ...shipped.monitor.document.session, always: true },
      backoff: { attempts: 5, firstMs: 50, maxMs: 100 },
      lease: { renewEveryMs: 50, lostAfterMs: 300 },
    },
    hash: 'quick',
  },
  incidents: shipped.incidents,
  reports: shipped.reports,
  playbooks: shipped.playbooks,
  calendar: shipped.calendar,
  notifications: {
    document: {
      ...notificationsPolicy,
      retry: { ...notificationsPolicy.retry, baseMs: 20, maxMs: 100, attempts: 8 },
      spacingMs: { slack: 0, email: 0, pagerduty: 0 },
      group: { windowMs: 200, count: 5 },
      sendTimeoutMs: 500,
    },
    hash: 'quick',
  },
};

/** The quick policies with a monitor that has nothing to say. */
export const quietPolicies: typeof quickPolicies = {
  ...quickPolicies,
  monitor: {
    document: { ...quickPolicies.monitor.document, checkEveryMs: 3_600_000 },
    hash: 'quiet',
  },
};

/** The quick policies with other times of operation. */
export function withOperations(document: typeof quickPolicy): typeof quickPolicies {
  return { ...quickPolicies, operations: { document, hash: 'changed' } };
}

const OPERATORS: Record<string, Operator> = {
  ana: { id: 'ana', name: 'Ana', roles: ['trading-lead'] },
  luis: { id: 'luis', name: 'Luis', roles: ['cto'] },
  eva: { id: 'eva', name: 'Eva', roles: ['viewer'] },
  ines: { id: 'ines', name: 'Inés', roles: ['model-owner'] },
  marta: { id: 'marta', name: 'Marta', roles: ['model-owner'] },
  pablo: { id: 'pablo', name: 'Pablo', roles: ['engineering-lead'] },
  rosa: { id: 'rosa', name: 'Rosa', roles: ['engineering-lead'] },
};

export function newDataDir(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'vigia-gateway-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * A real gateway on a port of its own. Tokens are the operators' ids, with anything after a dot, and
 * `engine-token`.
 */
export function openGateway(
  dataDir: string,
  environment: Environment = 'paper',
  port = 0,
  change: Partial<GatewayOptions> = {},
): Promise<Gateway> {
  return startGateway({
    dataDir,
    host: '127.0.0.1',
    tls: null,
    port,
    environment,
    deskName: 'USD/COP',
    policies: quickPolicies,
    version: 'test',
    authenticate: async (token) => {
      const operator = OPERATORS[token.split('.')[0] ?? ''];
      if (operator) return { kind: 'operator', operator, expiresAt: null };
      return token === 'engine-token' ? { kind: 'engine', engine: null, expiresAt: null } : null;
    },
    clock: Date.now,
    uptime: () => performance.now(),
    random: (length) => randomBytes(length),
    ...change,
  });
}
