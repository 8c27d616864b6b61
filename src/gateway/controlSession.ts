import type { WebSocket } from 'ws';
import type { OperationsPolicy } from '../shared/policy/operations';
import { parseFrame } from '../shared/protocol/frame';
import type { Answer, ControlReply, Welcome } from '../shared/protocol/terminal';
import { controlRequests } from '../shared/protocol/terminal';
import { CLOSE } from '../shared/protocol/wire';
import type { Clock } from '../shared/time';
import type { LeaseCounter } from './cluster/cluster';
import type { Commands, Operator } from './commands';
import type { EventFrames } from './eventFrames';
import { type Guard, HELLO_WITHIN_MS } from './guard';
import type { GatewayLog } from './log';
import type { GatewayMetrics } from './metrics';
import type { LeaseView } from './monitor/leaseDesk';

export interface ControlSessionOptions {
  readonly socket: WebSocket;
  readonly operator: Operator;
  /** Unix ms; null for a token that never expires. */
  readonly tokenExpiresAt: number | null;
  readonly log: GatewayLog;
  readonly commands: Commands;
  readonly lease: LeaseCounter;
  /** Whether a terminal of theirs may act as the monitor. */
  readonly mayHold: (operator: Operator) => boolean;
  readonly policy: OperationsPolicy;
  readonly clock: Clock;
  readonly frames: EventFrames;
  readonly guard: Guard;
  readonly metrics: GatewayMetrics;
  readonly welcome: () => Omit<Welcome, 'type' | 'operator'>;
}

/** Bytes waiting for a reader above which it is told, and above which it is cut off. */
const BACKLOG_TOLD = 4 * 1_048_576;
const BACKLOG_CUT = 64 * 1_048_576;
const BAD_FRAMES_ALLOWED = 1_000;

