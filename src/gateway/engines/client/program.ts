import { parseArgs } from 'node:util';
import type { z } from 'zod';

interface ParentPort {
  once(event: 'message', listener: (message: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

/** What an engine's program is once it runs. */
export interface Running {
  stop(): void;
}

export interface ProgramContext {
  readonly say: (text: string) => void;
  /** The gateway will have no more of this engine. */
  readonly refused: () => void;
  /** Tells the process that started this one. */
  readonly tell: (message: object) => void;
}

/** A person's mistake in what the program was told. */
const EXIT_USAGE = 2;
/** The gateway will have no more of this engine. */
const EXIT_REFUSED = 3;

/**
 * Runs an engine as a process of its own: told by a message where another program started it, by its
 * arguments where a person did.
 */
export function runProgram<Schema extends z.ZodType>(program: {
  readonly name: string;
  readonly settings: Schema;
  readonly fromArguments: () => unknown;
  readonly start: (
    settings: z.output<Schema>,
    context: ProgramContext,
  ) => Running | Promise<Running>;
}): void {
  const say = (text: string) => process.stderr.write(`${program.name}: ${text}\n`);
  const parent = (process as unknown as { parentPort?: ParentPort }).parentPort;

  async function start(told: unknown): Promise<void> {
    const parsed = program.settings.safeParse(told);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      say(`${issue?.path.join('.')}: ${issue?.message}`);
      process.exit(EXIT_USAGE);
    }
    try {
      const running = await program.start(parsed.data, {
        say,
        refused: () => process.exit(EXIT_REFUSED),
        tell: (message) => {
          if (parent) parent.postMessage(message);
          else process.send?.(message);
        },
      });
      const stop = () => {
        running.stop();
        process.exit(0);
      };
      process.once('SIGTERM', stop).once('SIGINT', stop);
      // The one that started it is gone: so is the one who would stop it.
      process.once('disconnect', stop);
    } catch (error) {
      say((error as Error).message);
      process.exit(1);
    }
  }

  if (parent) {
    parent.once('message', ({ data }) => void start(data));
  } else if (process.send) {
    process.once('message', (told) => void start(told));
  } else {
    let told: unknown;
    try {
      told = program.fromArguments();
    } catch (error) {
      say((error as Error).message);
      process.exit(EXIT_USAGE);
    }
    void start(told);
  }
}

/** A bridge's settings where a person starts it by hand; secrets come by the environment alone. */
export function bridgeFromArguments(secrets: Readonly<Record<string, string>>): unknown {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { gateway: text, id: text, name: text, address: text } });
  const name = values.name ?? values.id;
  return { ...values, name, secrets, token: process.env.VIGIA_ENGINE_TOKEN ?? '' };
}
