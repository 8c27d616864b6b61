import type { Scope } from '../protocol/commands';
import { withEngine } from './change';
import { enginesInScope, inScope } from './scope';
import type { KillRecord, OpsState } from './state';
import { NO_OWN_MODE } from './state';

/** A drill is for the paper engines it names on a paper desk; null where none is left of it. */
export function drillScope(state: OpsState, scope: Scope): Scope | null {
  const engines = enginesInScope(state, scope).filter(
    (engine) => state.engines[engine]?.environment === 'paper',
  );
  return state.environment === 'paper' && engines.length > 0 ? { kind: 'engines', engines } : null;
}

/** Whether nothing but a rehearsal has halted an engine. */
export function isHaltedByDrill(state: OpsState, id: string): boolean {
  const own = state.engines[id]?.own;
  const covering = state.kills.filter(
    ({ resumedAt, scope }) => resumedAt === null && inScope(scope, id),
  );
  return (
    own?.mode === 'killed' &&
    covering.some(({ commandId }) => commandId === own.commandId) &&
    covering.every(({ drill }) => drill)
  );
}

/** An engine that says it is live now was never meant: the rehearsal is over for it. */
export function leaveDrill(state: OpsState, id: string, at: number): OpsState {
  const { [id]: _, ...chains } = state.chains;
  const left = withEngine({ ...state, chains }, id, (engine) => ({ ...engine, own: NO_OWN_MODE }));
  const isOver = ({ drill, resumedAt, engines }: KillRecord): boolean =>
    drill && resumedAt === null && engines.includes(id) && engines.every((one) => !chains[one]);
  const kills = left.kills.map((kill) => (isOver(kill) ? { ...kill, resumedAt: at } : kill));
  return { ...left, kills };
}