/** One terminal's control socket: hello, the log from where it stands, commands and their answers. */
export function serveControl(options: ControlSessionOptions): void {
  const { socket, operator, log, commands, policy, clock, metrics } = options;
  const allowance = options.guard.allowance('control', operator.id);
  let terminal: string | null = null;
  /** The next event to send; null before `subscribe`. The log is the queue: nothing is dropped. */
  let next: number | null = null;
  let replayed = false;
  let sending = false;
  let scheduled = false;
  let told = false;
  let badFrames = 0;
  const mine = new Set<string>();

  const late = setTimeout(() => {
    metrics.refused('control', 'late');
    socket.close(CLOSE.timeout, 'no hello');
  }, HELLO_WITHIN_MS);
  const unfollow = commands.follow((answer) => {
    if (mine.has(answer.id)) send(answer);
  });
  const leave = log.onSaved(soon);
  const leaveHealth = log.onHealth((health) => send({ type: 'health', ...health }));
  const leaveCheckpoint = log.onCheckpoint((note) => send({ type: 'checkpoint', note }));
  const beat = setInterval(() => {
    if (terminal !== null) send({ type: 'ping', time: clock() });
    void pump();
  }, policy.link.heartbeatMs);

  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(late);
    clearInterval(beat);
    unfollow();
    leave();
    leaveHealth();
    leaveCheckpoint();
    if (next !== null) metrics.subscriptions(-1);
    if (terminal === null) return;
    log.append({ type: 'session.closed', actor: actor(), data: { terminal, cause: 'closed' } });
  });
  socket.on('message', (data, binary) => {
    metrics.frame('control');
    const parsed = parseFrame(binary ? '' : String(data), controlRequests);
    if (!parsed.ok) {
      metrics.refused('control', parsed.error.code);
      badFrames += 1;
      send({ type: 'error', ...parsed.error });
      if (badFrames > BAD_FRAMES_ALLOWED) socket.close(CLOSE.badFrame);
      return;
    }
    const message = parsed.value;
    // A kill is never refused for its rate.
    const isKill = message.type === 'command' && message.name === 'kill';
    if (!isKill && !allowance.take()) {
      metrics.refused('control', 'rate');
      send({ type: 'error', code: 'rate', message: 'too many frames; this one was not read' });
      return;
    }
    if (message.type === 'hello') return hello(message);
    if (terminal === null) {
      send({ type: 'error', code: 'wrong_order', message: 'say hello first' });
      socket.close(CLOSE.badFrame);
      return;
    }
    switch (message.type) {
      case 'subscribe':
        return subscribe(message);
      case 'command':
        mine.add(message.id);
        commands.handle(message, operator, terminal, send);
        return;
      case 'lease':
        answerLease(lease(message, terminal));
        return;
      case 'query':
        mine.add(message.id);
        for (const answer of commands.outcome(message.id)) send(answer);
        return;
      case 'ping':
        send({ type: 'pong', time: clock(), echo: message.time });
        return;
      case 'pong':
        return;
    }
  });

  function answerLease(view: LeaseView | Promise<LeaseView>): void {
    if (view instanceof Promise) void view.then(answerLease);
    else send({ type: 'lease', ...view });
  }

  function lease(message: { token: number | null; release: boolean }, holder: string) {
    // A terminal that may only look does not act as the monitor either.
    if (!options.mayHold(operator)) return options.lease.view();
    if (!message.release) return options.lease.ask(holder, message.token);
    if (message.token !== null) options.lease.release(message.token);
    return options.lease.view();
  }

  function actor() {
    return { id: operator.id, role: operator.roles[0] ?? 'viewer', terminal };
  }

  function hello(message: { terminal: { id: string; name: string; version: string } }): void {
    if (terminal !== null) {
      send({ type: 'error', code: 'wrong_order', message: 'hello was said already' });
      return;
    }
    clearTimeout(late);
    terminal = message.terminal.id;
    const { name, version } = message.terminal;
    log.append({ type: 'session.opened', actor: actor(), data: { terminal, name, version } });
    send({
      type: 'welcome',
      operator: {
        ...operator,
        roles: [...operator.roles],
        tokenExpiresAt: options.tokenExpiresAt,
      },
      ...options.welcome(),
    });
    send({ type: 'health', ...log.health() });
    const note = log.lastCheckpoint();
    if (note) send({ type: 'checkpoint', note });
  }

  function subscribe(message: { epoch: string | null; fromSeq: number; fromHash: string }): void {
    const { epoch } = log.state();
    const sameLog = message.epoch === null || message.epoch === epoch;
    if (!sameLog || log.hashAt(message.fromSeq - 1) !== message.fromHash) {
      send({
        type: 'error',
        code: 'diverged',
        message: 'the hash before that event is not in this log; the mirror holds another history',
      });
      socket.close(CLOSE.diverged);
      return;
    }
    if (next === null) metrics.subscriptions(1);
    next = message.fromSeq;
    replayed = false;
    void pump();
  }

  /** Sends what is durable and not yet sent, a frame at a time, waiting for a slow reader. */
  async function pump(): Promise<void> {
    if (sending || next === null) return;
    sending = true;
    try {
      while (socket.readyState === socket.OPEN && !backlogged()) {
        const frame = await options.frames.from(next);
        if (frame === null) break;
        // The callback comes when the frame left for the system: a replay goes at the reader's pace.
        await new Promise<void>((sent) => socket.send(frame.text, () => sent()));
        next += frame.count;
      }
      if (!replayed && next > log.savedHead().seq) {
        replayed = true;
        send({ type: 'replayed', seq: next - 1 });
      }
    } finally {
      sending = false;
    }
    // Events may have become durable between the last read and here.
    if (next <= log.savedHead().seq && !backlogged() && socket.readyState === socket.OPEN) {
      setImmediate(() => void pump());
    }
  }

  /**
   * Once for all that is recorded in one turn of the loop: engines are told of a kill before terminals are,
   * and what fifty engines answer goes to each terminal in a frame or two, not in fifty.
   */
  function soon(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void pump();
    });
  }

  function backlogged(): boolean {
    const waiting = socket.bufferedAmount;
    if (waiting > BACKLOG_CUT) {
      if (socket.readyState === socket.OPEN) metrics.refused('control', 'slow_consumer');
      socket.close(CLOSE.slowConsumer, 'does not read');
      return true;
    }
    if (waiting > BACKLOG_TOLD && !told) {
      told = true;
      send({ type: 'slow', backlogBytes: waiting });
    }
    if (waiting <= BACKLOG_TOLD) told = false;
    return waiting > BACKLOG_TOLD;
  }

  function send(reply: ControlReply | Answer): void {
    if (reply.type === 'answer') metrics.answered(reply.stage);
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(reply));
  }
}
