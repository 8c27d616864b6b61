import type { Operation, OpItem, ReadBack } from '../../../shared/protocol/engine';
import type { Position } from '../../../shared/telemetry/types';
import type { Clock } from '../../../shared/time';
import { VERSION } from '../../../shared/version';
import { detailOf, phrase, word } from '../../../shared/words/phrase';
import { type AlertDesk, createAlertDesk } from '../client/alerts';
import type { EngineLink, LinkedEngine } from '../client/link';
import { createOperations, type Outcome } from '../client/operations';
import { createReporter } from '../client/reporter';
import type { InferenceApi, ServiceHealth, ServiceTrade } from './api';
import { type Inventory, readInventory, wayTo } from './models';
import type { Prediction, ServiceAlert, StreamTrade } from './stream';
import { timeOf } from './stream';
import { createSwitch } from './switch';

export interface InferenceBridgeDeps {
  readonly id: string;
  readonly name: string;
  /** The service names no instrument and no currency. */
  readonly instrument: string;
  readonly currency: string;
  readonly environment: 'live' | 'paper';
  readonly api: InferenceApi;
  readonly owner: string;
  /** A process before this one may have asked to close. */
  readonly former: boolean;
  readonly link: EngineLink;
  readonly now: Clock;
  readonly uptime: Clock;
  readonly say: (text: string) => void;
  /** Runs work on behalf of a command, so that what it asks of the service names it. */
  readonly onBehalfOf: (commandId: string, work: () => void) => void;
}

export interface InferenceBridge {
  readonly engine: LinkedEngine;
  /** Whether the service has ever said its mode. */
  known(): boolean;
  /** Looks at the service's mode; to be called about every 2 s and on any news. */
  look(): Promise<void>;
  /** Asks how well the service is; a degraded one is an alert until it is healthy. */
  health(): Promise<void>;
  /** Reports what is open. */
  holdings(): Promise<void>;
  /** Reads models and lineage anew. */
  inventory(): Promise<void>;
  prediction(message: Prediction): void;
  trade(message: StreamTrade): void;
  alert(message: ServiceAlert): void;
  /** Leaves the service paused where it would go on by itself. */
  leave(): Promise<void>;
  stop(): void;
}

/** Without an answer for so long, people are told. */
const SILENT_MS = 5_000;
/** Closing is asked for again only after so long: the service may be at it. */
const CLOSE_AGAIN_MS = 30_000;
/** What a former process may have asked for is waited for so long. */
const FORMER_MS = 10_000;
const SEVERITY = { info: 'P3', warning: 'P2', error: 'P1', critical: 'P0' } as const;
const SIGNALS: ReadonlySet<string> = new Set(['BUY', 'SELL', 'HOLD', 'LONG', 'SHORT']);

