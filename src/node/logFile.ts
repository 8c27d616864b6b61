import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import pino from 'pino';

/** Facts of one line. `correlationId` is the id of the command it belongs to, where there is one. */
export type LogFacts = Readonly<Record<string, unknown>> & { readonly correlationId?: string };

/** Says what a program did. It never throws: a log that cannot be written costs its lines, no more. */
export interface Logger {
  info(event: string, facts?: LogFacts): void;
  warn(event: string, facts?: LogFacts): void;
  error(event: string, facts?: LogFacts): void;
}

export interface LogFileOptions {
  readonly path: string;
  /** Program that writes, in each line. */
  readonly program: string;
  /** What must not be in it, whatever a message holds; asked at each line. */
  readonly secrets: () => readonly string[];
  /** Bytes after which a file is put aside. */
  readonly maxBytes?: number;
  /** Files put aside that are kept: `x.log.1` is the newest. */
  readonly keep?: number;
}

const MAX_BYTES = 5 * 1_048_576;
const KEEP = 5;
/** One line's text at most: a hostile message does not fill the disk. */
const MAX_LINE = 16_384;
const MASK = '[secret]';

/** Hides secrets in a text, also as JSON would write them. */
export function mask(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 8)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    .reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

/**
 * Opens a log of JSON lines (`time` ISO 8601 UTC, `level`, `program`, `event`, facts) that rotates by
 * size. Lines are written at once, so that what came before a crash is there after it.
 */
export function openLogFile(options: LogFileOptions): Logger {
  const { path, maxBytes = MAX_BYTES, keep = KEEP } = options;
  let size: number | null = null;

  function write(line: string): void {
    const text = mask(line, options.secrets());
    try {
      size ??= sizeOf(path);
      if (size > 0 && size + text.length > maxBytes) {
        rotate(path, keep);
        size = 0;
      }
      appendFileSync(path, text, { mode: 0o600 });
      size += Buffer.byteLength(text);
    } catch {
      size = null;
    }
  }

  const logger = pino(
    {
      base: { program: options.program, pid: process.pid },
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: (error: unknown) => clip(textOf(error)) },
    },
    { write },
  );
  const facts = (given: LogFacts | undefined): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(given ?? {}).map(([key, value]) => [
        key,
        typeof value === 'string' ? clip(value) : value,
      ]),
    );
  return {
    info: (event, given) => logger.info(facts(given), event),
    warn: (event, given) => logger.warn(facts(given), event),
    error: (event, given) => logger.error(facts(given), event),
  };
}

function clip(text: string): string {
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function sizeOf(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function rotate(path: string, keep: number): void {
  rmSync(`${path}.${keep}`, { force: true });
  for (let number = keep - 1; number >= 0; number -= 1) {
    const from = number === 0 ? path : `${path}.${number}`;
    if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${path}.${number + 1}`);
  }
}
