import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secrets } from '../../shared/bridges/bridge';
import type { BridgeRecord } from '../../shared/bridges/state';
import type { OperationsPolicy } from '../../shared/policy/operations';
import type { CommandParams } from '../../shared/protocol/commands';
import type { Operator } from '../commands';
import * as decide from '../decide/bridges';
import type { Decided } from '../decide/decided';
import { Refusal } from '../decide/refusal';
import type { Fact } from '../facts';
import type { GatewayLog } from '../log';
import type { DeskSecrets } from '../secrets';
import { type FileBridge, readSecrets } from './config';
import {
  type Supervisor,
  type SupervisorOptions,
  superviseBridges,
  type TestAbout,
} from './supervisor';
import { VaultError } from './vault';

/** The bridges' commands and their processes. */
export interface Bridges {
  /** @param version by which its secrets are put away */
  configure(
    params: CommandParams<'bridge.configure'>,
    operator: Operator,
    version: string,
  ): Decided;
  remove(params: CommandParams<'bridge.remove'>, operator: Operator): Fact;
  /** Decides; {@link carryOut} then looks. */
  test(id: string, params: CommandParams<'bridge.test'>, operator: Operator): Fact;
  /** What a test asked for, once it is on record. */
  carryOut(id: string): void;
  /** The engine that may use a token: a bridge's own, or one that comes by itself. */
  engineOf(token: string): string | null;
  /** Whether a bridge's engine may stay on a token; a secret that cannot be read now changes nothing. */
  stands(bridge: string, token: string): boolean;
  /** Starts the bridges' processes, once the gateway listens. */
  start(gateway: string): void;
  stop(): void;
}

export interface BridgesOptions
  extends Omit<SupervisorOptions, 'gateway' | 'secrets' | 'recheckEveryMs'> {
  readonly kept: Pick<DeskSecrets, 'bridge'>;
  readonly policy: OperationsPolicy;
  readonly configured: readonly FileBridge[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const NOT_HERE = 'its secrets are not at this gateway';

/** Puts the configuration file's bridges on the record and keeps all of them running. */
export function createBridges(options: BridgesOptions): Bridges {
  const { log, policy } = options;
  const fromFile = new Map(options.configured.map((bridge) => [bridge.id, bridge]));
  const toTest = new Map<string, TestAbout>();
  let supervisor: Supervisor | null = null;

  const context = () => ({ state: log.state().bridges, policy });

  /** What is kept for a bridge. @throws {Refusal} where it cannot be read. */
  function kept(bridge: string | null): Secrets {
    if (bridge === null) return {};
    try {
      return options.kept.bridge(bridge) ?? {};
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      throw new Refusal('unavailable', { text: error.message });
    }
  }

  function secretsOf({ id }: BridgeRecord): { secrets: Secrets; problem: string | null } {
    const file = fromFile.get(id);
    if (file) return readSecrets(file, options.env);
    try {
      const secrets = options.kept.bridge(id);
      return { secrets: secrets ?? {}, problem: secrets ? null : NOT_HERE };
    } catch (error) {
      return { secrets: {}, problem: (error as Error).message };
    }
  }

  return {
    configure: (params, operator, version) =>
      decide.configure(context(), params, kept(params.bridge), operator, version),
    remove: (params, operator) => decide.remove(context(), params, operator),
    test(id, params, operator) {
      const file = fromFile.get(params.bridge ?? '');
      const before = file ? readSecrets(file, options.env).secrets : kept(params.bridge);
      const { fact, secrets } = decide.test(context(), params, before, operator);
      const { kind, address, options: chosen } = params;
      if (kind !== 'generic') toTest.set(id, { kind, address, options: chosen, secrets });
      return fact;
    },
    carryOut(id) {
      const about = toTest.get(id);
      toTest.delete(id);
      if (about) supervisor?.test(id, about);
    },
    engineOf(token) {
      const own = supervisor?.engineOf(token) ?? null;
      if (own !== null) return own;
      for (const record of Object.values(log.state().bridges.bridges)) {
        if (record.kind !== 'generic') continue;
        const expected = secretsOf(record).secrets.token;
        if (expected && same(expected, token)) return record.id;
      }
      return null;
    },
    stands(bridge, token) {
      const record = log.state().bridges.bridges[bridge];
      if (!record) return false;
      if (record.kind !== 'generic') return supervisor?.engineOf(token) === bridge;
      const { secrets, problem } = secretsOf(record);
      return problem !== null || (secrets.token !== undefined && same(secrets.token, token));
    },
    start(gateway) {
      recordFile(log, options.configured);
      const { recheckEveryMs } = policy.auth;
      supervisor = superviseBridges({ ...options, gateway, recheckEveryMs, secrets: secretsOf });
    },
    stop() {
      supervisor?.stop();
      supervisor = null;
    },
  };
}

/** Records what the file has and the log has not, and takes off what left the file. */
function recordFile(log: GatewayLog, configured: readonly FileBridge[]): void {
  const { bridges } = log.state().bridges;
  for (const { id: bridge, kind, name, address = null, options, secrets, reason } of configured) {
    const names = Object.keys(secrets).sort();
    const data = {
      ...{ bridge, kind, name, address, options, secrets: names, source: 'file' as const },
      ...decide.plainMark(address),
    };
    const before = bridges[bridge];
    const known = before && {
      ...{ bridge, kind: before.kind, name: before.name, address: before.address },
      ...{ options: before.options, secrets: before.secrets, source: before.source },
      ...(before.plainAccepted ? { plainAccepted: true } : {}),
    };
    if (JSON.stringify(known) !== JSON.stringify(data))
      log.append({ type: 'bridge.configured', data, reason: reason ?? null });
  }
  for (const { id: bridge, source } of Object.values(bridges)) {
    const left = source === 'file' && !configured.some(({ id }) => id === bridge);
    if (left) log.append({ type: 'bridge.removed', data: { bridge } });
  }
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
