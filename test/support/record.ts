import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../src/node/sha256';
import { rawPublicKey, signNote } from '../../src/node/signedNote';
import { SqliteEventStore } from '../../src/node/sqliteEventStore';
import type { Json } from '../../src/shared/log/canonical';
import { type SealedEvent, seal } from '../../src/shared/log/chain';
import { checkpointText, LOG_ORIGIN } from '../../src/shared/log/checkpoint';
import { EMPTY_LOG, type LogPosition } from '../../src/shared/log/event';

/** What a reader of a record must take for text and nothing else. */
export const HOSTILE = [
  '=HYPERLINK("http://x","y")',
  '+1+cmd|calc',
  '@SUM(A1)',
  '\t=1',
  '","hash":"0000","id":"x","prevHash":"1","reason":"',
  'línea\ncon "comillas", comas y \\ barras',
  '<img src=x onerror=alert(1)>',
  '\u202eabc $(rm -rf x) `id` %s',
  // Where a spreadsheet parts cells at semicolons, or takes a line break for a line's end.
  'x;=HYPERLINK("http://x","y")',
  'x;";"=1+1',
  'x\t @SUM(A1)',
  'x\n-2+3+cmd|calc',
];
/** 1 March 2026, 14:00 UTC. */
export const BEGAN = 1_772_373_600_000;

/** A log as a small desk makes it, its first event naming the key; one of a kind for each `variant`. */
export function deskChain(
  count: number,
  key: KeyObject,
  variant = '',
  clock = (index: number): number => BEGAN + index * 1_000,
  after: LogPosition = EMPTY_LOG,
): SealedEvent[] {
  let position = after;
  return Array.from({ length: count }, (_, index) => {
    const [type, data] = index === 0 ? opened(key, variant) : happened(index);
    const sealed = seal(
      {
        id: `018f0000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`,
        ts: clock(index),
        type,
        actor: index % 4 === 1 ? { id: 'ana', role: 'trading-lead', terminal: 't1' } : GATEWAY,
        commandId: index % 3 === 1 ? commandOf(index) : null,
        reason: index % 5 === 0 ? (HOSTILE[(index / 5) % HOSTILE.length] ?? null) : null,
        data,
      },
      position,
      sha256,
    );
    position = sealed.event;
    return sealed;
  });
}

/** One fact of a log that a test tells. */
export interface Told {
  readonly type: string;
  readonly data: object;
  readonly by?: string;
  readonly reason?: string | null;
}

/** A log of these facts, a second apart, its first event naming the key. */
export function toldChain(facts: readonly Told[], key: KeyObject): SealedEvent[] {
  const [type, data] = opened(key, '');
  let position: LogPosition = EMPTY_LOG;
  return [{ type, data }, ...facts].map((fact: Told, index) => {
    const sealed = seal(
      {
        id: `018f0000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`,
        ts: BEGAN + index * 1_000,
        type: fact.type,
        actor: fact.by ? { id: fact.by, role: 'model-owner', terminal: 't1' } : GATEWAY,
        ...{ commandId: null, reason: fact.reason ?? null },
        data: fact.data as Record<string, Json>,
      },
      position,
      sha256,
    );
    position = sealed.event;
    return sealed;
  });
}

const GATEWAY = { id: 'gateway', role: 'gateway', terminal: null };

/** The command that event `index` of {@link deskChain} belongs to. */
export function commandOf(index: number): string {
  return `018f0000-0000-7000-8000-00000000000${index % 7}`;
}

function opened(key: KeyObject, variant: string): [string, Record<string, Json>] {
  const publicKey = rawPublicKey(key).toString('base64');
  return ['log.opened', { epoch: `e${variant}`, gatewayId: 'g', publicKey, environment: 'paper' }];
}

function happened(index: number): [string, Record<string, Json>] {
  const engine = `paper-${index % 3}`;
  switch (index % 6) {
    case 0:
      return ['engine.lost', { engine, cause: 'conexión perdida', lastHeardAt: BEGAN }];
    case 1:
      return ['ops.paused', { scope: { kind: 'engines', engines: [engine] }, origin: 'panel' }];
    case 2:
      return ['kill.halted', { engines: ['paper-0', 'paper-1'] }];
    case 3:
      return [
        'alert.raised',
        { alert: `a${index}`, model: `ppo_v${index % 2}`, detail: 'pérdida' },
      ];
    case 4:
      return ['incident.noted', { incident: `inc-${index % 4}`, text: 'Revisión del motor' }];
    default:
      return [
        'terminal.reported',
        { kind: 'hotkey_proven', detail: HOSTILE[index % HOSTILE.length] ?? '' },
      ];
  }
}

export interface TestRecord {
  readonly folder: string;
  /** A mirror with the whole chain and a signature over its end. */
  readonly path: string;
  readonly chain: readonly SealedEvent[];
  readonly key: KeyObject;
  remove(): void;
}

/** A mirror on disk with `count` events. @param signed sequences that the gateway signed */
export function newRecord(count: number, signed: readonly number[] = [count]): TestRecord {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-record-'));
  const { privateKey: key } = generateKeyPairSync('ed25519');
  const path = join(folder, 'audit.db');
  const chain = deskChain(count, key);
  writeRecord(path, chain, key, signed);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  return { folder, path, chain, key, remove };
}

export function writeRecord(
  path: string,
  chain: readonly SealedEvent[],
  key: KeyObject,
  signed: readonly number[],
): void {
  const store = new SqliteEventStore(path, sha256);
  store.insert(chain);
  for (const seq of signed) store.putCheckpoint({ seq, note: noteOver(chain, seq, key) });
  store.close();
}

export function noteOver(chain: readonly SealedEvent[], seq: number, key: KeyObject): string {
  const { hash } = (chain[seq - 1] as SealedEvent).event;
  return signNote(checkpointText(LOG_ORIGIN, { seq, hash }), LOG_ORIGIN, key);
}
