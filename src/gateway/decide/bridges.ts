import {
  type BridgeKind,
  optionsProblem,
  plainProblem,
  SECRETS,
  type Secrets,
} from '../../shared/bridges/bridge';
import type { BridgesState } from '../../shared/bridges/state';
import { canonicalJson } from '../../shared/log/canonical';
import type { OperationsPolicy } from '../../shared/policy/operations';
import type { CommandParams } from '../../shared/protocol/commands';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { type Decided, plain } from './decided';
import { allow, Refusal } from './refusal';

/** What a decision about bridges is made of. */
export interface BridgesContext {
  readonly state: BridgesState;
  readonly policy: OperationsPolicy;
}

/** Shortest token of an engine that comes by itself. */
const TOKEN_MIN = 16;

/**
 * A bridge added or changed, and the secrets that are to be kept for it.
 *
 * @param kept the secrets it has now.
 * @param version by which they are put away.
 * @throws {Refusal}
 */
export function configure(
  { state, policy }: BridgesContext,
  params: CommandParams<'bridge.configure'>,
  kept: Secrets,
  operator: Operator,
  version: string,
): Decided {
  allow(operator, policy.permissions.configureBridges, 'configure a bridge');
  const { bridge, kind, name, address, options, plainAccepted } = params;
  const before = state.bridges[bridge];
  if (before?.source === 'file') {
    throw new Refusal('bad_params', 'the gateway’s configuration file has that bridge');
  }
  if ((address === null) !== (kind === 'generic')) {
    throw new Refusal('bad_params', 'an address, unless the engine comes by itself');
  }
  fitting(kind, options);
  covered(address, plainAccepted);
  const same = before?.kind === kind && before.address === address;
  const secrets = secretsFor(kind, params.secrets, same ? kept : {});
  if (kind === 'generic' && (secrets.token?.length ?? 0) < TOKEN_MIN) {
    throw new Refusal('bad_params', 'a token of {length} characters or more', {
      length: TOKEN_MIN,
    });
  }
  const names = Object.keys(secrets).sort();
  const data = {
    ...{ bridge, kind, name, address, options, secrets: names, source: 'console' as const },
    ...plainMark(address),
  };
  if (names.length === 0) return plain({ type: 'bridge.configured', data });
  const fact: Fact = { type: 'bridge.configured', data: { ...data, secretVersion: version } };
  const named = { of: 'bridge', id: bridge, version } as const;
  return { facts: [fact], secret: { name: named, text: canonicalJson(secrets) } };
}

/** @throws {Refusal} */
export function remove(
  { state, policy }: BridgesContext,
  { bridge }: CommandParams<'bridge.remove'>,
  operator: Operator,
): Fact {
  allow(operator, policy.permissions.configureBridges, 'remove a bridge');
  const record = state.bridges[bridge];
  if (!record) throw new Refusal('unknown_bridge', 'no bridge of that name is configured');
  if (record.source === 'file') {
    throw new Refusal('bad_params', 'the gateway’s configuration file has that bridge');
  }
  return { type: 'bridge.removed', data: { bridge } };
}

/**
 * A look at a service. Kept secrets go to the address they were given for and to no other.
 *
 * @throws {Refusal}
 */
export function test(
  { state, policy }: BridgesContext,
  params: CommandParams<'bridge.test'>,
  kept: Secrets,
  operator: Operator,
): { readonly fact: Fact; readonly secrets: Secrets } {
  allow(operator, policy.permissions.configureBridges, 'test a bridge');
  const { bridge, kind, address } = params;
  if (kind === 'generic') {
    throw new Refusal('bad_params', 'an engine that comes by itself has no address to look at');
  }
  fitting(kind, params.options);
  covered(address, params.plainAccepted);
  const before = bridge === null ? undefined : state.bridges[bridge];
  const same = before?.kind === kind && before.address === address;
  const secrets = secretsFor(kind, params.secrets, same ? kept : {});
  return { fact: { type: 'bridge.test_started', data: { bridge, kind, address } }, secrets };
}

/** @throws {Refusal} where options are not those of the kind. */
function fitting(kind: BridgeKind, options: object): void {
  const problem = optionsProblem(kind, options);
  if (problem !== null) throw new Refusal('bad_params', { text: problem });
}

/** @throws {Refusal} where credentials would travel readable and nobody has accepted it. */
function covered(address: string | null, plainAccepted: boolean): void {
  if (plainProblem(address, plainAccepted) !== null) {
    throw new Refusal(
      'bad_params',
      'the address would carry the credentials in plain text off this machine: give it with https, or accept that',
    );
  }
}

/** What the record says of an address that was taken although it is in plain text. */
export function plainMark(address: string | null): { readonly plainAccepted?: true } {
  return plainProblem(address, false) === null ? {} : { plainAccepted: true };
}

/** The secrets of a kind, those given before those kept; an empty one is none. */
function secretsFor(kind: BridgeKind, given: Secrets, kept: Secrets): Secrets {
  const names = SECRETS[kind];
  const strange = Object.keys(given).find((name) => !names.includes(name));
  if (strange !== undefined) {
    throw new Refusal('bad_params', 'a secret that this kind of bridge does not have');
  }
  const all = { ...kept, ...given };
  return Object.fromEntries(
    names.flatMap((name) => (all[name] ? [[name, all[name] as string]] : [])),
  );
}
