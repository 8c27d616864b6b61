// Reads what is on disk and nothing else. It shares no code with the product: a fault in the product's
// own folding or verifying must not hide itself.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import Database from 'better-sqlite3';

/** An event as its sealed text says it. */
export interface Told {
  readonly id: string;
  readonly seq: number;
  readonly ts: number;
  readonly type: string;
  readonly commandId: string | null;
  readonly data: Record<string, unknown>;
  readonly prevHash: string;
  readonly hash: string;
}

/** One line of a venue's ledger. `at` is Unix ms. */
export interface LedgerLine {
  readonly at: number;
  readonly life: number;
  readonly what: 'born' | 'mode' | 'order' | 'fill' | 'cancel' | 'op' | 'settled';
  readonly mode?: string;
  readonly id?: string;
  readonly opId?: string;
  readonly op?: string;
  readonly purpose?: 'open' | 'close';
  /** Signed: what the order asks for, or what the fill changed the position by. */
  readonly quantity?: number;
  /** After a fill. */
  readonly position?: number;
}

/** What a client was told of a command. */
export interface Outcome {
  readonly id: string;
  readonly name: string;
  readonly stage: 'accepted' | 'rejected';
  readonly seq: number | null;
  readonly unsaved: boolean;
}

/** Who had a lease under a token, as a copy of the bucket had it; nobody, where it was given back. */
export interface LeaseSeen {
  readonly lease: string;
  readonly holder: string | null;
  readonly token: number;
  /** The change in the bucket's order, and when it was first seen, Unix ms. */
  readonly revision: number;
  readonly at: number;
}

/** A kill or a mode can be on its way to an engine for so long: the longest delay that is injected. */
const IN_TRANSIT_MS = 3_000;
const GENESIS = '0'.repeat(64);
const FIRST_FACTS = new Set([
  'kill.requested',
  'ops.paused',
  'ops.resumed',
  'ops.resume_requested',
  'deployment.started',
]);

interface Row {
  readonly seq: number;
  readonly hash: string;
  readonly prev_hash: string;
  readonly body: string;
}

/**
 * Every event of a log or a mirror, each hashed afresh.
 *
 * @throws when the chain has a gap, a wrong hash or a wrong link.
 */
export function readChain(path: string): Told[] {
  const database = new Database(path, { readonly: true });
  try {
    const rows = database
      .prepare('SELECT seq, hash, prev_hash, body FROM events ORDER BY seq')
      .all() as Row[];
    let before = GENESIS;
    return rows.map((row, index) => {
      const hash = createHash('sha256').update(row.body).digest('hex');
      const told = JSON.parse(row.body) as Told;
      const whole =
        hash === row.hash &&
        row.seq === index + 1 &&
        told.seq === row.seq &&
        told.prevHash === before &&
        row.prev_hash === before;
      if (!whole) throw new Error(`${path}: the chain does not hold at ${index + 1}`);
      before = row.hash;
      return { ...told, hash };
    });
  } finally {
    database.close();
  }
}

/** The hash of the last event of a log or a mirror, by what it says itself; empty before the first. */
export function headOf(path: string): string {
  const database = new Database(path, { readonly: true });
  try {
    const last = database.prepare('SELECT hash FROM events ORDER BY seq DESC LIMIT 1');
    return (last.pluck().get() as string | undefined) ?? '';
  } finally {
    database.close();
  }
}

/** The lines of a ledger. The last one may be torn by a kill: it counts once it is whole. */
export function readLedger(path: string): LedgerLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as LedgerLine);
}

/** What a log and its mirror do not agree on: the mirror must be the log's beginning. */
export function mirrorFaults(log: readonly Told[], mirror: readonly Told[]): string[] {
  const last = mirror.at(-1);
  if (!last || log[last.seq - 1]?.hash === last.hash) return [];
  return [`mirror: event ${last.seq} is not the gateway's`];
}

