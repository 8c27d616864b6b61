import type { Scope } from '../protocol/commands';
import type { OpsState } from './state';

/** Whether `scope` covers `engine`. */
export function inScope(scope: Scope, engine: string): boolean {
  return scope.kind === 'all' || scope.engines.includes(engine);
}

/** Ids of the known engines that `scope` covers. */
export function enginesInScope(state: OpsState, scope: Scope): readonly string[] {
  return Object.keys(state.engines).filter((engine) => inScope(scope, engine));
}
