import type { OpsState } from '@shared/ops/state';

/** Commands that were rehearsals: their events must never be taken for the real thing. */
export function drillCommands(ops: OpsState): ReadonlySet<string> {
  const drills = ops.incidents.drills.map(({ id }) => id);
  const kills = ops.kills.filter(({ drill }) => drill).map(({ commandId }) => commandId);
  return new Set([...drills, ...kills]);
}

/**
 * What a rehearsal has stopped now: `none`, `only` where nothing is killed but by a rehearsal, and
 * `mixed` where a real kill stands beside it and must not be hatched away.
 */
export function drillExtent(ops: OpsState): 'none' | 'only' | 'mixed' {
  const open = ops.kills.filter(({ resumedAt }) => resumedAt === null);
  const drills = open.filter(({ drill }) => drill);
  if (drills.length === 0) return 'none';
  return drills.length === open.length && ops.desk.mode !== 'killed' ? 'only' : 'mixed';
}

/** Whether an engine is killed by a rehearsal and by nothing else. */
export function isDrilled(ops: OpsState, engine: string): boolean {
  const own = ops.engines[engine]?.own;
  const covering = ops.kills.filter(
    ({ resumedAt, engines }) => resumedAt === null && engines.includes(engine),
  );
  return own?.mode === 'killed' && covering.length > 0 && covering.every(({ drill }) => drill);
}

/** Whether an event belongs to a rehearsal: by its command, or by what it says itself. */
export function isOfDrill(
  event: { readonly type: string; readonly commandId: string | null; readonly data: unknown },
  drills: ReadonlySet<string>,
): boolean {
  if (event.type.startsWith('drill.')) return true;
  if (event.commandId !== null && drills.has(event.commandId)) return true;
  return (event.data as { readonly drill?: unknown } | null)?.drill === true;
}

/** Why no rehearsal can be held now, as far as this terminal can tell; null where one can. */
export function whyNoDrill(
  ops: OpsState,
  engines: readonly string[],
): 'drill.notPaper' | 'drill.noEngine' | 'drill.lost' | 'drill.stopped' | null {
  const known = engines.map((id) => ops.engines[id]);
  if (known.length === 0 || known.includes(undefined)) return 'drill.noEngine';
  if (ops.environment !== 'paper' || known.some((one) => one?.environment !== 'paper')) {
    return 'drill.notPaper';
  }
  if (!known.every((one) => one?.connected)) return 'drill.lost';
  const stopped = ops.desk.mode !== 'normal' || known.some((one) => one?.own.mode !== 'normal');
  return stopped ? 'drill.stopped' : null;
}
