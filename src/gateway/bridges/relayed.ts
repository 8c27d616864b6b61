import { z } from 'zod';
import type { BridgeProcess, StartBridge } from './process';

/** What the program that started the gateway says of the processes it runs for it. */
const saidSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('bridge.message'), run: z.int(), message: z.unknown() }),
  z.object({ type: z.literal('bridge.exit'), run: z.int(), cause: z.string() }),
]);

/**
 * Bridges of a gateway that may start no process itself, as one inside the terminal: it asks the
 * program that started it, and hears from it what they say and how they end.
 *
 * @param hear registers the one listener of that program's messages.
 */
export function relayBridges(
  post: (message: object) => void,
  hear: (listener: (message: unknown) => void) => void,
): StartBridge {
  interface Listeners {
    message: (message: unknown) => void;
    exit: (cause: string) => void;
  }
  const runs = new Map<number, Listeners>();
  let count = 0;
  hear((said) => {
    const parsed = saidSchema.safeParse(said);
    if (!parsed.success) return;
    const { data } = parsed;
    const run = runs.get(data.run);
    if (data.type === 'bridge.message') run?.message(data.message);
    else {
      runs.delete(data.run);
      run?.exit(data.cause);
    }
  });
  return (program, settings): BridgeProcess => {
    count += 1;
    const run = count;
    const listeners: Listeners = { message: () => undefined, exit: () => undefined };
    runs.set(run, listeners);
    post({ type: 'bridge.start', run, program, settings });
    return {
      pid: null,
      onMessage: (listener) => {
        listeners.message = listener;
      },
      onExit: (listener) => {
        listeners.exit = listener;
      },
      stop: () => post({ type: 'bridge.stop', run }),
      leave: () => post({ type: 'bridge.leave', run }),
    };
  };
}
