import { parentPort } from 'node:worker_threads';
import WebSocket from 'ws';
import { type Execution, executionsOf } from '../../shared/incidents/executions';
import type { Watch } from '../../shared/monitor/watch';
import { parseFrame } from '../../shared/protocol/frame';
import type { TelemetryReply } from '../../shared/protocol/terminal';
import { telemetryReplies } from '../../shared/protocol/terminal';
import { CLOSE, MAX_FRAME_BYTES, PATHS, TERMINAL_SUBPROTOCOL } from '../../shared/protocol/wire';
import type { LinkState } from '../../shared/view/desk';
import { fullJitter } from '../link/backoff';
import type { FigureBook } from '../link/figures';
import { createFigureBook } from '../link/figures';
import type { FromTelemetry, TelemetryTarget, ToTelemetry } from '../link/telemetryMessages';
import { clientTls } from '../link/transport';
import { createWatcher, type Occasion, type Watcher } from '../monitor/watcher';

/** Telemetry's own thread and socket: a flood of figures never delays a kill or the hotkey. */
const POST_EVERY_MS = 250;
/** How often the windows are looked at for the screen, between checks. */
const VIEW_EVERY_MS = 1_000;
/**
 * Beats in a row without a word after which another of several gateways is gone to. Beats are counted
 * and not time, so that this thread held up is not the gateway's silence.
 */
const QUIET_BEATS = 2;
const BEAT_MS = 1_000;
const port = parentPort;
if (!port) throw new Error('telemetry runs as a worker');
const post = (message: FromTelemetry): void => port.postMessage(message);

const books = new Map<string, FigureBook>();
/** Executions seen since the last message. */
let executed: Execution[] = [];
let target: TelemetryTarget | null = null;
let socket: WebSocket | null = null;
let attempt = 0;
/** Which of the target's gateways is connected to, or tried. */
let turn = 0;
/** Null until it was heard. */
let heardAt: number | null = null;
/** When it was opened or last heard, by a clock that never jumps: one put right is not silence. */
let heardUp = 0;
let quietBeats = 0;
let everLive = false;
let greeted = false;
let retry: NodeJS.Timeout | null = null;
let watcher: Watcher | null = null;
let checks: NodeJS.Timeout | null = null;
let checkEveryMs = 0;

function linkState(): LinkState {
  if (!target) return 'connecting';
  if (!socket || heardAt === null) return everLive || attempt > 2 ? 'down' : 'connecting';
  const silent = performance.now() - heardUp;
  if (silent >= target.times.downAfterMs) return 'down';
  return silent >= target.times.staleAfterMs ? 'stale' : 'live';
}

function open(): void {
  retry = null;
  if (!target) return;
  const to = target;
  const gateway = to.gateways[turn % to.gateways.length];
  if (!gateway) return;
  const own = new WebSocket(`${gateway.address}${PATHS.telemetry}`, TERMINAL_SUBPROTOCOL, {
    headers: { authorization: `Bearer ${to.token}` },
    ...clientTls(gateway.transport),
    maxPayload: MAX_FRAME_BYTES,
    handshakeTimeout: to.times.downAfterMs,
    perMessageDeflate: false,
  });
  socket = own;
  heardAt = null;
  heardUp = performance.now();
  quietBeats = 0;
  greeted = false;
  own.on('open', () => {
    own.send(JSON.stringify({ type: 'hello', terminal: to.terminal, time: Date.now() }));
  });
  own.on('message', (data, binary) => {
    if (socket !== own) return;
    if (binary) return own.close(CLOSE.badFrame);
    const frame = parseFrame(data.toString(), telemetryReplies);
    const now = Date.now();
    heardAt = now;
    heardUp = performance.now();
    quietBeats = 0;
    if (frame.ok) take(own, frame.value, now);
  });
  // The close that follows says all there is to do.
  own.on('error', () => undefined);
  own.on('close', () => {
    if (socket === own) again();
  });
}

function again(): void {
  socket = null;
  if (!target || retry) return;
  attempt += 1;
  turn += 1;
  const { reconnectMinMs, reconnectMaxMs } = target.times;
  retry = setTimeout(open, fullJitter(attempt, reconnectMinMs, reconnectMaxMs, Math.random));
}

