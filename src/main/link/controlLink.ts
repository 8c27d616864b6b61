import type { LogEvent, LogPosition } from '../../shared/log/event';
import type { OperationsPolicy } from '../../shared/policy/operations';
import type { Answer, ControlReply, ControlRequest, Welcome } from '../../shared/protocol/terminal';
import { CLOSE } from '../../shared/protocol/wire';
import type { Clock } from '../../shared/time';
import type { LinkCause, LinkState, LinkView } from '../../shared/view/desk';
import { fullJitter } from './backoff';
import {
  choose,
  connectionTo,
  type Fault,
  type LinkEffect,
  type LinkEvent,
  LOOKS_PER_BEAT,
  NO_CHOICE,
  standby,
  standing,
  unansweredMs,
  type Verdict,
} from './choice';
import { type Connection, openConnection } from './connection';
import { createRecentHashes, kinship } from './kinship';
import type { Transport } from './transport';

export interface ControlLinkDeps {
  /** Null while nobody is signed in: nothing is connected then. */
  readonly token: () => string | null;
  /** How an address is connected to; null while it may not be. */
  readonly transport: (address: string) => Transport | null;
  /** A connection could not be made or was lost. */
  readonly onFailed: (address: string) => void;
  readonly terminal: { readonly id: string; readonly name: string; readonly version: string };
  readonly embedded: boolean;
  readonly clock: Clock;
  /** Milliseconds that never jump: a wall clock put right is not silence. */
  readonly uptime: Clock;
  readonly random: () => number;
  readonly times: OperationsPolicy['link'];
  /** Where to go on from, and of which history; null while the mirror is not open. */
  readonly position: () => { readonly head: LogPosition; readonly epoch: string | null } | null;
  readonly onWelcome: (welcome: Welcome) => void;
  /** Events of the log; false when they do not continue it, which ends the connection. */
  readonly onEvents: (events: readonly LogEvent[]) => boolean;
  readonly onReplayed: (seq: number) => void;
  /** The gateway's signature over its log so far. */
  readonly onCheckpoint: (note: string) => void;
  readonly onAnswer: (answer: Answer, address: string) => void;
  readonly onLease: (lease: Extract<ControlReply, { type: 'lease' }>) => void;
  readonly onHealth: (health: Extract<ControlReply, { type: 'health' }>) => void;
  /** No gateway that answers has the log this mirror follows. */
  readonly onDiverged: (cause: string) => void;
  /** One of several gateways has another history; the log is followed elsewhere. */
  readonly onStranger: (address: string) => void;
  /**
   * It came up (subscribed), went silent or was lost. Where it goes over to the connection that stood
   * ready, it is `down` and `live` again within one turn.
   */
  readonly onState: (view: LinkView, was: LinkState) => void;
  /** Which gateways stand has changed. */
  readonly changed: () => void;
}

export interface ControlLink {
  /** Takes the addresses of gateways that share one log, and begins anew with them. */
  connect(addresses: readonly string[]): void;
  addresses(): readonly string[];
  /** Tries at once whatever waits for its next try; what stands is left alone. */
  wake(): void;
  /** Sends when live; false when it did not go out. */
  send(request: ControlRequest): boolean;
  /** Sends on the connection to that address, live or ready; false when it did not go out. */
  sendTo(address: string, request: ControlRequest): boolean;
  /** Asks for the log from the mirror's present place, on new connections. */
  restart(cause: LinkCause): void;
  view(): LinkView;
  stop(): void;
}

/** A connection with what its gateway said of itself, which is of use once its log is followed. */
interface Peer {
  readonly address: string;
  readonly connection: Connection;
  bytes: number;
  /** By the clock that never jumps, and by ours. */
  heardAt: number;
  lastHeardAt: number | null;
  welcome: Welcome | null;
  health: Extract<ControlReply, { type: 'health' }> | null;
  checkpoint: string | null;
  /** An event of its log that ours has not reached: its hash is compared when it does. */
  ahead: LogPosition | null;
}

/**
 * The terminal's control link, for ever: one connection whose log is followed, with its silence
 * measured, and with several addresses a second one that stands ready. `choice.ts` decides.
 */
