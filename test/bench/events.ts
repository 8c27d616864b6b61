import { sha256 } from '../../src/node/sha256';
import { type SealedEvent, seal } from '../../src/shared/log/chain';
import { EMPTY_LOG, type LogPosition } from '../../src/shared/log/event';

/** A chain of events such as a busy desk makes: kill steps, read-backs, sessions. */
export function chainOf(count: number): SealedEvent[] {
  let position: LogPosition = EMPTY_LOG;
  return Array.from({ length: count }, (_, index) => {
    const sealed = seal(
      {
        id: `018f0000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`,
        ts: 1_700_000_000_000 + index,
        type: index % 3 === 0 ? 'session.opened' : 'kill.step_settled',
        actor: { id: 'gateway', role: 'gateway', terminal: null },
        commandId: index % 3 === 0 ? null : `018f0000-0000-7000-8000-00000000${index % 97}`,
        reason: index % 5 === 0 ? 'pérdida excesiva' : null,
        data: {
          engine: `paper-${index % 4}`,
          step: 'flatten',
          round: 1,
          opId: `k:paper-${index % 4}:flatten:1`,
          items: [{ kind: 'position', id: 'USD/COP', outcome: 'done', quantity: 100_000 }],
        },
      },
      position,
      sha256,
    );
    position = sealed.event;
    return sealed;
  });
}
