import { parseArgs } from 'node:util';
import { z } from 'zod';
import { runPaperEngine } from './run';

const settingsSchema = z.object({
  gateway: z.string().regex(/^wss?:\/\//, 'ws://host:port of a gateway'),
  token: z.string().min(1, 'set VIGIA_ENGINE_TOKEN to the engine’s token'),
  id: z.string().min(1).default('paper-1'),
  name: z.string().min(1).default('Motor papel'),
  speed: z.coerce.number().positive().default(300),
  seed: z.coerce.number().int().default(7),
  barsFile: z.string().optional(),
  flood: z.coerce.number().nonnegative().optional(),
});

interface ParentPort {
  once(event: 'message', listener: (message: { data: unknown }) => void): void;
}

/** A person's mistake in what the program was told. */
const EXIT_USAGE = 2;
/** The gateway will have no more of this engine. */
const EXIT_REFUSED = 3;

const say = (text: string) => process.stderr.write(`paper-engine: ${text}\n`);

function start(settings: unknown): void {
  const parsed = settingsSchema.safeParse(settings);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    say(`${issue?.path.join('.')}: ${issue?.message}`);
    process.exit(EXIT_USAGE);
  }
  try {
    const running = runPaperEngine(parsed.data, say, () => process.exit(EXIT_REFUSED));
    const stop = () => {
      running.stop();
      process.exit(0);
    };
    process.once('SIGTERM', stop).once('SIGINT', stop);
  } catch (error) {
    say((error as Error).message);
    process.exit(1);
  }
}

// A utility process of the terminal is told by a message what a person says by arguments.
const parent = (process as unknown as { parentPort?: ParentPort }).parentPort;
if (parent) {
  parent.once('message', ({ data }) => start(data));
} else {
  start(fromArguments());
}

function fromArguments(): unknown {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      options: {
        gateway: text,
        id: text,
        name: text,
        bars: text,
        speed: text,
        seed: text,
        flood: text,
      },
    });
    const { bars, ...rest } = values;
    return { ...rest, barsFile: bars, token: process.env.VIGIA_ENGINE_TOKEN ?? '' };
  } catch (error) {
    say((error as Error).message);
    return process.exit(EXIT_USAGE);
  }
}
