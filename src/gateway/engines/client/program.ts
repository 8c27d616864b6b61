import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { gatewaysOf, isPlainOffMachine } from '../../../shared/address';

interface ParentPort {
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
  once(event: 'message', listener: (message: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

/** What an engine's program is once it runs. */
export interface Running {
  stop(): void;
  /** Its gateway is being stopped: whatever it drives is left paused, as nobody can stop it now. */
  leave?(): Promise<void>;
  /** Its gateway died: it stays for its dead-man time. @param done when there is nothing more to do. */
  orphaned?(done: () => void): void;
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
/** How long a program may take to leave what it drives in order. */
const LEAVE_MS = 4_000;

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
      let leaving = false;
      const leave = () => {
        if (leaving) return;
        leaving = true;
        setTimeout(stop, LEAVE_MS).unref();
        void (running.leave?.() ?? Promise.resolve()).then(stop, stop);
      };
      process.on('SIGTERM', leave).on('SIGINT', leave);
      const hear = (message: unknown) => {
        const { type } = Object(message) as { type?: unknown };
        if (type === 'stop') stop();
        if (type === 'leave') leave();
      };
      process.on('message', hear);
      parent?.on('message', ({ data }) => hear(data));
      process.once('disconnect', () => {
        if (leaving) return;
        if (running.orphaned) running.orphaned(stop);
        else stop();
      });
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

/**
 * A bridge's settings where a person starts it by hand; secrets come by the environment alone.
 *
 * @throws where they would travel in plain text and `--plain-accepted` does not say yes to it
 */
export function bridgeFromArguments(secrets: Readonly<Record<string, string>>): unknown {
  const text = { type: 'string' } as const;
  const {
    values: { 'plain-accepted': plainAccepted = false, ...values },
  } = parseArgs({
    options: {
      ...{ gateway: text, id: text, name: text, address: text },
      'plain-accepted': { type: 'boolean' },
    },
  });
  for (const name of ['gateway', 'address'] as const) {
    const given = values[name];
    if (plainAccepted || given === undefined) continue;
    if (gatewaysOf(given).some(isPlainOffMachine)) {
      throw new Error(`--${name}: in plain text off this machine: TLS, or --plain-accepted`);
    }
  }
  const name = values.name ?? values.id;
  return { ...values, name, secrets, token: process.env.VIGIA_ENGINE_TOKEN ?? '' };
}
