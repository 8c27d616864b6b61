import type { EngineMessage, OutsideChange } from '../shared/protocol/engine';
import { detailOf, phrase, word } from '../shared/words/phrase';
import type { GatewayLog } from './log';

type EngineAlert = Extract<EngineMessage, { type: 'alert' }>;
type Models = Pick<Extract<EngineMessage, { type: 'register' }>, 'loaded' | 'available'>;

/** A mode that somebody gave it elsewhere: on the record under that name, and before people's eyes. */
export function recordOutside(
  log: GatewayLog,
  engine: string,
  { mode, by, reason, at }: OutsideChange,
): void {
  const before = log.state().engines[engine]?.confirmedMode ?? null;
  const actor = { id: by, role: 'outside', terminal: null };
  const said = phrase('{engine}: {before} → {mode}, {by}: {reason}', {
    ...{ engine, before: before === null ? '?' : word(`mode.${before}`) },
    ...{ mode: word(`mode.${mode}`), by, reason: reason ?? '–' },
  });
  log.append(
    { type: 'engine.outside_change', actor, reason, data: { engine, mode, by, reason, at } },
    {
      type: 'alert.raised',
      data: {
        alert: outsideAlert(engine),
        ...{ severity: 'P1', kind: 'outside_change', model: null, engine },
        ...detailOf([said]),
      },
    },
  );
}

/** The key of the alert that an engine's mode was changed elsewhere. */
export const outsideAlert = (engine: string): string => `outside:${engine}`.slice(0, 128);

/** An alert of an engine's own, where it is not what was recorded last. */
export function recordAlert(log: GatewayLog, engine: string, message: EngineAlert): void {
  const { key, state, severity, kind, model, detail, said } = message;
  const alert = `engine:${engine}:${key}`.slice(0, 128);
  const open = log.state().alerts.active[alert];
  if (state === 'cleared') {
    if (open) log.append({ type: 'alert.cleared', data: { alert, cause: detail.slice(0, 512) } });
    return;
  }
  if (open && open.severity === severity && open.detail === detail) return;
  const about = { alert, severity, kind, model, engine, detail, ...(said && { said }) };
  log.append({ type: 'alert.raised', data: about });
}

/** Records an engine's models where they are not what was recorded last. @returns whether they are recorded */
export function recordModels(
  log: GatewayLog,
  engine: string,
  { loaded, available }: Models,
): boolean {
  const before = log.state().models.engines[engine];
  const none = { loaded: null, available: [] };
  const said = { loaded, available };
  if (JSON.stringify(said) === JSON.stringify(before ? pick(before) : none)) return false;
  log.append({ type: 'engine.models_reported', data: { engine, ...said } });
  return true;
}

function pick({ loaded, available }: { loaded: unknown; available: unknown }) {
  return { loaded, available };
}
