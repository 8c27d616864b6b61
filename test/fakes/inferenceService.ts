import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface FakeTrade {
  trade_id: number;
  model_id: string;
  side: 'long' | 'short';
  entry_price: number;
  status: 'open' | 'closed';
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const PER_MINUTE = 100;
const BURST = 20;

/**
 * The first customer's inference service by the letter of its contract, with the habits of the one
 * that runs today: `resume` does nothing but for a kill and answers success, `pause` weakens a kill,
 * `positions_closed` is 0 whatever was closed.
 */
export class FakeInferenceService {
  mode: 'normal' | 'paused' | 'killed' = 'normal';
  active = false;
  activatedBy: string | null = null;
  activatedAt: string | null = null;
  reason: string | null = null;
  trades: FakeTrade[] = [];
  /** Whether `close_positions` closes anything, as the present service does not. */
  closes = false;
  /** A kill that is to close sets the flag and then gets an error, or no answer. */
  closingFails = false;
  closingHangs = false;
  /** Paths that never get an answer; `*` is all of them. */
  hangs = new Set<string>();
  /** Paths that get this text and status instead of their answer. */
  instead = new Map<string, { status: number; text: string }>();
  /** Models by id, with their versions; the first is in production. */
  models: { id: string; version: string | number; archived: boolean; hash?: string }[] = [
    { id: 'ppo_v20', version: 20, archived: false },
    { id: 'ppo_v19', version: 19, archived: true },
    { id: 'ppo_v18', version: 'v18', archived: true },
  ];
  production: string | null = 'ppo_v20';
  promoteFails: string | null = null;
  reloadFails: string[] = [];
  health = { status: 'healthy', model_loaded: true, database_connected: true };
  calls: {
    method: string;
    path: string;
    body: Record<string, unknown>;
    requestId: string | undefined;
    at: number;
  }[] = [];
  limited = 0;
  readonly sockets = new Map<string, WebSocket>();
  readonly subscriptions = new Map<string, Set<string>>();
  #tokens = BURST;
  #at = performance.now();
  #server: Server;
  #wss = new WebSocketServer({ noServer: true });
  #watchers = new Set<() => void>();

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://x');
      if (url.pathname !== '/api/v1/ws/predictions') {
        socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
        return;
      }
      this.#wss.handleUpgrade(request, socket, head, (ws) =>
        this.#join(ws, url.searchParams.get('client_id') ?? 'anonymous'),
      );
    });
  }

  static async start(port = 0): Promise<FakeInferenceService> {
    const service = new FakeInferenceService();
    service.#server.listen(port, '127.0.0.1');
    await once(service.#server, 'listening');
    return service;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#wss.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise<void>((closed) => this.#server.close(() => closed()));
  }

  /** Resolves once `condition` holds; looks again at every call and message. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((done) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        done();
      };
      this.#watchers.add(look);
    });
  }

  count(path: string, method = 'POST'): number {
    return this.calls.filter((call) => call.path === path && call.method === method).length;
  }

  /** Somebody else's kill, at the service's own dashboard. */
  killElsewhere(by = 'dashboard', reason = 'noticias'): void {
    const at = new Date().toISOString();
    Object.assign(this, { mode: 'killed', active: true, activatedBy: by, activatedAt: at, reason });
  }

  resumeElsewhere(): void {
    const none = { activatedBy: null, activatedAt: null, reason: null };
    Object.assign(this, { mode: 'normal', active: false, ...none });
  }

  open(count: number): void {
    this.trades = Array.from({ length: count }, (_, index) => ({
      ...{ trade_id: index + 1, model_id: 'ppo_v20', entry_price: 4_000 },
      ...({ side: 'long', status: 'open' } as const),
    }));
  }

  /** Sends to those who subscribed to the channel. */
  publish(channel: string, message: object): void {
    for (const [id, socket] of this.sockets) {
      if (this.subscriptions.get(id)?.has(channel)) socket.send(JSON.stringify(message));
    }
  }

  raw(text: string): void {
    for (const socket of this.sockets.values()) socket.send(text);
  }

  #wake(): void {
    for (const look of [...this.#watchers]) look();
  }

  #join(socket: WebSocket, id: string): void {
    this.sockets.get(id)?.close(4000);
    this.sockets.set(id, socket);
    this.subscriptions.set(id, new Set(['predictions']));
    const say = (message: object) =>
      socket.send(JSON.stringify({ ...message, timestamp: new Date().toISOString() }));
    say({ type: 'connected', client_id: id });
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { type: string; channels?: string[] };
      if (message.type === 'ping') say({ type: 'pong' });
      if (message.type === 'subscribe') {
        this.subscriptions.set(id, new Set(message.channels));
        say({ type: 'subscribed', channels: message.channels });
      }
      this.#wake();
    });
    socket.on('close', () => {
      if (this.sockets.get(id) === socket) this.sockets.delete(id);
      this.#wake();
    });
    this.#wake();
  }

  #mayPass(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#at) * PER_MINUTE) / 60_000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://x');
    const path = url.pathname.replace(/^\/api\/v1/, '');
    let text = '';
    for await (const part of request) text += part;
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    const requestId = request.headers['x-request-id']?.toString();
    this.calls.push({ method: request.method ?? '', path, body, requestId, at: performance.now() });
    const give = (status: number, answer: object, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(answer));
      this.#wake();
      return undefined;
    };
    if (this.hangs.has('*') || this.hangs.has(path)) {
      this.#wake();
      return;
    }
    const instead = this.instead.get(path);
    if (instead) {
      response.writeHead(instead.status, { 'content-type': 'application/json' });
      response.end(instead.text);
      this.#wake();
      return;
    }
    if (!this.#mayPass()) {
      this.limited += 1;
      return give(429, { detail: 'rate limit exceeded' }, { 'retry-after': '2' });
    }
    if (!url.pathname.startsWith('/api/v1/')) return give(404, { detail: 'Not Found' });
    if (path !== '/health' && request.headers['x-api-key'] !== 'key') {
      return give(401, { detail: 'invalid API key' });
    }
    this.#answer(`${request.method} ${path}`, body, url.searchParams, give);
  }

  #answer(
    call: string,
    body: Record<string, unknown>,
    query: URLSearchParams,
    give: (status: number, answer: object) => undefined,
  ): undefined {
    const timestamp = new Date().toISOString();
    const lineage = /^GET \/lineage\/model\/(.+)$/.exec(call)?.[1];
    const promoted = /^POST \/models\/(.+)\/promote$/.exec(call)?.[1];
    if (lineage) return this.#lineage(decodeURIComponent(lineage), give);
    if (promoted) return this.#promote(decodeURIComponent(promoted), give);
    switch (call) {
      case 'GET /health':
        return give(200, this.health);
      case 'GET /operations/status':
        return give(200, {
          ...{ mode: this.mode, kill_switch_active: this.active, activated_at: this.activatedAt },
          ...{ activated_by: this.activatedBy, reason: this.reason, timestamp },
        });
      case 'POST /operations/kill-switch': {
        this.killElsewhere(String(body.activated_by), String(body.reason));
        const close = body.close_positions !== false;
        if (close && this.closingHangs) return undefined;
        if (close && this.closingFails) return give(500, { detail: 'no broker' });
        if (close && this.closes) {
          for (const trade of this.trades) trade.status = 'closed';
        }
        return give(200, {
          ...{ success: true, mode: 'killed', activated_at: this.activatedAt },
          ...{ message: 'Trading stopped. 0 positions closed.', positions_closed: 0 },
        });
      }
      case 'POST /operations/resume':
        if (!this.active) {
          return give(200, { success: true, mode: 'normal', message: 'Trading already active' });
        }
        if (body.confirmation_code !== 'CONFIRM_RESUME') {
          return give(400, { detail: "Must provide confirmation_code='CONFIRM_RESUME'" });
        }
        this.resumeElsewhere();
        return give(200, { success: true, mode: 'normal', message: 'Trading resumed' });
      case 'POST /operations/pause':
        this.mode = 'paused';
        this.reason = String(body.reason);
        return give(200, { success: true, mode: 'paused', message: 'Trading paused' });
      case 'GET /trades': {
        const size = Number(query.get('page_size'));
        const page = Number(query.get('page'));
        const all = this.trades.filter(({ status }) => status === query.get('status'));
        const trades = all.slice((page - 1) * size, page * size);
        const has_more = page * size < all.length;
        return give(200, { trades, total: all.length, page, page_size: size, has_more });
      }
      case 'GET /models':
        return give(200, {
          models: this.models.map(({ id, version }) => ({
            ...{ model_id: id, display_name: id, version, status: 'available' },
            ...{ db_status: 'active', observation_dim: 15, description: null },
          })),
          ...{ default_model: 'ppo_primary', total: this.models.length },
        });
      case 'GET /models/rollback-targets': {
        const available_targets = this.models
          .filter(({ archived }) => archived)
          .map(({ id, version }) => ({
            ...{ model_id: id, version, archived_at: timestamp },
            metrics: { sharpe: 1.4, win_rate: 0.52, max_drawdown: -0.08, total_trades: 120 },
          }));
        const current_production = this.production ? { model_id: this.production } : null;
        return give(200, { current_production, available_targets, recommendation: null });
      }
      case 'POST /models/rollback': {
        const target = this.models.find(({ version, archived }) =>
          body.target_version === null ? archived : version === body.target_version,
        );
        if (!target) return give(400, { detail: 'no such version' });
        const previous_model = this.production ?? '';
        this.#produce(target.id);
        return give(200, {
          ...{ success: true, previous_model, new_model: target.id, rollback_time_ms: 12 },
          message: 'rolled back',
        });
      }
      case 'POST /models/reload':
        return give(200, {
          ...{ success: this.reloadFails.length === 0, reloaded_models: [this.production] },
          ...{ failed_models: this.reloadFails, timestamp, message: 'reloaded' },
        });
      default:
        return give(404, { detail: 'Not Found' });
    }
  }

  #lineage(id: string, give: (status: number, answer: object) => undefined): undefined {
    const model = this.models.find((one) => one.id === id);
    if (!model) return give(404, { detail: `Model ${id} not found` });
    return give(200, {
      ...{ model_id: id, model_version: String(model.version) },
      model_hash: model.hash ?? hashOf(id),
      ...{ norm_stats_hash: hashOf('norm'), config_hash: hashOf('config') },
      feature_order: ['ret_1', 'ret_5'],
      dataset: { training_start_date: '2020-01-02', training_end_date: '2024-12-30' },
      ...{ test_sharpe: 1.6, test_win_rate: 0.55, test_max_drawdown: -0.09, trade_count: 180 },
    });
  }

  #promote(id: string, give: (status: number, answer: object) => undefined): undefined {
    if (this.promoteFails !== null) return give(400, { detail: this.promoteFails });
    const previous_stage = 'staging';
    this.#produce(id);
    return give(200, {
      ...{ success: true, model_id: id, new_stage: 'production', previous_stage },
      ...{ message: 'promoted', metrics_passed: true, promoted_at: new Date().toISOString() },
    });
  }

  #produce(id: string): void {
    for (const model of this.models)
      model.archived = model.archived || model.id === this.production;
    this.production = id;
    for (const model of this.models) if (model.id === id) model.archived = false;
  }
}