/** No accepted command lost or applied twice, and every one with an outcome. */
export function commandFaults(log: readonly Told[], outcomes: readonly Outcome[]): string[] {
  const facts = new Map<string, Told[]>();
  for (const event of log) {
    if (event.commandId === null) continue;
    if (!FIRST_FACTS.has(event.type) && event.type !== 'command.rejected') continue;
    facts.set(event.commandId, [...(facts.get(event.commandId) ?? []), event]);
  }
  const faults: string[] = [];
  for (const [id, events] of facts) {
    if (events.length > 1) {
      faults.push(`command ${id}: applied ${events.length} times (${events[0]?.type})`);
    }
  }
  for (const { id, name, stage, seq, unsaved } of outcomes) {
    const [fact] = facts.get(id) ?? [];
    if (stage === 'accepted' && !unsaved) {
      if (!fact) faults.push(`${name} ${id}: accepted and not in the log`);
      else if (fact.type === 'command.rejected')
        faults.push(`${name} ${id}: accepted, logged refused`);
      if (log[(seq ?? 0) - 1]?.commandId !== id)
        faults.push(`${name} ${id}: not at its seq ${seq}`);
    }
    if (stage === 'rejected' && fact && fact.type !== 'command.rejected') {
      faults.push(`${name} ${id}: refused and applied`);
    }
  }
  return faults;
}

/** Killed stays killed: whoever registers while the desk is killed is told so. */
export function killedFaults(log: readonly Told[]): string[] {
  const faults: string[] = [];
  let killed = false;
  for (const event of log) {
    if (event.type === 'kill.requested') killed = true;
    if (event.type === 'ops.resumed') killed = false;
    if (event.type === 'engine.connected' && killed && event.data.appliedMode !== 'killed') {
      faults.push(`event ${event.seq}: ${event.data.engine} registers ${event.data.appliedMode}`);
    }
  }
  return faults;
}

/** An engine leaves `killed` by a resume alone, opens in `normal` alone, and is never sold twice. */
export function ledgerFaults(
  log: readonly Told[],
  engine: string,
  ledger: readonly LedgerLine[],
): string[] {
  const resumes = log.filter(({ type }) => type === 'ops.resumed').map(({ ts }) => ts);
  const faults: string[] = [];
  let mode = 'paused';
  let since = 0;
  let position = 0;
  for (const line of ledger) {
    if (line.what === 'born') mode = 'paused';
    if (line.what === 'mode' && line.mode) {
      const left = mode === 'killed' && line.mode !== 'killed';
      if (left && !resumes.some((ts) => ts >= since - IN_TRANSIT_MS && ts <= line.at)) {
        faults.push(`${engine}: left killed for ${line.mode} at ${line.at} with no resume`);
      }
      if (line.mode !== mode) since = line.at;
      mode = line.mode;
    }
    if (line.what === 'order' && line.purpose === 'open' && mode !== 'normal') {
      faults.push(`${engine}: opens at ${line.at} while ${mode}`);
    }
    if (line.what === 'fill') {
      const next = position + (line.quantity ?? 0);
      if (next !== line.position)
        faults.push(`${engine}: the ledger does not add up at ${line.at}`);
      const closes = line.purpose === 'close';
      if (closes && (next * position < 0 || Math.abs(next) > Math.abs(position))) {
        faults.push(`${engine}: sold twice at ${line.at}: ${position} became ${next}`);
      }
      position = next;
    }
  }
  return faults;
}

/** No false "flat": at the instant a kill is called flat, the venue holds nothing. */
export function flatFaults(
  log: readonly Told[],
  ledgers: ReadonlyMap<string, readonly LedgerLine[]>,
): string[] {
  const faults: string[] = [];
  for (const event of log) {
    if (event.type !== 'kill.flat') continue;
    for (const [engine, ledger] of ledgers) {
      if (!(event.data.engines as string[]).includes(engine)) continue;
      const held = heldAt(ledger, event.ts);
      if (held.position === 0 && held.orders.length === 0) continue;
      faults.push(`event ${event.seq}: flat, and ${engine} holds ${JSON.stringify(held)}`);
    }
  }
  return faults;
}

/** What a venue holds at an instant (Unix ms), by its own ledger. */
export function heldAt(
  ledger: readonly LedgerLine[],
  at: number,
): { readonly position: number; readonly orders: readonly string[] } {
  let position = 0;
  const orders = new Set<string>();
  for (const line of ledger) {
    if (line.at > at) break;
    if (line.what === 'order' && line.id) orders.add(line.id);
    if ((line.what === 'cancel' || line.what === 'fill') && line.id) orders.delete(line.id);
    if (line.what === 'fill') position = line.position ?? 0;
  }
  return { position, orders: [...orders] };
}

