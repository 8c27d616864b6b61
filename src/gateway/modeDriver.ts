import type { LogEvent } from '../shared/log/event';
import { effectiveMode } from '../shared/ops/effectiveMode';
import { strictest } from '../shared/ops/mode';
import type { Mode } from '../shared/telemetry/types';
import type { EngineHub } from './engineHub';
import type { GatewayLog } from './log';

/**
 * Keeps connected engines in the mode that the log says: whatever changed it, an engine is told as
 * soon as it is recorded and its answer is recorded too. Killed engines are the kill driver's.
 *
 * @returns the call that ends it.
 */
export function driveModes(log: GatewayLog, hub: EngineHub): () => void {
  /** What each connected engine was last told. */
  const told = new Map<string, Mode>();
  /** Modes engines were asked to take and have not answered, by operation. */
  const asked = new Map<string, { commandId: string; mode: Mode }>();

  function setMode(engine: string, opId: string, commandId: string, mode: Mode): void {
    told.set(engine, mode);
    asked.set(opId, { commandId, mode });
    hub.send(engine, { type: 'op', opId, commandId, operation: { op: 'set_mode', mode } });
  }

  const modeOf = (engine: string): Mode =>
    strictest(effectiveMode(log.state(), engine), hub.floor(engine));

  hub.listen({
    connected(engine) {
      const state = log.state();
      const mode = modeOf(engine);
      told.set(engine, mode);
      // It was told its mode as it registered; this asks it to confirm. An engine that comes back
      // while it is killed counts as halted only once it has.
      if (state.engines[engine]?.confirmedMode === mode) return;
      const { session } = state.engines[engine] ?? {};
      setMode(engine, `${session}:set_mode`, state.desk.commandId ?? 'connect', mode);
    },
    current(engine) {
      const mode = modeOf(engine);
      if (told.get(engine) === mode) return;
      const { desk, engines } = log.state();
      const opId = `${engines[engine]?.session}:current`;
      setMode(engine, opId, desk.commandId ?? 'connect', mode);
    },
    lost: (engine) => void told.delete(engine),
    update(engine, update) {
      const settled = update.state === 'settled' ? asked.get(update.opId) : undefined;
      if (!settled) return;
      asked.delete(update.opId);
      const outcome = update.items.every((item) => item.outcome === 'done') ? 'done' : 'rejected';
      const { commandId, mode } = settled;
      const data = { engine, mode, outcome } as const;
      hub.logOf(engine).append({ type: 'engine.mode_applied', commandId, data });
    },
  });

  return log.onRecorded((event) => {
    const state = log.state();
    for (const [engine, before] of told) {
      const mode = modeOf(engine);
      const unconfirmed = isUnconfirmedBy(event, engine);
      if (mode === before && !unconfirmed) continue;
      if (unconfirmed && state.engines[engine]?.confirmedMode === mode) {
        told.set(engine, mode);
        continue;
      }
      // A kill's chain blocks it, unless that was undone.
      if (mode === 'killed' && !unconfirmed) told.set(engine, mode);
      else setMode(engine, `${event.id}:${engine}:set_mode`, event.commandId ?? event.id, mode);
    }
  });
}

/**
 * Whether an event leaves open which mode an engine is in that was told one: somebody changed it
 * elsewhere, or it was called lost by another gateway and is here all the same.
 */
function isUnconfirmedBy({ type, data }: LogEvent, engine: string): boolean {
  const leaves = type === 'engine.outside_change' || type === 'engine.connected';
  return leaves && data.engine === engine;
}
