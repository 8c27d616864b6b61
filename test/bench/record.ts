import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MirrorCore } from '../../src/main/mirror/core';
import { AuditIndex } from '../../src/node/audit/auditIndex';
import { openSource } from '../../src/node/audit/source';
import { sha256 } from '../../src/node/sha256';
import { rawPublicKey, signNote } from '../../src/node/signedNote';
import type { Json } from '../../src/shared/log/canonical';
import { seal } from '../../src/shared/log/chain';
import { checkpointText, LOG_ORIGIN } from '../../src/shared/log/checkpoint';
import { EMPTY_LOG, type LogEvent, type LogPosition } from '../../src/shared/log/event';

/**
 * Events of the mirror that is measured. `VIGIA_BENCH_EVENTS=10000000` is the size that counts: it takes
 * 9 GB and some ten minutes to make, once; the default takes one.
 */
export const EVENTS = Number(process.env.VIGIA_BENCH_EVENTS ?? 1_000_000);
/** The mirror is made once and kept, outside of the repository. */
const CACHE = process.env.VIGIA_BENCH_CACHE ?? join(homedir(), '.cache/vigia-bench');
const FORM = 1;
const BATCH = 4_096;

export interface BenchRecord {
  readonly path: string;
  readonly index: string;
}

/** A mirror of {@link EVENTS} events that came in by the mirror's own way, verified one by one, and its index. */
export async function benchRecord(): Promise<BenchRecord> {
  const folder = join(CACHE, `record-${FORM}-${EVENTS}`);
  const record = { path: join(folder, 'audit.db'), index: join(folder, 'audit-index.db') };
  if (!existsSync(folder)) {
    const making = `${folder}.making`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    await fill(join(making, 'audit.db'));
    renameSync(making, folder);
  }
  const source = openSource([record.path]);
  const index = new AuditIndex(record.index, source);
  const from = index.indexed().seq;
  const started = performance.now();
  for (let done = from; index.follow(5_000) > 0; ) {
    const now = index.indexed().seq;
    if (Math.floor(now / 1_000_000) > Math.floor(done / 1_000_000))
      tell('indexed', now, started, now - from);
    done = now;
  }
  index.database.pragma('wal_checkpoint(TRUNCATE)');
  index.close();
  source.close();
  const mib = (path: string) => Math.round(statSync(path).size / 2 ** 20);
  process.stderr.write(
    `${EVENTS} events: mirror ${mib(record.path)} MiB, index ${mib(record.index)} MiB\n`,
  );
  return record;
}

async function fill(path: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const core = new MirrorCore({
    ...{ path, sha256, clock: Date.now, onStatus: () => undefined },
    onBadCheckpoint: (cause) => {
      throw new Error(cause);
    },
  });
  await core.open();
  let position: LogPosition = EMPTY_LOG;
  const started = performance.now();
  for (let seq = 1; seq <= EVENTS; ) {
    const batch: LogEvent[] = [];
    for (; batch.length < BATCH && seq <= EVENTS; seq += 1) {
      const { event } = seal(
        draft(seq, rawPublicKey(privateKey).toString('base64')),
        position,
        sha256,
      );
      position = event;
      batch.push(event);
    }
    core.take(batch);
    core.flush();
    if (Math.floor(seq / 1_000_000) > Math.floor((seq - BATCH) / 1_000_000))
      tell('taken', seq, started, seq);
  }
  core.checkpoint(signNote(checkpointText(LOG_ORIGIN, position), LOG_ORIGIN, privateKey));
  core.flush();
  if (core.hasPending()) throw new Error('not everything was written');
  core.close();
}

function tell(what: string, seq: number, started: number, count: number): void {
  const rate = Math.round(count / ((performance.now() - started) / 1_000));
  process.stderr.write(`${what} ${seq}, ${rate}/s\n`);
}

const TYPES = [
  'kill.step_settled',
  'session.opened',
  'engine.connected',
  'alert.raised',
  'monitor.trigger_changed',
  'terminal.reported',
  'engine.lost',
] as const;
const WORDS = [
  'pérdida',
  'enlace',
  'motor',
  'revisión',
  'latencia',
  'conexión',
  'modelo',
  'sesión',
];

/** Facts of many kinds, the rare among the common; each followed from its number, so that all machines measure the same. */
function draft(seq: number, publicKey: string) {
  const n = (seq * 2_654_435_761) % 4_294_967_296;
  const [type, data] = seq === 1 ? first(publicKey) : fact(seq, n);
  return {
    id: `018f0000-0000-7000-8000-${seq.toString(16).padStart(12, '0')}`,
    // Some three years of a desk that is never quiet.
    ts: 1_700_000_000_000 + seq * 10,
    type,
    actor:
      n % 9 === 0
        ? {
            id: `op-${n % 23}`,
            role: ['trader', 'cto', 'on-call'][n % 3] as string,
            terminal: `t${n % 11}`,
          }
        : { id: 'gateway', role: 'gateway', terminal: null },
    commandId:
      n % 4 === 0
        ? `018f0000-0000-7000-9000-${Math.floor(seq / 12)
            .toString(16)
            .padStart(12, '0')}`
        : null,
    reason: n % 6 === 0 ? `${WORDS[n % 8]} de ${WORDS[(n >> 3) % 8]} en ${n % 1_000}` : null,
    data,
  };
}

function first(publicKey: string): [string, Record<string, Json>] {
  return ['log.opened', { epoch: 'bench', gatewayId: 'bench', publicKey, environment: 'paper' }];
}

function fact(seq: number, n: number): [string, Record<string, Json>] {
  // One in a hundred thousand is what people look for.
  if (n % 100_000 === 0)
    return ['incident.opened', { incident: `inc-${seq}`, title: `${WORDS[n % 8]} crítica` }];
  const engine = `motor-${n % 12}`;
  const model = `ppo_v${n % 40}`;
  return [
    TYPES[n % 7] as string,
    {
      engine,
      model,
      detail: `${WORDS[(n >> 5) % 8]} ${WORDS[(n >> 9) % 8]} ${n % 5_000}`,
      value: (n % 10_000) / 100,
    },
  ];
}