/** What an accepted command leads to is in the log, also where its gateway could not save it at once. */
export function lostFaults(log: readonly Told[], outcomes: readonly Outcome[]): string[] {
  const ids = new Set(log.filter(({ type }) => FIRST_FACTS.has(type)).map((one) => one.commandId));
  return outcomes
    .filter(({ stage, id }) => stage === 'accepted' && !ids.has(id))
    .map(({ name, id }) => `${name} ${id}: accepted and lost`);
}

/** Copies of one log: each is the beginning of the longest. @param copies by who has it */
export function copyFaults(
  copies: ReadonlyMap<string, readonly Pick<Told, 'seq' | 'hash'>[]>,
): string[] {
  const longest = [...copies.values()].reduce((a, b) => (b.length > a.length ? b : a), []);
  const faults: string[] = [];
  for (const [name, copy] of copies) {
    const wrong = copy.find(({ seq, hash }, index) => {
      return seq !== index + 1 || longest[index]?.hash !== hash;
    });
    if (wrong) faults.push(`${name}: event ${wrong.seq} is not that of the others`);
  }
  return faults;
}

/** Facts that a gateway records only while it acts for all, and that name no turn themselves. */
const ACTING_FACTS = new Set(['kill.halted', 'kill.flat', 'gateway.lost', 'incident.opened']);

/** One gateway acts at a time: tokens grow, and what was noted in a turn is not recorded after it. */
export function turnFaults(log: readonly Told[]): string[] {
  const faults: string[] = [];
  let turn: Told | null = null;
  for (const event of log) {
    if (event.type === 'gateway.acting') {
      const before = Number(turn?.data.token ?? 0);
      if (Number(event.data.token) !== before + 1) {
        faults.push(`event ${event.seq}: token ${event.data.token} after ${before}`);
      }
      turn = event;
    } else if (ACTING_FACTS.has(event.type)) {
      if (!turn) faults.push(`event ${event.seq}: ${event.type} before any turn`);
      else if (notedAt(event) < notedAt(turn)) {
        faults.push(`event ${event.seq}: ${event.type} of a turn before ${turn.data.token}`);
      }
    }
  }
  return faults;
}

/** Said of an engine by the gateway alone that it is connected to. */
const OWNERS_FACTS = new Set([
  'engine.mode_applied',
  'engine.models_reported',
  'engine.self_paused',
  'kill.step_settled',
  'kill.read_back',
  'kill.reopened',
]);

/**
 * An engine has one gateway at a time, by one connection: tokens of a gateway's name only grow, with each life
 * of it too; a connection that another has followed never comes back; and nobody speaks of an engine that has
 * gone to another since.
 */
export function ownershipFaults(log: readonly Told[]): string[] {
  const faults: string[] = [];
  const tokens = new Map<string, number>();
  const owners = new Map<string, Owner>();
  const left = new Set<string>();
  for (const event of log) {
    const { type, seq, data } = event;
    const [engine, node] = [String(data.engine), String(data.node)];
    const owner = owners.get(engine);
    if (type === 'gateway.started' || type === 'engine.connected') {
      const token = Number(data.lease);
      const least = (tokens.get(node) ?? 0) + (type === 'gateway.started' ? 1 : 0);
      if (!(token >= least))
        faults.push(`event ${seq}: ${node} under ${data.lease} after ${least}`);
      else tokens.set(node, token);
    }
    if (type === 'gateway.started') {
      for (const one of owners.values()) if (one.node === node) one.connected = false;
    }
    if (type === 'engine.connected') {
      const session = String(data.session);
      if (left.has(session))
        faults.push(`event ${seq}: ${engine} is back at ${node}, which it left`);
      if (owner?.session === session) owner.connected = true;
      else {
        if (owner) left.add(owner.session);
        owners.set(engine, { node, session, since: notedAt(event), connected: true });
      }
    }
    if (type === 'engine.lost' && owner) {
      if (!owner.connected) faults.push(`event ${seq}: ${engine} is lost again`);
      owner.connected = false;
    }
    if (OWNERS_FACTS.has(type) && owner && notedAt(event) < owner.since) {
      faults.push(`event ${seq}: ${type} of ${engine} by who had it before ${owner.node}`);
    }
  }
  return faults;
}

