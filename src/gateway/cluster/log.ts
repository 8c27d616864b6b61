import type { KeyObject } from 'node:crypto';
import { signNote } from '../../node/signedNote';
import type { SqliteEventStore, StoredCheckpoint } from '../../node/sqliteEventStore';
import { type RandomBytes, uuidv7 } from '../../shared/ids';
import type { Sha256 } from '../../shared/log/chain';
import { describeFault } from '../../shared/log/chain';
import { checkpointText } from '../../shared/log/checkpoint';
import type { LogEvent, LogPosition } from '../../shared/log/event';
import type { OpsState } from '../../shared/ops/state';
import type { Clock } from '../../shared/time';
import type { Fact } from '../facts';
import {
  BrokenLogError,
  type GatewayLog,
  join,
  type LogHealth,
  type Proposed,
  pagesOf,
} from '../log';
import { type Attempt, type Proposal, withoutProposals } from './attempt';
import { type Batch, batchText, fillBatch } from './batch';
import { openCopy } from './copy';
import { BEGINNING, createFollower, knownPlace } from './follower';
import { type Message, type Reached, readOn } from './reading';
import { Speculation } from './speculation';
import { type LogStream, MovedOnError, StreamUnavailableError } from './stream';

/** Thrown to who proposes something while the log takes nothing. Nothing of it is in the log. */
export class NoQuorumError extends Error {
  override readonly name = 'NoQuorumError';
}

/**
 * This gateway's copy and the stream are not of one history, or the stream has less of it: nothing that
 * is appended here would be in the log. Neither was changed.
 */
export class OtherHistoryError extends Error {
  override readonly name = 'OtherHistoryError';
}

export interface ClusterLogOptions {
  /** This gateway's own copy of the log. It may be deleted: it comes again from the stream. */
  readonly store: SqliteEventStore;
  readonly stream: LogStream;
  readonly sha256: Sha256;
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly uptime: Clock;
  readonly random: RandomBytes;
  readonly key: KeyObject;
  readonly origin: string;
  readonly checkpointEvery: number;
  /** Whether it is this gateway's turn to sign by itself. */
  readonly signs: () => boolean;
  /** Hears every event that was in the log before the start is over, and the state after it. */
  readonly onReplay?: (event: LogEvent, state: OpsState) => void;
  /** A stream that does not answer is asked again after this. */
  readonly retryMs?: number;
  /** How long a start waits for a stream that does not answer, where there is a copy to begin with. */
  readonly catchUpMs?: number;
}

const PROPOSALS_MAX = 32;
/** What was proposed and not taken by then is refused, not kept for a later hour. */
const PROPOSE_WITHIN_MS = 2_000;
const RETRY_MS = 500;
const PROBE_EVERY_MS = 1_000;
const CATCH_UP_MS = 5_000;

/**
 * The log on a replicated stream that several gateways write to. Each appends optimistically: a batch
 * says after which place it belongs, the stream refuses it when another was first, and what is not in
 * yet is sealed anew after what came. A fact that has happened stands whatever came between; one that
 * depends on something is asked again whether it holds (`Fact.holds`), and a proposal is decided anew.
 *
 * What has happened is in {@link GatewayLog.state} at once, and in the log when a majority of the
 * stream's servers has it. A side without a majority goes on so, and its facts are appended when there
 * is one again. A batch whose fate is not known is published again as it is, to the same place, until
 * the stream tells: it is there once or never. No memory of duplicates that runs out is relied upon.
 *
 * A message that does not continue the chain is passed over, by every gateway alike.
 *
 * @throws {BrokenLogError} when this gateway's copy does not verify.
 * @throws {OtherHistoryError} when the stream has not all that the copy has.
 * @throws {StreamUnavailableError} when the stream does not answer and there is no copy yet.
 */
