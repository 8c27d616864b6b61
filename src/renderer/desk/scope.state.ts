import type { Scope } from '@shared/protocol/commands';
import type { Environment } from '@shared/protocol/engine';
import type { Key } from '../i18n/es';

export function inScopeOf(scope: Scope, engine: string): boolean {
  return scope.kind === 'all' || scope.engines.includes(engine);
}

/** The word for the environment; not known until a gateway has said it. */
export function environmentKey(environment: Environment | 'mixed' | null): Key {
  return environment === null ? 'env.unknown' : `env.${environment}`;
}
