import type { EventOf } from './events';
import type { OpsState } from './state';

/** A policy as the log has it from now on; what a person changes leaves the hash of the file that was read. */
export function policyInForce(
  state: OpsState,
  event: EventOf<'policy.loaded' | 'policy.changed'>,
): OpsState {
  const { name, version, document } = event.data;
  const before = state.policies[name];
  const fileHash = event.type === 'policy.loaded' ? event.data.hash : (before?.fileHash ?? '');
  const { ts: since, actor: by, reason } = event;
  const policies = {
    ...state.policies,
    [name]: { version, fileHash, document, since, by, reason },
  };
  return {
    ...state,
    policies,
    policyVersion: name === 'operations' ? version : state.policyVersion,
  };
}