function take(own: WebSocket, message: TelemetryReply, now: number): void {
  switch (message.type) {
    case 'welcome':
      attempt = 0;
      everLive = true;
      greeted = true;
      fillIn();
      return;
    case 'window':
      watcher?.window(message);
      return;
    case 'telemetry':
      for (const { engine, session, items } of message.batches) {
        book(engine).take(session, items, now);
        watcher?.feed(engine, items, now);
        for (const item of items) executed.push(...executionsOf(engine, item));
      }
      // A limit that is passed is not waited with until the next check.
      if (watcher?.crossed(now)) evaluate('crossed');
      return;
    case 'conflated':
      book(message.engine).conflated(message.dropped, message.throughSeq);
      fillIn();
      return;
    case 'ping':
      own.send(JSON.stringify({ type: 'pong', time: Date.now(), echo: message.time }));
      return;
    case 'pong':
    case 'slow':
    case 'error':
      return;
  }
}

/** Asks for what was missed: the windows are to be as if the link had never been broken. */
function fillIn(): void {
  if (!watcher || !greeted || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: 'window' }));
}

function book(engine: string): FigureBook {
  const known = books.get(engine) ?? createFigureBook(engine);
  books.set(engine, known);
  return known;
}

setInterval(() => {
  const now = Date.now();
  const figures = Object.fromEntries(
    [...books].map(([engine, one]) => [engine, one.figures(now)] as const),
  );
  post({ type: 'figures', link: linkState(), figures, executed });
  executed = [];
}, POST_EVERY_MS);

setInterval(() => {
  if (!socket || !target) return;
  const isQuiet = greeted && target.gateways.length > 1 && quietBeats >= QUIET_BEATS;
  quietBeats += 1;
  if (isQuiet || performance.now() - heardUp >= target.times.downAfterMs) {
    const own = socket;
    again();
    own.terminate();
  } else if (greeted && socket.readyState === WebSocket.OPEN) {
    socket.send(JSON.stringify({ type: 'ping', time: Date.now() }));
  }
}, BEAT_MS);

function evaluate(occasion: Occasion): void {
  if (!watcher) return;
  post({ type: 'evaluated', evaluation: watcher.evaluate(Date.now(), occasion), occasion });
}

function watch(next: Watch, folder: string): void {
  if (watcher) {
    if (watcher.watch(next)) fillIn();
  } else {
    watcher = createWatcher(folder, next);
    fillIn();
    setInterval(() => evaluate('view'), VIEW_EVERY_MS);
  }
  if (next.policy.checkEveryMs === checkEveryMs) return;
  checkEveryMs = next.policy.checkEveryMs;
  if (checks) clearInterval(checks);
  checks = setInterval(() => evaluate('check'), checkEveryMs);
}

/** A connection to one of the gateways stays, unless another one is to be preferred now. */
function connect(next: TelemetryTarget | null): void {
  const at = socket && target ? sameAt(target, next) : -1;
  target = next;
  if (at !== -1) {
    turn = at;
    return;
  }
  const own = socket;
  socket = null;
  own?.terminate();
  if (retry) clearTimeout(retry);
  attempt = 0;
  turn = 0;
  open();
}

/** Where the gateway that is connected to stands in the next target; -1 where it is to be left. */
function sameAt(before: TelemetryTarget, next: TelemetryTarget | null): number {
  const current = JSON.stringify(before.gateways[turn % before.gateways.length]);
  const at = next?.gateways.findIndex((one) => JSON.stringify(one) === current) ?? -1;
  const preferred = next?.gateways[0]?.address === before.gateways[0]?.address;
  return next?.token === before.token && (at === 0 || preferred) ? at : -1;
}

port.on('message', (message: ToTelemetry) => {
  if (message.type === 'watch') return watch(message.watch, message.folder);
  if (message.type === 'keep') {
    return post({ type: 'kept', request: message.request, digest: watcher?.keep() ?? null });
  }
  if (message.type === 'close') return process.exit();
  if (message.type === 'series') {
    const series = [...books.values()].map((one) => one.series());
    return post({ type: 'series', request: message.request, series });
  }
  connect(message.target);
});
