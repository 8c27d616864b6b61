import type { LogEvent } from '../shared/log/event';
import { effectiveMode } from '../shared/ops/fold';
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

  hub.listen({
    connected(engine) {
      const state = log.state();
      const mode = effectiveMode(state, engine);
      told.set(engine, mode);
      // It was told its mode as it registered; this asks it to confirm. An engine that comes back
      // while it is killed counts as halted only once it has.
      if (state.engines[engine]?.confirmedMode === mode) return;
      const { session } = state.engines[engine] ?? {};
      setMode(engine, `${session}:set_mode`, state.desk.commandId ?? 'connect', mode);
    },
    lost: (engine) => void told.delete(engine),
    update(engine, update) {
      const settled = update.state === 'settled' ? asked.get(update.opId) : undefined;
      if (!settled) return;
      asked.delete(update.opId);
      const outcome = update.items.every((item) => item.outcome === 'done') ? 'done' : 'rejected';
      const { commandId, mode } = settled;
      log.append({ type: 'engine.mode_applied', commandId, data: { engine, mode, outcome } });
    },
  });

  return log.onRecorded((event) => {
    const state = log.state();
    for (const [engine, before] of told) {
      const mode = effectiveMode(state, engine);
      const elsewhere = changedElsewhere(event, engine);
      if (mode === before && !elsewhere) continue;
      if (elsewhere && state.engines[engine]?.confirmedMode === mode) {
        told.set(engine, mode);
        continue;
      }
      // A kill's chain blocks it, unless somebody undid that elsewhere.
      if (mode === 'killed' && !elsewhere) told.set(engine, mode);
      else setMode(engine, `${event.id}:${engine}:set_mode`, event.commandId ?? event.id, mode);
    }
  });
}

function changedElsewhere(event: LogEvent, engine: string): boolean {
  return event.type === 'engine.outside_change' && event.data.engine === engine;
}
