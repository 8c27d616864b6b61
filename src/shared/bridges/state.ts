import type { LogEvent } from '../log/event';
import type { DomainEvent } from '../ops/events';
import type { BridgeKind, Found } from './bridge';

/** A bridge as the log has it. */
export interface BridgeRecord {
  readonly id: string;
  readonly kind: BridgeKind;
  readonly name: string;
  readonly address: string | null;
  readonly options: Readonly<Record<string, string | number>>;
  readonly secrets: readonly string[];
  /** Which ones they are; left out by earlier versions of the program, and for those of a file. */
  readonly secretVersion?: string | undefined;
  readonly source: 'file' | 'console';
  readonly plainAccepted?: true | undefined;
  readonly since: number;
  readonly by: LogEvent['actor'];
  /** Null until its process has started or failed a first time; `generic` has none. */
  readonly state: 'running' | 'failed' | null;
  readonly cause: string | null;
  readonly starts: number;
}

/** A look at a service, asked for by a person. */
export interface BridgeTest {
  /** The id of the command that asked for it. */
  readonly id: string;
  readonly bridge: string | null;
  readonly kind: BridgeKind;
  readonly address: string;
  readonly at: number;
  /** Null while it runs. */
  readonly result: {
    readonly ok: boolean;
    readonly message: string;
    readonly found: Found;
    readonly tookMs: number;
    readonly at: number;
  } | null;
}

export interface BridgesState {
  readonly bridges: Readonly<Record<string, BridgeRecord>>;
  /** The latest tests, newest first. */
  readonly tests: readonly BridgeTest[];
}

export const NO_BRIDGES: BridgesState = { bridges: {}, tests: [] };

const TESTS_KEPT = 8;

/** Folds what concerns bridges. */
export function foldBridges(state: BridgesState, event: DomainEvent): BridgesState {
  switch (event.type) {
    case 'bridge.configured': {
      const { bridge: id, before: _, ...told } = event.data;
      const none = { state: null, cause: null, starts: 0 };
      const record = { id, ...told, since: event.ts, by: event.actor, ...none };
      return { ...state, bridges: { ...state.bridges, [id]: record } };
    }
    case 'bridge.removed': {
      const { [event.data.bridge]: _gone, ...bridges } = state.bridges;
      return { ...state, bridges };
    }
    case 'bridge.state_changed': {
      const { bridge: id, state: now, cause, starts } = event.data;
      const bridge = state.bridges[id];
      if (!bridge) return state;
      const changed = { ...bridge, state: now, cause, starts };
      return { ...state, bridges: { ...state.bridges, [id]: changed } };
    }
    case 'bridge.test_started': {
      const id = event.commandId ?? event.id;
      const test = { id, ...event.data, at: event.ts, result: null };
      return { ...state, tests: [test, ...state.tests].slice(0, TESTS_KEPT) };
    }
    case 'bridge.tested': {
      const { test: id, ...result } = event.data;
      const tests = state.tests.map((one) =>
        one.id === id ? { ...one, result: { ...result, at: event.ts } } : one,
      );
      return { ...state, tests };
    }
    default:
      return state;
  }
}
