import WebSocket from 'ws';
import { parseFrame } from '../../shared/protocol/frame';
import { controlReplies, type Welcome } from '../../shared/protocol/terminal';
import { MAX_FRAME_BYTES, PATHS, TERMINAL_SUBPROTOCOL } from '../../shared/protocol/wire';
import type { Result } from '../../shared/result';
import { fail, ok } from '../../shared/result';
import { clientTls, type Transport } from '../link/transport';

const TIMEOUT_MS = 10_000;

export type TryGateway = (
  address: string,
  token: string,
  transport: Transport,
  terminal: { readonly id: string; readonly name: string; readonly version: string },
) => Promise<Result<Welcome, 'no_gateway'>>;

/** Signs in at a gateway as the terminal's link does, and leaves once it is welcome. Total. */
export const tryGateway: TryGateway = (address, token, transport, terminal) =>
  new Promise((done) => {
    let why = `no welcome within ${TIMEOUT_MS} ms`;
    const socket = new WebSocket(`${address}${PATHS.control}`, TERMINAL_SUBPROTOCOL, {
      headers: { authorization: `Bearer ${token}` },
      ...clientTls(transport),
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
    });
    const late = setTimeout(() => socket.terminate(), TIMEOUT_MS);
    const settle = (result: Result<Welcome, 'no_gateway'>): void => {
      clearTimeout(late);
      socket.terminate();
      done(result);
    };
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'hello', terminal, time: Date.now() })),
    );
    socket.on('message', (data) => {
      const frame = parseFrame(data.toString(), controlReplies);
      if (frame.ok && frame.value.type === 'welcome') settle(ok(frame.value));
    });
    socket.on('error', ({ message }) => {
      why = message;
    });
    socket.on('close', (code, reason) => {
      const said = reason.toString();
      settle(fail('no_gateway', code >= 4000 && said ? said : why));
    });
  });