/** The inference service as an engine. What it cannot prove stays `unknown`. */
export function createInferenceBridge(deps: InferenceBridgeDeps): InferenceBridge {
  const { api, link, now, uptime } = deps;
  const reporter = createReporter(link.telemetry, now);
  const operations = createOperations(link.send);
  const alerts: AlertDesk = createAlertDesk(link.send, uptime);
  let clockOffsetMs: number | null = null;
  let inventory: Inventory | null = null;
  let reading: Promise<Inventory | null> | null = null;
  let looking = false;
  let askedToCloseAt = deps.former ? uptime() - CLOSE_AGAIN_MS + FORMER_MS : null;

  const control = createSwitch({
    ...{ api, now, owner: deps.owner, say: deps.say },
    onOutside: (change) => link.send({ type: 'mode.changed', ...change }),
    onClock: (offsetMs) => {
      clockOffsetMs = offsetMs;
    },
  });

  function positionOf(trade: ServiceTrade): Position {
    // The service says no size: a trade counts as one contract, and its notional is not known.
    const quantity = trade.quantity ?? 1;
    const price = trade.entry_price ?? null;
    return {
      id: trade.trade_id,
      instrument: (trade.symbol || deps.instrument).slice(0, 128),
      side: sideOf(trade.side),
      quantity,
      entryPrice: price,
      markPrice: null,
      notional: null,
      currency: deps.currency,
      unrealizedPnl: null,
    };
  }

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      await control.look();
    } finally {
      looking = false;
    }
    const answeredAt = api.answeredAt();
    const silentMs = answeredAt === null ? null : uptime() - answeredAt;
    if (silentMs !== null && silentMs >= SILENT_MS) {
      const said = phrase('the service has not answered for {seconds} s or more', {
        seconds: Math.floor(SILENT_MS / 1_000),
      });
      const about = { severity: 'P1', kind: 'service_silent', model: null } as const;
      alerts.raise('silent', { ...about, ...detailOf([said]) });
    } else {
      alerts.clear('silent', 'the service answers again');
    }
  }

  async function health(): Promise<void> {
    const answer = await api.health();
    // Without an answer nothing is known; silence has an alert of its own.
    if (!answer.ok && !answer.error.message.startsWith('HTTP 503')) return;
    if (answer.ok && answer.value.status === 'healthy') {
      alerts.clear('degraded', 'the service says that it is healthy');
      return;
    }
    const about = { severity: 'P2', kind: 'service_alert', model: null } as const;
    const said = answer.ok
      ? detailOf([wordsOf(answer.value)])
      : { detail: answer.error.message.slice(0, 1_000) };
    alerts.raise('degraded', { ...about, ...said });
  }

  async function holdings(): Promise<void> {
    const trades = await api.openTrades('normal');
    // No answer is no figure: what was reported grows old on the screen.
    if (!trades.ok) return;
    const positions = trades.value.map(positionOf);
    reporter.report({ kind: 'positions', positions, workingOrders: [] });
  }

  async function readBack(): Promise<Outcome> {
    const telemetrySeq = reporter.seq;
    const asOf = now();
    const trades = await api.openTrades('look');
    if (!trades.ok) return { items: [engineItem('unknown', trades.error.message)] };
    const positions = trades.value.map(positionOf);
    const read: ReadBack = { asOf, positions, workingOrders: [], telemetrySeq };
    return { items: [], readBack: read };
  }

  async function flatten(): Promise<Outcome> {
    const at = uptime();
    const again = askedToCloseAt === null || at - askedToCloseAt >= CLOSE_AGAIN_MS;
    if (again) {
      askedToCloseAt = at;
      const asked = await control.close();
      if (!asked.ok) {
        const refused = asked.error.code === 'http';
        // Refused is not carried out; without an answer it may have been.
        if (refused) askedToCloseAt = null;
        return { items: [engineItem(refused ? 'rejected' : 'unknown', asked.error.message)] };
      }
    }
    const trades = await api.openTrades('urgent');
    if (!trades.ok) return { items: [engineItem('unknown', trades.error.message)] };
    const detail = again
      ? 'asked to close; its success proves nothing of positions'
      : 'asked to close before; not asked again yet';
    return {
      items: trades.value.map((trade) => ({
        ...{ kind: 'position', id: trade.trade_id, outcome: 'unknown', detail },
        instrument: positionOf(trade).instrument,
        quantity: positionOf(trade).quantity,
      })),
    };
  }

  /** One reading at a time: models are many calls and the service counts them. */
  async function readModels(): Promise<void> {
    reading ??= readInventory(api).finally(() => {
      reading = null;
    });
    take(await reading);
  }

  function take(next: Inventory | null): void {
    if (!next) return;
    const before = inventory;
    inventory = next;
    const { loaded, available } = next;
    const known = (one: Inventory | null) => JSON.stringify([one?.loaded, one?.available]);
    if (known(before) === known(next)) return;
    link.send({ type: 'models', loaded, available: [...available] });
    for (const card of next.cards) link.send({ type: 'model.register', card });
  }

  async function load(wanted: Extract<Operation, { op: 'load_model' }>): Promise<Outcome> {
    const item = (outcome: OpItem['outcome'], detail?: string): OpItem => ({
      ...{ kind: 'model', id: wanted.model, outcome },
      ...(detail === undefined ? {} : { detail: detail.slice(0, 512) }),
    });
    const before = inventory ?? (await readInventory(api, 'look'));
    const targets = await api.targets('look');
    if (!before || !targets.ok) {
      return { items: [item('unknown', 'the service does not say its models')] };
    }
    const runs = (one: Inventory | null) =>
      one?.loaded?.model === wanted.model && one.loaded.hash === wanted.hash;
    const current = targets.value.current_production;
    const already = runs(before) && (current === null || current === wanted.model);
    if (already) return { items: [item('done')], loaded: before.loaded };
    const way = wayTo(wanted, { available: before.available, targets: targets.value });
    if (way.way === 'none') return { items: [item('rejected', way.why)], loaded: before.loaded };
    const reason = `deployment from Vigía: ${wanted.model}`;
    const acted =
      way.way === 'rollback'
        ? await api.rollback(way.targetVersion, reason)
        : await api.promote(wanted.model, reason, way.checklist);
    const refusal = acted.ok
      ? acted.value.success
        ? null
        : (acted.value.message ?? 'the service says no')
      : acted.error.message;
    if (refusal !== null && !(acted.ok === false && acted.error.code === 'timeout')) {
      return { items: [item('rejected', refusal)], loaded: before.loaded };
    }
    const reloaded = await api.reload();
    const failed = reloaded.ok && reloaded.value.failed_models.length > 0;
    take(await readInventory(api, 'look'));
    const now = inventory;
    const is = now?.loaded ?? null;
    if (runs(now)) return { items: [item('done')], loaded: is };
    const detail = failed ? 'the service failed to reload a model' : 'it does not run it yet';
    return { items: [item(failed ? 'rejected' : 'unknown', detail)], loaded: is };
  }

  function operate(opId: string, operation: Operation): void {
    switch (operation.op) {
      case 'block':
        operations.run(opId, async () => ({ items: [await control.block(operation.reason)] }));
        return;
      case 'set_mode':
        if (operation.mode === 'normal') askedToCloseAt = null;
        operations.run(opId, async () => ({ items: [await control.setMode(operation.mode)] }));
        return;
      case 'cancel':
        operations.run(opId, async () => ({
          items: [engineItem('skipped', 'the service lists no orders and cancels none')],
        }));
        return;
      case 'flatten':
        operations.run(opId, flatten);
        return;
      case 'read_back':
        operations.read(opId, readBack);
        return;
      case 'load_model':
        operations.run(opId, () => load(operation));
        return;
      case 'fault':
        operations.run(opId, async () => ({
          items: [engineItem('rejected', 'faults are for the paper engine')],
        }));
    }
  }

  return {
    engine: {
      get mode() {
        return control.mode() ?? 'paused';
      },
      now,
      register: () => ({
        engine: {
          ...{ id: deps.id, name: deps.name, kind: 'inference-api' },
          ...{ environment: deps.environment, instruments: [deps.instrument] },
          software: `vigia-inference-bridge ${VERSION}`,
        },
        outside: control.standing(),
        loaded: inventory?.loaded ?? null,
        available: [...(inventory?.available ?? [])],
      }),
      setMode(mode) {
        // Stricter at once; a way back is given as an operation, with an answer.
        control.ensure(mode);
      },
      beginSession() {
        reporter.beginSession();
        alerts.beginSession();
        reporter.report({ kind: 'status', mode: control.mode() ?? 'paused' });
        void holdings();
      },
      operate: (opId, operation, commandId) =>
        deps.onBehalfOf(commandId, () => operate(opId, operation)),
      query: (opId) => operations.query(opId),
      cards: () => inventory?.cards ?? [],
      deadMan(action) {
        void control.setMode('paused').then(() => (action === 'flatten' ? flatten() : null));
      },
    },
    known: () => control.mode() !== null,
    look,
    health,
    holdings,
    inventory: readModels,
    prediction({ model_id: model, signal, timestamp, metadata }) {
      const at = timeOf(timestamp);
      const said = metadata?.latency_ms ?? null;
      // Without the service's own figure: how old it was when it came, by both clocks.
      const age = at === null || clockOffsetMs === null ? null : now() + clockOffsetMs - at;
      const latencyMs = said ?? (age === null ? null : Math.max(0, age));
      const ok = SIGNALS.has(signal.toUpperCase());
      const error = ok ? {} : { error: `no signal: ${signal}`.slice(0, 512) };
      reporter.report({ kind: 'inference', model, ok, latencyMs, ...error }, at ?? now());
    },
    trade(message) {
      const closedAt = timeOf(message.exit_time);
      const isOver = closedAt !== null || message.status === 'closed';
      const { trade_id: tradeId, model_id: model } = message;
      // What is still open comes with the positions; a trade nobody can name is none.
      if (!isOver || !tradeId || !model) return;
      const at = closedAt ?? timeOf(message.timestamp) ?? now();
      reporter.report(
        {
          ...{ kind: 'trade', tradeId, model, instrument: deps.instrument },
          side: sideOf(message.side),
          quantity: message.quantity ?? 1,
          entryPrice: message.entry_price ?? null,
          exitPrice: message.exit_price ?? null,
          pnl: message.pnl ?? null,
          currency: deps.currency,
          openedAt: timeOf(message.entry_time) ?? at,
          closedAt: at,
        },
        at,
      );
    },
    alert({ alert_type, message, severity, model_id }) {
      const detail = `${alert_type}: ${message}`.slice(0, 1_000);
      alerts.pass(alert_type.slice(0, 48), {
        ...{ severity: SEVERITY[severity], kind: 'service_alert', model: model_id ?? null, detail },
      });
    },
    async leave() {
      if (control.mode() === 'normal') await control.setMode('paused');
    },
    stop() {
      alerts.stop();
      api.stop();
    },
  };
}

function engineItem(outcome: OpItem['outcome'], detail: string): OpItem {
  return { kind: 'engine', id: 'engine', outcome, detail: detail.slice(0, 512) };
}

function wordsOf({ status, model_loaded, database_connected }: ServiceHealth) {
  const says = (told: boolean | null | undefined) =>
    told == null ? word('word.notSaid') : String(told);
  return phrase(
    'the service says that it is {status}: model_loaded {model}, database_connected {database}',
    { status, model: says(model_loaded), database: says(database_connected) },
  );
}

function sideOf(side: string | null | undefined): 'long' | 'short' {
  return /^(short|sell)$/i.test(side ?? '') ? 'short' : 'long';
}
