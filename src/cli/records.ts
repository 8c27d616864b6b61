import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { EventSource } from '../node/audit/source';
import { verifyIndex } from '../node/audit/verifyIndex';
import { type Findings, runThrough } from '../node/audit/verifyLog';
import { eventOfRow } from '../node/eventRow';
import { exportFolder, exportLines, exportZip } from '../node/export/exportLog';
import { rangeOf } from '../node/export/period';
import { compareRecords, openRecord, type RecordFile, verifyRecord } from '../node/export/record';
import { instantOf } from '../shared/audit/instant';
import { foldOps } from '../shared/ops/fold';
import { INITIAL_OPS_STATE } from '../shared/ops/state';
import { beginsLine } from '../shared/retention/retention';
import { VERSION } from '../shared/version';

type Print = (line: string) => void;
type Code = 0 | 1 | 2;

const never = new AbortController().signal;

/**
 * Verifies a log, a mirror (and the index beside it) or an export.
 *
 * @returns the exit code: 0 it holds, 1 it does not, 2 it could not be read.
 */
export function verifyCommand(path: string, print: Print): Promise<Code> {
  return reading(path, print, async (record) => {
    const findings = runThrough(verifyRecord(record));
    const { damage, head, signedTo, clock } = findings;
    for (const { kind, seq, detail } of damage) print(badLine(kind, seq, detail));
    if (damage.length > 0) return 1;
    print(`ok ${head.seq} ${head.hash}`);
    if (findings.deleted) print(beginsLine(findings.deleted));
    else if (findings.first !== 1) print(`the record begins with event ${findings.first}`);
    print(signedTo === null ? 'no signed checkpoint' : `signed by the gateway up to ${signedTo}`);
    if (clock.regressions > 0) print(clockLine(clock));
    const index = path.replace(/\.db$/, '-index.db');
    if (record.kind === 'database' && index !== path && existsSync(index)) {
      const found = runThrough(verifyIndex(await record.beside(index), record.source));
      if (found)
        print(
          badLine(
            found.kind,
            found.seq,
            `${found.detail}; the log itself holds, and the index is made anew when it is deleted`,
          ),
        );
      if (found) return 1;
      print('the index says what the log says');
    }
    return 0;
  });
}

function badLine(kind: string, seq: number | null, detail: string): string {
  return `bad ${seq === null ? '' : `${seq} `}${kind}: ${detail}`;
}

function clockLine({ regressions, firstSeq, worstMs }: Findings['clock']): string {
  return `the clock went back ${regressions} times, first at event ${firstSeq}, by ${worstMs} ms at most; the order is the log's`;
}

/** Says whether two records are of one log, and where they part. Both are verified first. */
export function compareCommand(a: string, b: string, print: Print): Promise<Code> {
  return reading(a, print, (one) =>
    reading(b, print, async (other) => {
      for (const [path, record] of [
        [a, one],
        [b, other],
      ] as const) {
        const { damage: found, deleted } = runThrough(verifyRecord(record));
        const [damage] = found;
        if (deleted) print(`${path}: ${beginsLine(deleted)}`);
        if (!damage) continue;
        print(`${path}: ${badLine(damage.kind, damage.seq, damage.detail)}`);
        return 1;
      }
      const found = compareRecords(one, other);
      switch (found.kind) {
        case 'same':
          print(`same: events ${found.from} to ${found.to}`);
          return 0;
        case 'prefix':
          print(
            `same from ${found.from} to ${found.to}, where ${found.shorter === 'a' ? a : b} ends`,
          );
          return 0;
        case 'parted':
          print(`parted at ${found.seq}: ${found.a.slice(0, 12)}… and ${found.b.slice(0, 12)}…`);
          return 1;
        case 'apart':
          print('they have no event in common, so nothing can be told');
          return 1;
      }
    }),
  );
}

/** `vigia export <file> <target> [--from …] [--to …] [--format folder|zip|jsonl|csv]` */
export function exportCommand(args: readonly string[], print: Print): Promise<Code> | null {
  const [path, target, ...flags] = args;
  const options = flagsOf(flags);
  if (path === undefined || target === undefined || options === null) return null;
  const from = instantOf(options.from ?? null, 'start');
  const to = instantOf(options.to ?? null, 'end');
  if (from === undefined || to === undefined) {
    print(
      '--from and --to take a day (2026-01-31, of Bogota) or an instant (2026-01-31T14:00:00Z)',
    );
    return Promise.resolve(2);
  }
  return reading(path, print, async (record) => {
    if (record.kind !== 'database') {
      print(`${path} is an export already`);
      return 2;
    }
    if (existsSync(target)) {
      print(`${target} is there already; nothing is written over`);
      return 2;
    }
    const { source } = record;
    const [damage] = runThrough(verifyRecord(record)).damage;
    if (damage) {
      print(badLine(damage.kind, damage.seq, damage.detail));
      return 1;
    }
    const request = {
      source,
      range: rangeOf(source, from, to),
      period: { from, to },
      publicKey: source.publicKey(),
      checkpoint: null,
      signal: never,
      onProgress: () => undefined,
      ...factsOf(source),
    };
    const { format } = options;
    if (format === 'jsonl' || format === 'csv') await exportLines(request, format, target);
    else if (format === 'zip') await exportZip(request, target);
    else await exportFolder(request, target);
    const { fromSeq, toSeq } = request.range;
    print(
      toSeq < fromSeq
        ? `${target}: no event in that period`
        : `${target}: events ${fromSeq} to ${toSeq}`,
    );
    print(`key ${createHash('sha256').update(request.publicKey, 'base64').digest('hex')}`);
    return 0;
  });
}

/** What the log says of itself at its end. */
function factsOf(source: EventSource) {
  let state = source.before() ?? INITIAL_OPS_STATE;
  for (let from = source.start().seq + 1; ; ) {
    const rows = source.rows(from, 1_000);
    // What it is of, and the policies in force, are all that is asked.
    for (const row of rows) {
      if (/^(log\.opened|policy\.)/.test(row.type)) state = foldOps(state, eventOfRow(row));
    }
    const last = rows.at(-1);
    if (!last) break;
    from = last.seq + 1;
  }
  const policies = Object.entries(state.policies).map(([name, policy]) => [name, policy.version]);
  return {
    info: {
      madeAt: Date.now(),
      madeBy: 'vigia export',
      software: `vigia ${VERSION}`,
      desk: state.gatewayId ?? '',
      policies: Object.fromEntries(policies) as Record<string, string>,
      time: { source: "the gateway's clock, as it stamped each event", offsetMs: null },
    },
  };
}

interface Flags {
  readonly from?: string;
  readonly to?: string;
  readonly format: string;
}

function flagsOf(flags: readonly string[]): Flags | null {
  const found: Record<string, string> = { format: 'folder' };
  for (let at = 0; at < flags.length; at += 2) {
    const name = /^--(from|to|format)$/.exec(flags[at] ?? '')?.[1];
    const value = flags[at + 1];
    if (name === undefined || value === undefined) return null;
    found[name] = value;
  }
  return /^(folder|zip|jsonl|csv)$/.test(found.format ?? '') ? (found as unknown as Flags) : null;
}

async function reading(
  path: string,
  print: Print,
  use: (record: RecordFile) => Promise<Code>,
): Promise<Code> {
  let record: RecordFile;
  try {
    record = await openRecord(path, never);
  } catch (error) {
    print(`${path}: ${(error as Error).message}`);
    return 2;
  }
  try {
    return await use(record);
  } catch (error) {
    print(`${path}: ${(error as Error).message}`);
    return 2;
  } finally {
    record.close();
  }
}
