import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileDurably } from '../../node/latchFile';
import {
  type LastResortStore,
  type LastResortTarget,
  lastResortTargetSchema,
} from '../../shared/bridges/lastResort';

/** The narrow side of Electron's `safeStorage`. */
export interface Sealer {
  available(): boolean;
  /** What seals: the desktop's keyring by name, or `basic_text`, which is as good as nothing. */
  backend(): string;
  /** From here on plain text counts as available; a person has accepted it. */
  acceptPlain(): void;
  seal(text: string): Buffer;
  open(sealed: Buffer): string;
}

export type NotKept = 'plain_text' | 'unwritable' | 'unreadable';

export interface LastResortTargets {
  get(): readonly LastResortTarget[];
  view(): LastResortStore;
  /** @returns why it is not kept, null when it is. What cannot be read is not written over. */
  set(target: LastResortTarget, plainAccepted: boolean): NotKept | null;
  remove(engine: string): void;
}

const fileSchema = z.strictObject({
  version: z.literal(1),
  backend: z.string(),
  sealed: z.base64(),
});
const contentSchema = z.array(lastResortTargetSchema);
/** Backends that hide nothing. */
const PLAIN: ReadonlySet<string> = new Set(['basic_text', 'unknown', 'plain']);

/** The direct addresses of engines' services, sealed by the desktop, the seal's name beside them. */
export function openLastResort(path: string, sealer: Sealer): LastResortTargets {
  let problem: string | null = null;
  let targets = read();

  function isSealed(): boolean {
    return sealer.available() && !PLAIN.has(sealer.backend());
  }

  function read(): readonly LastResortTarget[] {
    if (!existsSync(path)) return [];
    try {
      const file = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
      // It was accepted once, when it was written.
      if (PLAIN.has(file.backend)) sealer.acceptPlain();
      const text = sealer.open(Buffer.from(file.sealed, 'base64'));
      return contentSchema.parse(JSON.parse(text));
    } catch {
      problem = `${path} cannot be opened by this desktop’s keyring, and is left as it is`;
      return [];
    }
  }

  /** @throws what the disk or the keyring throws. */
  function write(next: readonly LastResortTarget[]): void {
    const sealed = sealer.seal(JSON.stringify(next)).toString('base64');
    writeFileDurably(path, JSON.stringify({ version: 1, backend: sealer.backend(), sealed }));
    targets = next;
  }

  return {
    get: () => targets,
    view: () => ({
      targets: targets.map(({ engine, kind, address }) => ({ engine, kind, address })),
      backend: sealer.backend(),
      sealed: isSealed(),
      problem,
    }),
    set(target, plainAccepted) {
      // The ways in it may only wait for their keyring.
      if (problem !== null) return 'unreadable';
      if (!isSealed()) {
        if (!plainAccepted) return 'plain_text';
        sealer.acceptPlain();
      }
      const others = targets.filter(({ engine }) => engine !== target.engine);
      try {
        write([...others, target]);
        return null;
      } catch {
        return 'unwritable';
      }
    },
    remove(engine) {
      if (problem !== null) return;
      const rest = targets.filter((one) => one.engine !== engine);
      try {
        write(rest);
      } catch {
        // It is off for this run; the disk will say the same of everything else.
        targets = rest;
      }
    },
  };
}
