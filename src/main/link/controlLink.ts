import WebSocket from 'ws';
import type { LogEvent, LogPosition } from '../../shared/log/event';
import type { OperationsPolicy } from '../../shared/policy/operations';
import { parseFrame } from '../../shared/protocol/frame';
import type { Answer, ControlReply, ControlRequest, Welcome } from '../../shared/protocol/terminal';
import { controlReplies } from '../../shared/protocol/terminal';
import { CLOSE, MAX_FRAME_BYTES, PATHS, TERMINAL_SUBPROTOCOL } from '../../shared/protocol/wire';
import type { Clock } from '../../shared/time';
import type { LinkCause, LinkState, LinkView } from '../../shared/view/desk';
import { fullJitter } from './backoff';
import { clientTls, type Transport } from './transport';

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
  readonly onAnswer: (answer: Answer) => void;
  readonly onLease: (lease: Extract<ControlReply, { type: 'lease' }>) => void;
  readonly onHealth: (health: Extract<ControlReply, { type: 'health' }>) => void;
  /** The gateway's log is not the one this mirror follows. */
  readonly onDiverged: (cause: string) => void;
  /** It came up (subscribed), went silent or was lost. */
  readonly onState: (view: LinkView, was: LinkState) => void;
}

export interface ControlLink {
  /** Takes the addresses to try, in order, and starts again with the first. */
  connect(addresses: readonly string[]): void;
  addresses(): readonly string[];
  /** Sends when live; false when it did not go out. */
  send(request: ControlRequest): boolean;
  /** Asks for the log from the mirror's present place, on a new connection. */
  restart(cause: LinkCause): void;
  view(): LinkView;
  stop(): void;
}

