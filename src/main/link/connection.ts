import type { Socket } from 'node:net';
import WebSocket from 'ws';
import { parseFrame } from '../../shared/protocol/frame';
import type { ControlReply, ControlRequest } from '../../shared/protocol/terminal';
import { controlReplies } from '../../shared/protocol/terminal';
import { CLOSE, MAX_FRAME_BYTES, PATHS, TERMINAL_SUBPROTOCOL } from '../../shared/protocol/wire';
import type { Clock } from '../../shared/time';
import type { LinkCause } from '../../shared/view/desk';
import { clientTls, type Transport } from './transport';

export interface Connection {
  /** False when it did not go out. */
  send(request: ControlRequest): boolean;
  /** Bytes that have come in: what comes slowly is not silence. */
  bytes(): number;
  /** Ends it with a reason the other side is told; nothing more is heard of it. */
  leave(code: number): void;
  /** Ends it at once; nothing more is heard of it. */
  drop(): void;
}

/** One control connection to a gateway: it says hello, and tells what comes. */
export function openConnection(deps: {
  readonly address: string;
  readonly token: string;
  readonly transport: Transport;
  readonly terminal: { readonly id: string; readonly name: string; readonly version: string };
  readonly clock: Clock;
  readonly handshakeTimeoutMs: number;
  readonly onReply: (reply: ControlReply) => void;
  /** What came cannot be read: what one frame says wrongly may be an event. */
  readonly onUnreadable: (cause: LinkCause) => void;
  readonly onClosed: (code: number, cause: LinkCause) => void;
}): Connection {
  let over = false;
  let wire: Socket | null = null;
  let cause: LinkCause = { code: 'closed' };
  const socket = new WebSocket(`${deps.address}${PATHS.control}`, TERMINAL_SUBPROTOCOL, {
    headers: { authorization: `Bearer ${deps.token}` },
    ...clientTls(deps.transport),
    maxPayload: MAX_FRAME_BYTES,
    handshakeTimeout: deps.handshakeTimeoutMs,
    perMessageDeflate: false,
  });

  function send(request: ControlRequest): boolean {
    if (over || socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(request));
    return true;
  }

  socket.on('upgrade', (response) => {
    wire = response.socket;
  });
  socket.on('open', () => send({ type: 'hello', terminal: deps.terminal, time: deps.clock() }));
  socket.on('message', (data, binary) => {
    if (over) return;
    const frame = parseFrame(binary ? '' : data.toString(), controlReplies);
    if (frame.ok) return deps.onReply(frame.value);
    // A newer gateway may say things this version has no use for.
    if (frame.error.code === 'unknown_type') return;
    deps.onUnreadable({ code: 'bad_frame', detail: frame.error.message });
  });
  socket.on('error', (error) => {
    cause = { code: 'said', detail: error.message };
  });
  socket.on('close', (code, reason) => {
    if (over) return;
    over = true;
    const said = reason.toString();
    const closing = code >= CLOSE.badFrame && said;
    deps.onClosed(code, closing ? { code: 'said', detail: `${said} (${code})` } : cause);
  });

  return {
    send,
    bytes: () => wire?.bytesRead ?? 0,
    leave(code) {
      over = true;
      socket.close(code);
    },
    drop() {
      over = true;
      socket.terminate();
    },
  };
}