/** A lease has one holder at any token. */
export function leaseFaults(seen: readonly LeaseSeen[]): string[] {
  const first = new Map<string, LeaseSeen>();
  const faults: string[] = [];
  for (const one of seen) {
    if (one.holder === null) continue;
    const key = `lease ${one.lease}: token ${one.token}`;
    const other = first.get(key) ?? one;
    first.set(key, other);
    if (other.holder !== one.holder) faults.push(`${key} was ${whose(other)} and ${whose(one)}`);
  }
  return faults;
}

const whose = ({ holder, revision, at }: LeaseSeen) =>
  `${holder}’s (change ${revision}, seen at ${at})`;

/** Who an engine was connected to last. */
interface Owner {
  readonly node: string;
  readonly session: string;
  /** When that connection was made, Unix ms. */
  readonly since: number;
  connected: boolean;
}

/** When a fact became known, Unix ms: an id begins with it (RFC 9562, 5.7). */
function notedAt({ id }: Told): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}

/** A kill is called halted once, and flat once until something was seen open, or an engine came or was lost. */
export function saidOnceFaults(log: readonly Told[]): string[] {
  const faults: string[] = [];
  const said = new Set<string>();
  for (const { type, seq, commandId } of log) {
    if (type === 'kill.halted' || type === 'kill.flat') {
      const key = `${type} ${commandId}`;
      if (said.has(key)) faults.push(`event ${seq}: ${key} is said again`);
      said.add(key);
    }
    // Each of these has a kill begin anew to be proven.
    const opens = ['kill.reopened', 'kill.read_back', 'engine.connected', 'engine.lost'];
    if (opens.includes(type) || type === 'gateway.started') said.clear();
  }
  return faults;
}

/** Who registers in another mode than killed while the log is killed, unaware, is blocked then or lost. */
export function blockedFaults(log: readonly Told[]): string[] {
  const faults: string[] = [];
  const unblocked = new Map<string, number>();
  let killed = false;
  for (const { type, seq, data } of log) {
    const engine = String(data.engine);
    if (type === 'kill.requested') killed = true;
    if (type === 'ops.resumed') {
      killed = false;
      unblocked.clear();
    }
    if (type === 'engine.connected' && killed && data.appliedMode !== 'killed') {
      unblocked.set(engine, seq);
    }
    const isBlock = type === 'kill.step_settled' && data.step === 'block';
    const isMode = type === 'engine.mode_applied' && data.mode === 'killed';
    if (isBlock || isMode || type === 'engine.lost') unblocked.delete(engine);
  }
  for (const [engine, seq] of unblocked) {
    faults.push(`event ${seq}: ${engine} registers while killed and is not blocked`);
  }
  return faults;
}

/** The mode of an engine at an instant, Unix ms, by its own ledger. */
export function modeAt(ledger: readonly LedgerLine[], at: number): string {
  let mode = 'paused';
  for (const line of ledger) {
    if (line.at > at) break;
    if (line.what === 'born') mode = 'paused';
    if (line.what === 'mode' && line.mode) mode = line.mode;
  }
  return mode;
}

/** When an engine was first told to be killed from an instant on, Unix ms; null where it was not. */
export function blockedAt(ledger: readonly LedgerLine[], since: number): number | null {
  const isBlock = ({ at, what, mode }: LedgerLine) =>
    at >= since && what === 'mode' && mode === 'killed';
  return ledger.find(isBlock)?.at ?? null;
}

/** The value that a fraction of samples does not exceed (nearest rank): of few, p99 is the worst. 0 for none. */
export function percentile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? 0;
}

/** P99 of times must stay below a bound. @param sorted ms */
export function slowFaults(what: string, sorted: readonly number[], belowMs: number): string[] {
  const p99 = Math.round(percentile(sorted, 0.99));
  if (p99 < belowMs) return [];
  return [`${what}: p99 of ${sorted.length} is ${p99} ms, not below ${belowMs} ms`];
}