export async function createClusterLog(options: ClusterLogOptions): Promise<GatewayLog> {
  const { store, stream, sha256, clock, uptime, random } = options;
  const retryMs = options.retryMs ?? RETRY_MS;
  const verified = store.verify();
  if (!verified.ok) throw new BrokenLogError(verified.seq, describeFault(verified.fault));
  const copy = openCopy(store, {
    ...{ uptime, retryMs },
    told: (fault) => trouble(fault),
  });
  const log = new Speculation(sha256);
  const follower = createFollower(stream, { retryMs, come: () => take([]) });
  let foreign: OtherHistoryError | null = null;
  let joined = false;
  let proposals: Proposal[] = [];
  let attempt: Attempt | null = null;
  let note: StoredCheckpoint | null = null;
  let checkpointed = copy.lastCheckpoint();
  let deciding: OpsState | null = null;
  let live = false;
  let publishing = false;
  let stopped = false;
  let storeError: string | null = null;
  let toldUnsaved = 0;
  /** Since when the stream has more than is here, or refuses what is next, and nothing comes of it. */
  let behindSince: number | null = null;
  let retry: NodeJS.Timeout | null = null;
  const recorded = new Set<(event: LogEvent) => void>();
  const saved = new Set<() => void>();
  const healthy = new Set<(health: LogHealth) => void>();
  const checkpoints = new Set<(note: string) => void>();
  const health = (): LogHealth => ({ unsavedEvents: log.waiting, storeError });
  const noted = () => {
    const ts = Math.max(0, Math.floor(clock()));
    return { id: uuidv7(ts, random), ts };
  };

  // Verified above: what was in it is there before this process.
  for await (const events of pagesOf(store)) log.confirm(events, options.onReplay);
  await begin();
  live = true;
  const probing = setInterval(probe, PROBE_EVERY_MS);
  pump();

  /** Joins the stream. A copy is enough to begin with where it does not answer. */
  async function begin(): Promise<void> {
    try {
      await catchUp();
    } catch (error) {
      if (error instanceof StreamUnavailableError && copy.head().seq > 0) {
        trouble(error.message);
        void joinLater();
        return;
      }
      stopped = true;
      follower.stop();
      copy.close();
      throw error;
    }
  }

  async function joinLater(): Promise<void> {
    while (!joined && !stopped && !foreign) {
      try {
        await catchUp();
        trouble(null);
        pump();
      } catch (error) {
        if (error instanceof OtherHistoryError) foreign = error;
        trouble((error as Error).message);
        refuseOld((error as Error).message);
      }
    }
  }

  /**
   * Follows the stream until all that it has is here, and it was found to have all that the copy has.
   *
   * @throws {OtherHistoryError} when it has not: from its beginning on, and for a while.
   * @throws {StreamUnavailableError} when it does not answer for a while.
   */
  async function catchUp(): Promise<void> {
    const until = uptime() + (options.catchUpMs ?? CATCH_UP_MS);
    let from: number | null = null;
    while (!stopped) {
      try {
        from ??= follow(await knownPlace(stream, copy));
        const last = await stream.last();
        while (follower.at().place < last && !foreign && !stopped) await turn();
        if (!foreign && follower.at().reached.seq === copy.head().seq) {
          joined = true;
          return;
        }
        if (foreign || uptime() >= until) {
          // What a copy remembers of its place may be of another stream.
          if (from === 0) throw foreign ?? new OtherHistoryError(lacking());
          from = follow(BEGINNING);
        }
      } catch (error) {
        if (error instanceof OtherHistoryError || uptime() >= until) throw error;
        refuseOld((error as Error).message);
      }
      await turn();
    }
  }

  function follow(start: Reached): number {
    foreign = null;
    follower.follow(start);
    return start.place;
  }

  function lacking(): string {
    const { seq } = follower.at().reached;
    const has = seq === 0 ? 'holds no event of it' : `ends with its event ${seq}`;
    return `this gateway’s copy of the log goes on to event ${copy.head().seq}, and the replicated log ${has}`;
  }

  /** The next message, or a moment: whichever is first. */
  function turn(): Promise<void> {
    return new Promise((go) => {
      const timer = setTimeout(done, 50);
      const leave = join(saved, done);
      function done(): void {
        clearTimeout(timer);
        leave();
        go();
      }
    });
  }

  function trouble(now: string | null): void {
    // A copy that takes nothing is told of until it does, whatever the stream says.
    const message = copy.fault() ?? now;
    // While it lasts, what waits is said again with each try; afterwards once, that nothing waits.
    const over = storeError === null && (toldUnsaved === 0 || log.waiting > 0);
    if (message === null && over) return;
    storeError = message;
    toldUnsaved = log.waiting;
    for (const listener of healthy) listener(health());
  }

  function append(...facts: Fact[]): readonly LogEvent[] {
    const events = facts.map((fact) => log.add(fact, fact.noted ?? noted()));
    for (const event of events) for (const listener of recorded) listener(event);
    pump();
    return events;
  }

  /** What goes next: what is pending, and what is proposed if that is all that stands before it. */
  function compose(): Attempt | null {
    const own = fillBatch(log.pending);
    const asked = own.length < log.waiting ? [] : proposals.splice(0, PROPOSALS_MAX);
    const imagined = log.imagine(
      asked,
      (proposal, state) => {
        deciding = state;
        try {
          return proposal.decide();
        } finally {
          deciding = null;
        }
      },
      noted,
    );
    for (const { group, events, error } of imagined) {
      if (error !== undefined) tell(group, { ok: false, error });
      else if (events.length === 0) tell(group, { ok: true, events: [] });
    }
    const decided = imagined.filter(({ events }) => events.length > 0);
    const all = [...own, ...decided.flatMap(({ events }) => events)];
    if (all.length === 0 && !note) return null;
    return {
      after: follower.at().place,
      text: batchText(all, note),
      ...{ sealed: all, note },
      proposals: decided.map(({ group, events: its }) => ({
        proposal: group,
        ids: its.map(({ event }) => event.id),
      })),
      doubtful: false,
    };
  }

  /** What goes wrong with whoever asked is not the log's to end on. */
  function tell({ settled }: Proposal, outcome: Proposed): void {
    try {
      settled(outcome);
    } catch (error) {
      process.emitWarning(error as Error);
    }
  }

  function pump(): void {
    if (publishing || stopped || !live || !joined || retry) return;
    if (!attempt && log.waiting === 0 && proposals.length === 0 && !note) return;
    publishing = true;
    // What is recorded in one turn goes in one message.
    queueMicrotask(() => void publish());
  }

  async function publish(): Promise<void> {
    attempt ??= compose();
    const mine = attempt;
    if (mine) {
      try {
        take([{ at: await stream.publish(mine.text, mine.after), text: mine.text }]);
        trouble(null);
      } catch (error) {
        failed(error, mine);
      }
    }
    publishing = false;
    pump();
  }

  function failed(error: unknown, mine: Attempt): void {
    if (error instanceof MovedOnError) {
      // Another was first, or this very text is there and its answer was lost: the follower brings it.
      if (attempt === mine) {
        later();
        notGoingOn(`takes nothing after its ${mine.after}: ${error.message}`);
        withdrawOld(mine);
      }
      if (storeError !== null) refuseOld(storeError);
      return;
    }
    trouble((error as Error).message);
    const certain = error instanceof StreamUnavailableError && !error.inDoubt;
    if (!certain) mine.doubtful = true;
    if (!mine.doubtful && attempt === mine) {
      attempt = null;
      giveBack(mine);
    }
    if (attempt === mine) withdrawOld(mine);
    refuseOld((error as Error).message);
    later();
  }

  /** What was proposed a while ago is not published again; where it may be there already, the log tells. */
  function withdrawOld(mine: Attempt): void {
    if (!mine.proposals.some(({ proposal }) => isOld(proposal))) return;
    attempt = mine.doubtful ? withoutProposals(mine) : null;
    if (attempt === null) giveBack(mine);
  }

  /** Says so once it has been so for a while: others may only have been first. */
  function notGoingOn(how: string): void {
    behindSince ??= uptime();
    if (uptime() - behindSince >= PROPOSE_WITHIN_MS) trouble(`the replicated log ${how}`);
  }

  function isOld({ askedAt }: Proposal): boolean {
    return uptime() - askedAt >= PROPOSE_WITHIN_MS;
  }

  function giveBack(mine: Attempt): void {
    proposals = [...mine.proposals.map(({ proposal }) => proposal), ...proposals];
  }

  function refuseOld(why: string): void {
    const old = proposals.filter(isOld);
    proposals = proposals.filter((one) => !old.includes(one));
    for (const one of old) tell(one, { ok: false, error: new NoQuorumError(why) });
  }

  function later(): void {
    if (stopped) return;
    retry ??= setTimeout(() => {
      retry = null;
      pump();
    }, retryMs);
  }

  /** Messages of the stream: what the follower brought, and the answer to what was published. */
  function take(answers: readonly Message[]): void {
    const messages = [...follower.drain(), ...answers];
    if (stopped || foreign || messages.length === 0) return;
    const from = follower.at();
    const { to, fresh, notes, faults, gap, other } = readOn(from, messages, {
      copy,
      sealedHere,
      sha256,
    });
    if (other !== null) {
      foreign = new OtherHistoryError(
        `event ${other} of the replicated log is another than in this gateway’s copy, which goes on to event ${copy.head().seq}`,
      );
      if (live) trouble(foreign.message);
      return;
    }
    if (gap) follower.again();
    if (to.place === from.place) return;
    if (!copy.add(fresh, to.place)) {
      // Until it is here nothing goes on top of it.
      follower.again();
      return;
    }
    follower.moveTo(to);
    behindSince = null;
    for (const fault of faults) trouble(fault);
    const mine = attempt && attempt.after < to.place ? attempt : null;
    const isThere = (id: string) => fresh.some(({ event }) => event.id === id);
    const landed = mine?.proposals.filter(({ ids }) => ids.every(isThere)) ?? [];
    if (mine) {
      attempt = null;
      if (retry) clearTimeout(retry);
      retry = null;
      if (landed.length < mine.proposals.length && !mine.expired) giveBack(mine);
    }
    const events = fresh.map(({ event }) => event);
    const news = log.confirm(events, live ? undefined : options.onReplay);
    if (live) for (const event of news) for (const listener of recorded) listener(event);
    for (const { proposal, ids: its } of landed) {
      tell(proposal, { ok: true, events: news.filter(({ id }) => its.includes(id)) });
    }
    if (mine?.expired && landed.length === 0) {
      const error = new NoQuorumError('it was not in the log within the time for it');
      for (const { proposal } of mine.proposals) tell(proposal, { ok: false, error });
    }
    if (mine) refuseOld('others were first, again and again');
    // What the stream brings it also takes.
    if (faults.length === 0) trouble(null);
    for (const one of notes) signed(one);
    for (const listener of saved) listener();
    if (live && options.signs() && isDue()) checkpoint();
    pump();
  }

  /** Who has nothing to say does not notice that nobody would hear it, nor that it hears nothing. */
  function probe(): void {
    if (!joined || foreign || attempt) return;
    stream.last().then(
      (last) => {
        if (stopped) return;
        const { place } = follower.at();
        if (last > place) {
          notGoingOn(`goes on to its ${last}, and what it has after its ${place} does not come`);
          return;
        }
        behindSince = null;
        if (log.waiting === 0) trouble(null);
      },
      (error: Error) => {
        if (!stopped) trouble(error.message);
      },
    );
  }

  const isDue = () => copy.head().seq - (checkpointed?.seq ?? 0) >= options.checkpointEvery;

  /** What was published for this very place needs no reading: it was sealed here. */
  function sealedHere({ at, text }: Message, last: LogPosition): Batch | null {
    if (attempt === null || at !== attempt.after + 1 || text !== attempt.text) return null;
    const { sealed, note: its } = attempt;
    const [first] = sealed;
    if (first && first.event.prevHash !== last.hash) return null;
    return { sealed, ...(its && { note: its }) };
  }

  function signed(one: StoredCheckpoint): void {
    if (note && note.seq <= one.seq) note = null;
    if (one.seq <= (checkpointed?.seq ?? 0)) return;
    checkpointed = one;
    try {
      copy.putCheckpoint(one);
    } catch {
      // The stream has it.
    }
    for (const listener of checkpoints) listener(one.note);
  }

  function checkpoint(): string | null {
    const position = copy.head();
    if (position.seq === 0) return null;
    if (checkpointed?.seq === position.seq) return checkpointed.note;
    const text = signNote(checkpointText(options.origin, position), options.origin, options.key);
    const one = { seq: position.seq, note: text };
    signed(one);
    note = one;
    pump();
    return text;
  }

  /** Resolves once nothing of this gateway's own waits, or after a while without it. */
  async function drained(withinMs: number): Promise<void> {
    const until = uptime() + withinMs;
    while (log.waiting > 0 && uptime() < until) await turn();
  }

  return {
    state: () => deciding ?? log.state,
    savedHead: () => copy.head(),
    health,
    append,
    propose(decide, settled) {
      if (foreign) {
        settled({ ok: false, error: new NoQuorumError(foreign.message) });
        return;
      }
      proposals.push({ decide, settled, askedAt: uptime() });
      pump();
    },
    isSaved: ({ id, seq, commandId }) => !log.isPending(id, commandId) && seq <= copy.head().seq,
    settled: () => drained(options.catchUpMs ?? CATCH_UP_MS),
    onRecorded: (listener) => join(recorded, listener),
    onSaved: (listener) => join(saved, listener),
    onHealth: (listener) => join(healthy, listener),
    onCheckpoint: (listener) => join(checkpoints, listener),
    lastCheckpoint: () => checkpointed?.note ?? null,
    checkpoint,
    read: (fromSeq, limit) => copy.read(fromSeq, limit),
    hashAt: (seq) => copy.hashAt(seq),
    async stop() {
      await drained(STOP_WITHIN_MS);
      stopped = true;
      clearInterval(probing);
      if (retry) clearTimeout(retry);
      follower.stop();
      copy.close();
    },
  };
}

const STOP_WITHIN_MS = 2_000;