export function createControlLink(deps: ControlLinkDeps): ControlLink {
  const { times } = deps;
  let addresses: readonly string[] = [];
  let choice = NO_CHOICE;
  const peers = new Map<number, Peer>();
  /** Kept with several gateways alone. */
  const recent = createRecentHashes();
  const retries = new Map<number, NodeJS.Timeout>();
  const queue: LinkEvent[] = [];
  let busy = false;
  let stopped = false;
  let looks = 0;
  /** Why the last connection was lost, or could not be made. */
  let cause: LinkCause = { code: 'closed' };
  let doubt = '';
  let view: LinkView = {
    state: 'connecting',
    since: deps.clock(),
    address: '',
    embedded: deps.embedded,
    rttMs: null,
    clockOffsetMs: null,
    lastHeardAt: null,
    cause: null,
    gateways: 0,
    standing: 0,
    strangers: [],
  };
  const looking = setInterval(look, times.heartbeatMs / LOOKS_PER_BEAT);

  function set(change: Partial<LinkView>): void {
    const was = view.state;
    const since = change.state && change.state !== was ? deps.clock() : view.since;
    view = { ...view, ...change, since };
    if (change.state && change.state !== was) deps.onState(view, was);
  }

  /** Happenings are taken one after the other: what an effect leads to waits for the other effects. */
  function take(event: LinkEvent): void {
    queue.push(event);
    if (busy) return;
    busy = true;
    try {
      for (let next = queue.shift(); next && !stopped; next = queue.shift()) {
        const chosen = choose(choice, next, times);
        choice = chosen.choice;
        for (const effect of chosen.effects) carryOut(effect);
      }
    } finally {
      busy = false;
    }
    showGateways();
  }

  function carryOut(effect: LinkEffect): void {
    switch (effect.type) {
      case 'open':
        open(effect.line, effect.conn, effect.address);
        return;
      case 'retry':
        retry(effect.line, effect.attempt);
        return;
      case 'drop': {
        const { conn, fault } = effect;
        if (fault) cause = causeOf(fault);
        const peer = peers.get(conn);
        peers.delete(conn);
        peer?.connection.drop();
        if (fault && peer && !peer.welcome) deps.onFailed(peer.address);
        return;
      }
      case 'follow':
        follow(effect.conn);
        return;
      case 'lost':
        set({ state: 'down', cause });
        return;
      case 'probe':
        pingAll();
        return;
      case 'stranger':
        deps.onStranger(effect.address);
        return;
      case 'diverged':
        deps.onDiverged(doubt);
        return;
    }
  }

  function open(line: number, conn: number, address: string) {
    clearRetry(line);
    const token = deps.token();
    const transport = deps.transport(address);
    if (choice.live === null) set({ address });
    // Without a place to go on from there is nothing to ask for; the mirror opens in a moment.
    if (!deps.position()) return unusable(conn, { code: 'mirror_opening' });
    if (token === null) return unusable(conn, { code: 'signed_out' });
    if (transport === null) return unusable(conn, { code: 'certificate' });
    const { terminal, clock } = deps;
    const connection = openConnection({
      ...{ address, token, transport, terminal, clock, handshakeTimeoutMs: times.downAfterMs },
      onReply: (reply) => hear(conn, reply),
      onUnreadable: (why) => leave(conn, CLOSE.badFrame, 'ended', why),
      onClosed(code, why) {
        const welcome = peers.get(conn)?.welcome;
        if (!welcome) deps.onFailed(address);
        if (code === CLOSE.diverged) doubt = 'the gateway does not know our last event';
        lose(conn, code === CLOSE.diverged ? refusedBy(welcome) : 'ended', why);
      },
    });
    peers.set(conn, {
      ...{ address, connection, bytes: 0, heardAt: deps.uptime(), lastHeardAt: null },
      ...{ welcome: null, health: null, checkpoint: null, ahead: null },
    });
  }

  function unusable(conn: number, why: LinkCause) {
    cause = why;
    take({ type: 'closed', conn, at: deps.uptime(), verdict: 'ours' });
  }

  /** Ends a connection with a reason the gateway is told, and does not wait for its answer. */
  function leave(conn: number, code: number, verdict: Verdict, why: LinkCause) {
    peers.get(conn)?.connection.leave(code);
    lose(conn, verdict, why);
  }

  /** One whose log was shorter than ours when it said so may only be behind. */
  function refusedBy(welcome: Welcome | null | undefined): Verdict {
    return (welcome?.head.seq ?? 0) < (deps.position()?.head.seq ?? 0) ? 'behind' : 'other';
  }

  function lose(conn: number, verdict: Verdict, why: LinkCause): void {
    peers.delete(conn);
    cause = why;
    take({ type: 'closed', conn, at: deps.uptime(), verdict });
  }

  function retry(line: number, attempt: number): void {
    clearRetry(line);
    const { reconnectMinMs, reconnectMaxMs } = times;
    const wait = fullJitter(attempt, reconnectMinMs, reconnectMaxMs, deps.random);
    const due = () => take({ type: 'due', line, at: deps.uptime() });
    retries.set(line, setTimeout(due, wait));
    if (choice.live !== null) return;
    const isLost = view.state === 'live' || view.state === 'stale';
    if (isLost || (view.state === 'connecting' && attempt > 3)) set({ state: 'down', cause });
    else set({ cause });
  }

  function clearRetry(line: number): void {
    clearTimeout(retries.get(line));
    retries.delete(line);
  }

  function hear(conn: number, reply: ControlReply): void {
    const peer = peers.get(conn);
    if (!peer) return;
    peer.heardAt = deps.uptime();
    peer.lastHeardAt = deps.clock();
    take({ type: 'heard', conn, at: peer.heardAt });
    // A gateway refuses what it heard: also a ping beyond what it allows.
    if (reply.type === 'pong' || reply.type === 'error') take({ type: 'answered', conn });
    if (choice.live === conn) {
      set({ lastHeardAt: peer.lastHeardAt });
      if (view.state === 'stale' && !late(peer.heardAt)) set({ state: 'live', cause: null });
    }
    answer(conn, peer, reply);
  }

  function answer(conn: number, peer: Peer, reply: ControlReply): void {
    const isLive = choice.live === conn;
    switch (reply.type) {
      case 'welcome':
        greet(conn, peer, reply);
        return;
      case 'events':
        // The schema says `unknown` where JSON was parsed: it is JSON.
        if (isLive) takeEvents(conn, reply.events as LogEvent[]);
        return;
      case 'replayed':
        if (!isLive) return;
        take({ type: 'same', conn });
        deps.onReplayed(reply.seq);
        return;
      case 'answer':
        // On the connection that stands ready only a kill is given.
        deps.onAnswer(reply, peer.address);
        return;
      case 'lease':
        if (isLive) deps.onLease(reply);
        return;
      case 'health':
        peer.health = reply;
        if (isLive) deps.onHealth(reply);
        return;
      case 'ping':
        peer.connection.send({ type: 'pong', time: deps.clock(), echo: reply.time });
        return;
      case 'pong': {
        if (!isLive) return;
        const now = deps.clock();
        const rttMs = Math.max(0, now - reply.echo);
        set({ rttMs, clockOffsetMs: Math.round(reply.time + rttMs / 2 - now) });
        return;
      }
      case 'error':
        if (isLive) set({ cause: { code: 'said', detail: `${reply.code}: ${reply.message}` } });
        return;
      case 'checkpoint':
        peer.checkpoint = reply.note;
        if (isLive) deps.onCheckpoint(reply.note);
        return;
      case 'slow':
        return;
    }
  }

  function greet(conn: number, peer: Peer, welcome: Welcome) {
    const ours = deps.position();
    // A divergence closed the mirror for a moment; the next connection finds it new.
    if (!ours) return leave(conn, CLOSE.goingAway, 'ours', { code: 'mirror_opening' });
    peer.welcome = welcome;
    const kin = kinship(welcome, ours, recent.at);
    if (kin === 'other') return estrange(conn);
    if (welcome.head.seq > ours.head.seq) peer.ahead = welcome.head;
    take({ type: 'welcomed', conn, at: deps.uptime() });
    if (kin === 'same') take({ type: 'same', conn });
  }

  function estrange(conn: number) {
    doubt = 'the gateway has another history';
    leave(conn, CLOSE.goingAway, 'other', { code: 'said', detail: doubt });
  }

  function takeEvents(conn: number, events: readonly LogEvent[]): void {
    if (!deps.onEvents(events)) {
      // A fork that was found set the mirror aside, and the connections with it.
      if (peers.has(conn)) leave(conn, CLOSE.goingAway, 'ended', { code: 'closed' });
      return;
    }
    take({ type: 'same', conn });
    if (choice.addresses.length < 2) return;
    recent.add(events);
    compareAhead();
  }

  /** The gateway that stands ready is of our history as far as ours has come to where its was. */
  function compareAhead(): void {
    const conn = standby(choice);
    const peer = conn === null ? undefined : peers.get(conn);
    const ours = peer?.ahead ? recent.at(peer.ahead.seq) : undefined;
    if (conn === null || !peer?.ahead || ours === undefined) return;
    const isSame = ours === peer.ahead.hash;
    peer.ahead = null;
    if (isSame) take({ type: 'same', conn });
    else estrange(conn);
  }

  function follow(conn: number) {
    const peer = peers.get(conn);
    const position = deps.position();
    if (!peer?.welcome) return;
    if (!position) return leave(conn, CLOSE.goingAway, 'ours', { code: 'mirror_opening' });
    // Begun anew with another token, it was never seen to be lost: what waits is to be asked about.
    if (view.state === 'live' || view.state === 'stale') set({ state: 'down', cause });
    peer.ahead = null;
    deps.onWelcome(peer.welcome);
    peer.connection.send({
      type: 'subscribe',
      epoch: position.head.seq > 0 ? position.epoch : null,
      fromSeq: position.head.seq + 1,
      fromHash: position.head.hash,
    });
    if (peer.health) deps.onHealth(peer.health);
    if (peer.checkpoint) deps.onCheckpoint(peer.checkpoint);
    set({ state: 'live', cause: null, address: peer.address, lastHeardAt: peer.lastHeardAt });
    ping(conn, peer);
  }

  function look(): void {
    const now = deps.uptime();
    looks += 1;
    // Beside one that stands ready the choice asks, and more often.
    if (looks % LOOKS_PER_BEAT === 0 && standby(choice) === null) pingAll();
    for (const [conn, peer] of peers) {
      const bytes = peer.connection.bytes();
      const isPart = bytes > peer.bytes && peer.heardAt <= choice.lookedAt;
      if (isPart) take({ type: 'arriving', conn, at: now });
      peer.bytes = bytes;
    }
    take({ type: 'look', at: now });
    const fault = late(now);
    if (fault) set({ state: 'stale', cause: causeOf(fault) });
  }

  /** Why the live connection is not quite live: silence, or that it answers nothing. */
  function late(now: number): Fault | null {
    const live = choice.live === null ? undefined : peers.get(choice.live);
    const silent: Fault = { code: 'silent', ms: live ? now - live.heardAt : 0 };
    const deaf: Fault = { code: 'unanswered', ms: unansweredMs(choice, now) };
    return [silent, deaf].find(({ ms }) => ms >= times.staleAfterMs) ?? null;
  }

  function pingAll(): void {
    for (const [conn, peer] of peers) if (peer.welcome) ping(conn, peer);
  }

  function ping(conn: number, { connection }: Peer): void {
    if (!connection.send({ type: 'ping', time: deps.clock() })) return;
    take({ type: 'asked', conn, at: deps.uptime() });
  }

  function showGateways(): void {
    const gateways = choice.addresses.length;
    const { strangers } = choice;
    const now = standing(choice, deps.uptime(), times);
    const same = gateways === view.gateways && now === view.standing;
    if (same && strangers === view.strangers) return;
    set({ gateways, standing: now, strangers });
    deps.changed();
  }

  function begin(): void {
    cause = { code: 'closed' };
    const isSignedOut = deps.token() === null;
    const usable = isSignedOut ? [] : addresses;
    for (const line of retries.keys()) clearRetry(line);
    take({ type: 'connect', addresses: usable, at: deps.uptime() });
    if (addresses.length > 0) {
      if (isSignedOut) set({ state: 'down', cause: { code: 'signed_out' } });
    } else if (!deps.embedded) {
      // One of its own says its address once it listens.
      set({ state: 'down', cause: { code: 'no_gateway' } });
    }
  }

  const sendOn = (conn: number | null, request: ControlRequest): boolean =>
    conn !== null && peers.get(conn)?.connection.send(request) === true;

  return {
    connect(next) {
      addresses = next;
      begin();
    },
    addresses: () => addresses,
    wake: () => take({ type: 'wake', at: deps.uptime() }),
    send: (request) => sendOn(choice.live, request),
    sendTo: (address, request) => sendOn(connectionTo(choice, address), request),
    restart(why) {
      // The mirror may have begun another history.
      recent.clear();
      cause = why;
      take({ type: 'restart' });
    },
    view: () => view,
    stop() {
      stopped = true;
      clearInterval(looking);
      for (const line of retries.keys()) clearRetry(line);
      for (const { connection } of peers.values()) connection.drop();
      peers.clear();
    },
  };
}

function causeOf({ code, ms }: Fault): LinkCause {
  return { code, seconds: Math.round(ms / 1_000) };
}
