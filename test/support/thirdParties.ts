import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { ROOT } from './root';

export const CERT = readFileSync(join(ROOT, 'test/support/tls/cert.pem'), 'utf8');
const KEY = readFileSync(join(ROOT, 'test/support/tls/key.pem'), 'utf8');
export const ROUTING_KEY = 'R0123456789ABCDEF0123456789ABCDE';

/** What a webhook got: its path and its body as JSON. */
export interface Posted {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly at: number;
}

type Misbehave = (response: ServerResponse, request: IncomingMessage) => void;

/** A third party's HTTP server: answers by its contract until a test says otherwise. */
export interface WebhookServer {
  readonly url: string;
  /** All requests, also those that were not answered well. */
  readonly posted: Posted[];
  /** Taken for the next requests, one each, before the contract is followed again. */
  readonly next: Misbehave[];
  /** While set, every request gets it. */
  always: Misbehave | null;
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Slack's incoming webhook: 200 `ok`, or the documented errors for what it does not take. */
export const slackContract = (body: Record<string, unknown>): [number, string] => {
  const blocks = body.blocks as { type: string; text?: { text: string }; fields?: unknown[] }[];
  if (typeof body.text !== 'string' || !Array.isArray(blocks) || blocks.length > 50) {
    return [400, 'invalid_payload'];
  }
  for (const { type, text, fields } of blocks) {
    if (type === 'header' && (text?.text.length ?? 0) > 150) return [400, 'invalid_blocks'];
    if (type === 'section' && (text?.text.length ?? 0) > 3_000) return [400, 'invalid_blocks'];
    if (fields && fields.length > 10) return [400, 'invalid_blocks'];
  }
  return [200, 'ok'];
};

/** PagerDuty's Events API v2: 202 with the key, or 400 that says what is wrong. */
export const pagerDutyContract = (body: Record<string, unknown>): [number, string] => {
  const errors: string[] = [];
  const {
    routing_key: key,
    event_action: action,
    payload,
    dedup_key: dedup,
  } = body as {
    routing_key?: string;
    event_action?: string;
    payload?: { summary?: string; source?: string; severity?: string };
    dedup_key?: string;
  };
  if (key?.length !== 32)
    errors.push("Length of 'routing_key' is incorrect (should be 32 characters)");
  if (!['trigger', 'acknowledge', 'resolve'].includes(action ?? '')) errors.push('event_action');
  if ((dedup?.length ?? 0) > 255) errors.push('dedup_key');
  if (action === 'trigger') {
    if (!payload?.summary || payload.summary.length > 1_024) errors.push("'payload.summary'");
    if (!payload?.source) errors.push("'payload.source'");
    if (!['critical', 'error', 'warning', 'info'].includes(payload?.severity ?? '')) {
      errors.push("'payload.severity'");
    }
  } else if (!dedup) errors.push("'dedup_key' is missing or blank");
  if (errors.length > 0) {
    const answer = { status: 'invalid event', message: 'Event object is invalid', errors };
    return [400, JSON.stringify(answer)];
  }
  const answer = { status: 'success', message: 'Event processed', dedup_key: dedup };
  return [202, JSON.stringify(answer)];
};

export async function openWebhook(
  contract: (body: Record<string, unknown>) => [number, string],
  tls = false,
  path = '/services/T000/B000/SECRETOSECRETO',
): Promise<WebhookServer> {
  const posted: Posted[] = [];
  const next: Misbehave[] = [];
  const waiting = new Set<() => void>();
  const sockets = new Set<Socket>();
  const listener: RequestListener = (request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const body = JSON.parse(text) as Record<string, unknown>;
      posted.push({ path: request.url ?? '', body, at: Date.now() });
      const misbehave = next.shift() ?? self.always;
      if (misbehave) misbehave(response, request);
      else {
        const [status, answer] = contract(body);
        response.writeHead(status).end(answer);
      }
      for (const look of [...waiting]) look();
    });
  };
  const server = tls ? createTlsServer({ cert: CERT, key: KEY }, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const self: WebhookServer = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}${path}`,
    ...{ posted, next, always: null },
    until: (condition) =>
      new Promise((done) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          done();
        };
        waiting.add(look);
        look();
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
  return self;
}

/** Answers with a status, a text and headers. */
export const answer =
  (status: number, text = '', headers: Record<string, string> = {}): Misbehave =>
  (response) =>
    void response.writeHead(status, headers).end(text);

/** Never answers; the connection stays. */
export const hang: Misbehave = () => undefined;

/** Says 200 and drips a body that never ends. */
export const drip: Misbehave = (response) => {
  response.writeHead(200);
  const dripping = setInterval(() => response.write('.'), 20);
  response.on('close', () => clearInterval(dripping));
};

/** Cuts the connection. */
export const cut: Misbehave = (_response, request) => void request.socket.destroy();

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and parts as they came. */
  readonly raw: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface MailServer {
  readonly port: number;
  readonly mails: Mail[];
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export const MAIL_LOGIN = { user: 'vigia', password: 'clave de correo' };

/** A real SMTP server; takes one login, and whatever `change` says. */
export async function openMail(change: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: Mail[] = [];
  const waiting = new Set<() => void>();
  const server = new SMTPServer({
    ...{ cert: CERT, key: KEY, authOptional: true, logger: false },
    onAuth({ username, password }, _session, done) {
      const known = username === MAIL_LOGIN.user && password === MAIL_LOGIN.password;
      if (known) done(null, { user: username });
      else done(Object.assign(new Error('Authentication failed'), { responseCode: 535 }));
    },
    onData(stream, { envelope, secure, user }, done) {
      let raw = '';
      stream.setEncoding('utf8');
      stream.on('data', (part: string) => {
        raw += part;
      });
      stream.on('end', () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        const to = envelope.rcptTo.map(({ address }) => address);
        mails.push({ from, to, raw, secure, user });
        done();
        for (const look of [...waiting]) look();
      });
    },
    ...change,
  });
  server.on('error', () => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    until: (condition) =>
      new Promise((done) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          done();
        };
        waiting.add(look);
        look();
      }),
    close: () => new Promise((closed) => server.close(() => closed())),
  };
}

/** Settings of a mail channel at that server. */
export const mailSettings = (port: number, change: object = {}) => ({
  ...{ channel: 'email' as const, host: '127.0.0.1', port, security: 'starttls' as const },
  ...{ user: MAIL_LOGIN.user, from: 'vigia@mesa.co', ca: CERT },
  recipients: [{ address: 'ana@mesa.co', language: null }],
  ...change,
});