/** The terminal's control connection: one at a time, for ever, with its silence measured. */
export function createControlLink(deps: ControlLinkDeps): ControlLink {
  let addresses: readonly string[] = [];
  let turn = 0;
  let attempt = 0;
  let socket: WebSocket | null = null;
  let welcomed = false;
  let retry: NodeJS.Timeout | null = null;
  let stopped = false;
  let heardAt = deps.uptime();
  let view: LinkView = {
    state: 'connecting',
    since: deps.clock(),
    address: '',
    embedded: deps.embedded,
    rttMs: null,
    clockOffsetMs: null,
    lastHeardAt: null,
    cause: null,
  };
  const beat = setInterval(heartbeat, deps.times.heartbeatMs);

  function set(change: Partial<LinkView>): void {
    const was = view.state;
    const since = change.state && change.state !== was ? deps.clock() : view.since;
    view = { ...view, ...change, since };
    if (change.state && change.state !== was) deps.onState(view, was);
  }

  function open(): void {
    retry = null;
    const position = deps.position();
    const address = addresses[turn % Math.max(1, addresses.length)];
    if (stopped) return;
    if (address === undefined) {
      // One of its own says its address once it listens.
      if (!deps.embedded) set({ state: 'down', cause: { code: 'no_gateway' } });
      return;
    }
    // Without a place to go on from there is nothing to ask for; the mirror opens in a moment.
    if (!position) {
      again({ code: 'mirror_opening' });
      return;
    }
    set({ address });
    welcomed = false;
    const token = deps.token();
    const transport = deps.transport(address);
    if (token === null) {
      set({ cause: { code: 'signed_out' } });
      return;
    }
    if (transport === null) {
      again({ code: 'certificate' });
      return;
    }
    const own = new WebSocket(`${address}${PATHS.control}`, TERMINAL_SUBPROTOCOL, {
      headers: { authorization: `Bearer ${token}` },
      ...clientTls(transport),
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: deps.times.downAfterMs,
      perMessageDeflate: false,
    });
    socket = own;
    let cause: LinkCause = { code: 'closed' };
    own.on('open', () => {
      own.send(JSON.stringify({ type: 'hello', terminal: deps.terminal, time: deps.clock() }));
    });
    own.on('message', (data, binary) => {
      if (socket !== own) return;
      if (binary) return own.close(CLOSE.badFrame);
      hear(own, data.toString());
    });
    own.on('error', (error) => {
      cause = { code: 'said', detail: error.message };
    });
    own.on('close', (code, reason) => {
      if (socket !== own) return;
      socket = null;
      if (!welcomed) deps.onFailed(address);
      if (code === CLOSE.diverged) deps.onDiverged('the gateway does not know our last event');
      const said = reason.toString();
      again(code >= 4000 && said ? { code: 'said', detail: `${said} (${code})` } : cause);
    });
  }

  function again(cause: LinkCause): void {
    if (stopped || retry) return;
    welcomed = false;
    if (view.state === 'live' || view.state === 'stale') set({ state: 'down', cause });
    else if (view.state === 'connecting' && attempt > 2) set({ state: 'down', cause });
    else set({ cause });
    attempt += 1;
    turn += 1;
    const { reconnectMinMs, reconnectMaxMs } = deps.times;
    retry = setTimeout(open, fullJitter(attempt, reconnectMinMs, reconnectMaxMs, deps.random));
  }

  function heard(): void {
    heardAt = deps.uptime();
    set({ lastHeardAt: deps.clock() });
  }

  function hear(own: WebSocket, text: string): void {
    const frame = parseFrame(text, controlReplies);
    // A newer gateway may say things this version has no use for.
    if (!frame.ok && frame.error.code === 'unknown_type') return;
    if (!frame.ok) {
      // What one frame says wrongly may be an event: asking again is safer than going on.
      set({ cause: { code: 'bad_frame', detail: frame.error.message } });
      own.close(CLOSE.badFrame);
      return;
    }
    heard();
    if (welcomed && view.state === 'stale') set({ state: 'live', cause: null });
    take(own, frame.value);
  }

  function take(own: WebSocket, message: ControlReply): void {
    switch (message.type) {
      case 'welcome':
        greet(own, message);
        return;
      case 'events':
        // The schema says `unknown` where JSON was parsed: it is JSON.
        if (!deps.onEvents(message.events as LogEvent[]) && socket === own) {
          own.close(CLOSE.goingAway);
        }
        return;
      case 'replayed':
        deps.onReplayed(message.seq);
        return;
      case 'answer':
        deps.onAnswer(message);
        return;
      case 'lease':
        deps.onLease(message);
        return;
      case 'health':
        deps.onHealth(message);
        return;
      case 'ping':
        return void transmit({ type: 'pong', time: deps.clock(), echo: message.time });
      case 'pong': {
        const now = deps.clock();
        const rttMs = Math.max(0, now - message.echo);
        set({ rttMs, clockOffsetMs: Math.round(message.time + rttMs / 2 - now) });
        return;
      }
      case 'error':
        set({ cause: { code: 'said', detail: `${message.code}: ${message.message}` } });
        return;
      case 'checkpoint':
        deps.onCheckpoint(message.note);
        return;
      case 'slow':
        return;
    }
  }

  function greet(own: WebSocket, welcome: Welcome): void {
    const before = deps.position();
    const strange = before?.epoch && before.head.seq > 0 && before.epoch !== welcome.epoch;
    if (strange) deps.onDiverged('the gateway has another history');
    const position = deps.position();
    // A divergence may have closed the mirror for a moment; the next connection finds it new.
    if (!position || socket !== own) {
      own.close(CLOSE.goingAway);
      return;
    }
    welcomed = true;
    attempt = 0;
    deps.onWelcome(welcome);
    transmit({
      type: 'subscribe',
      epoch: position.head.seq > 0 ? position.epoch : null,
      fromSeq: position.head.seq + 1,
      fromHash: position.head.hash,
    });
    heard();
    set({ state: 'live', cause: null });
    transmit({ type: 'ping', time: deps.clock() });
  }

  function heartbeat(): void {
    const silent = deps.uptime() - heardAt;
    if (welcomed && socket) {
      transmit({ type: 'ping', time: deps.clock() });
      if (silent >= deps.times.downAfterMs) {
        const own = socket;
        socket = null;
        own.terminate();
        again({ code: 'silent', seconds: Math.round(silent / 1_000) });
      } else if (silent >= deps.times.staleAfterMs && view.state === 'live') {
        set({ state: 'stale', cause: { code: 'silent', seconds: Math.round(silent / 1_000) } });
      }
    }
  }

  function transmit(request: ControlRequest): boolean {
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(request));
    return true;
  }

  function drop(): void {
    const own = socket;
    socket = null;
    own?.terminate();
    if (retry) clearTimeout(retry);
    retry = null;
  }

  return {
    connect(next) {
      addresses = next;
      turn = 0;
      attempt = 0;
      drop();
      open();
    },
    addresses: () => addresses,
    send: (request) => welcomed && transmit(request),
    restart(cause) {
      drop();
      again(cause);
    },
    view: () => view,
    stop() {
      stopped = true;
      clearInterval(beat);
      drop();
    },
  };
}
