import { z } from 'zod';
import type { Child } from './gateway';

/** Programs that a gateway inside the terminal may have started. */
export const BRIDGE_PROGRAMS = ['inference-bridge', 'freqtrade-bridge'] as const;
export type BridgeProgram = (typeof BRIDGE_PROGRAMS)[number];

const askedSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('bridge.start'),
    run: z.int(),
    program: z.enum(BRIDGE_PROGRAMS),
    settings: z.record(z.string(), z.unknown()),
  }),
  z.object({ type: z.enum(['bridge.stop', 'bridge.leave']), run: z.int() }),
]);

export interface BridgeRelay {
  /** @returns whether the message was about bridges. */
  hear(message: unknown): boolean;
  /** The gateway that asked for them is gone. */
  stop(): void;
}

/** Runs the bridges that a gateway asks for, each a utility process, and says how they end. */
export function createBridgeRelay(
  fork: (program: BridgeProgram) => Child,
  tell: (message: object) => void,
): BridgeRelay {
  const children = new Map<number, Child>();
  let stopped = false;
  return {
    hear(message) {
      const asked = askedSchema.safeParse(message);
      if (!asked.success) return false;
      if (stopped) return true;
      const { run } = asked.data;
      if (asked.data.type !== 'bridge.start') {
        const type = asked.data.type === 'bridge.stop' ? 'stop' : 'leave';
        children.get(run)?.postMessage({ type });
        return true;
      }
      const child = fork(asked.data.program);
      children.set(run, child);
      child.on('message', (said: unknown) => tell({ type: 'bridge.message', run, message: said }));
      child.on('exit', (code: number) => {
        children.delete(run);
        if (!stopped) tell({ type: 'bridge.exit', run, cause: `exit code ${code}` });
      });
      child.postMessage(asked.data.settings);
      return true;
    },
    stop() {
      stopped = true;
      for (const child of children.values()) child.kill();
    },
  };
}
