import { isProvenFlat } from '../shared/kill/chain';
import type { LogEvent } from '../shared/log/event';
import type { KillTarget } from '../shared/ops/events';
import { effectiveMode, enginesInScope, inScope } from '../shared/ops/fold';
import type { OperationsPolicy } from '../shared/policy/operations';
import type { Command, Scope } from '../shared/protocol/commands';
import { RESUME_CONFIRMATION } from '../shared/protocol/commands';
import type { Answer, RejectionCode, Role } from '../shared/protocol/terminal';
import type { Mode } from '../shared/telemetry/types';
import type { Clock } from '../shared/time';
import type { EngineHub } from './engineHub';
import type { Fact, GatewayLog } from './log';

/** Who gives a command, as authenticated; never as the command says. */
export interface Operator {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

export interface Commands {
  /** Handles a command. `answer` gets its first stages before this returns; later ones reach {@link follow}ers. */
  handle(command: Command, operator: Operator, terminal: string, answer: (a: Answer) => void): void;
  /** The first outcome of a command id, for a terminal that lost the answer. */
  outcome(id: string): readonly Answer[];
  /** Hears every later stage of every command. */
  follow(listener: (answer: Answer) => void): () => void;
}

export interface CommandsOptions {
  readonly log: GatewayLog;
  readonly hub: EngineHub;
  readonly policy: OperationsPolicy;
  readonly clock: Clock;
  /** Events that were in the log before this process started. */
  readonly history: readonly LogEvent[];
}

class Refusal extends Error {
  constructor(
    readonly code: RejectionCode,
    message: string,
  ) {
    super(message);
  }
}

const FINAL_FACTS = new Set([
  'kill.requested',
  'ops.paused',
  'ops.resumed',
  'ops.resume_requested',
  'ops.resume_withdrawn',
  'terminal.reported',
  'engine.fault_set',
  'command.rejected',
]);

/** Checks commands against role and policy and writes what they lead to. */
export function createCommands(options: CommandsOptions): Commands {
  const { log, hub, policy, clock } = options;
  const outcomes = new Map<string, Answer[]>();
  const followers = new Set<(answer: Answer) => void>();
  /** Modes engines were asked to take and have not answered, by operation. */
  const modeOps = new Map<string, { commandId: string; mode: Mode }>();
  let faultCount = 0;

  for (const event of options.history) remember(event);

  function remember(event: LogEvent): void {
    const { commandId: id } = event;
    if (id === null || !FINAL_FACTS.has(event.type) || outcomes.has(id)) return;
    if (event.type === 'command.rejected') {
      const { code, message } = event.data as { code: RejectionCode; message: string };
      outcomes.set(id, [{ type: 'answer', id, stage: 'rejected', code, message }]);
    } else {
      outcomes.set(id, [accepted(id, event.seq)]);
    }
  }

  function accepted(id: string, seq: number): Answer {
    return { type: 'answer', id, stage: 'accepted', seq, unsaved: !log.isSaved(seq) };
  }

  function tell(answer: Answer): void {
    const soFar = outcomes.get(answer.id);
    if (soFar) soFar.push(answer);
    for (const follower of followers) follower(answer);
  }

  log.onRecorded((event) => {
    const { commandId } = event;
    if (commandId === null) return;
    if (event.type === 'kill.step_settled') {
      const { engine, step, items } = event.data as unknown as {
        engine: string;
        step: string;
        items: Extract<Answer, { stage: 'effected' }>['items'];
      };
      const chain = log.state().chains[engine];
      for (const id of [commandId, ...(chain?.joined ?? [])]) {
        tell({ type: 'answer', id, stage: 'effected', engine, step, items, at: event.ts });
      }
    } else if (event.type === 'kill.flat') {
      tell({ type: 'answer', id: commandId, stage: 'done', summary: 'flat' });
    }
  });

  function handle(
    command: Command,
    operator: Operator,
    terminal: string,
    answer: (a: Answer) => void,
  ): void {
    const { id } = command;
    answer({ type: 'answer', id, stage: 'received' });
    const before = outcomes.get(id);
    if (before) {
      for (const one of before) answer(one);
      return;
    }
    const actor = { id: operator.id, role: operator.roles[0] ?? 'viewer', terminal };
    const reason = 'reason' in command.params ? command.params.reason : null;
    const common = { actor, commandId: id, reason };
    try {
      const fact = { ...decide(command, operator), ...common } as Fact;
      const [event] = log.append(fact);
      const first = accepted(id, event?.seq ?? 0);
      outcomes.set(id, [first]);
      answer(first);
      effect(command);
      if (command.name !== 'kill')
        answerBoth({ type: 'answer', id, stage: 'done', summary: fact.type });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message } = error;
      outcomes.set(id, [{ type: 'answer', id, stage: 'rejected', code, message }]);
      log.append({
        type: 'command.rejected',
        ...common,
        data: { name: command.name, code, message },
      });
      answer({ type: 'answer', id, stage: 'rejected', code, message });
    }
    function answerBoth(final: Answer): void {
      outcomes.get(id)?.push(final);
      answer(final);
    }
  }

  /** What the command leads to. A kill always leads to something: it is never refused. */
  function decide(command: Command, operator: Operator): Fact {
    switch (command.name) {
      case 'kill':
        return killFact(command);
      case 'pause': {
        allow(operator, policy.permissions.pause, 'pause');
        const { scope, origin } = command.params;
        knownScope(scope);
        return { type: 'ops.paused', data: { scope, origin } };
      }
      case 'resume':
        return resumeFact(command, operator);
      case 'resume.approve': {
        allow(operator, policy.permissions.approveResume, 'approve a resume');
        const request = requestOf(command.params.request);
        if (request.by.id === operator.id) {
          throw new Refusal('same_person', 'a resume is approved by a person other than who asked');
        }
        return resumedFact(request.scope, [request.by.id, operator.id]);
      }
      case 'resume.withdraw':
        requestOf(command.params.request);
        return {
          type: 'ops.resume_withdrawn',
          data: { request: command.params.request, cause: 'withdrawn' },
        };
      case 'terminal.report':
        return { type: 'terminal.reported', data: command.params };
      case 'engine.fault': {
        allow(operator, policy.permissions.injectFault, 'inject a fault');
        const engine = log.state().engines[command.params.engine];
        if (!engine) throw new Refusal('unknown_engine', 'no engine of that name has registered');
        if (engine.environment === 'live') {
          throw new Refusal('not_for_live', 'faults are for paper engines only');
        }
        const { fault } = command.params;
        return { type: 'engine.fault_set', data: { engine: engine.id, fault } };
      }
    }
  }

  function killFact(command: Extract<Command, { name: 'kill' }>): Fact {
    const { scope, closePositions, notifyTeam, origin } = command.params;
    const ageMs = Math.round(clock() - command.issuedAt);
    const targets = enginesInScope(log.state(), scope).map(target);
    return {
      type: 'kill.requested',
      data: { scope, closePositions, notifyTeam, origin, targets, ageMs },
    };
  }

  function target(engine: string): KillTarget {
    const held = hub.reported(engine);
    const connected = hub.isConnected(engine);
    if (!held) return { engine, connected, positions: null, workingOrders: null, notional: null };
    const notional: Record<string, number> = {};
    for (const position of held.positions) {
      notional[position.currency] = (notional[position.currency] ?? 0) + (position.notional ?? 0);
    }
    const known = held.positions.every((position) => position.notional !== null);
    return {
      engine,
      connected,
      positions: held.positions.length,
      workingOrders: held.workingOrders.length,
      notional: known ? notional : null,
    };
  }

  function resumeFact(command: Extract<Command, { name: 'resume' }>, operator: Operator): Fact {
    allow(operator, policy.permissions.resume, 'resume');
    const { scope, confirmation, origin } = command.params;
    if (confirmation !== RESUME_CONFIRMATION) {
      throw new Refusal('wrong_confirmation', `type ${RESUME_CONFIRMATION} to resume`);
    }
    knownScope(scope);
    const state = log.state();
    const stopped =
      (scope.kind === 'all' && state.desk.mode !== 'normal') ||
      enginesInScope(state, scope).some((engine) => effectiveMode(state, engine) !== 'normal');
    if (!stopped) throw new Refusal('not_halted', 'nothing in that scope is stopped');
    if (scope.kind === 'engines' && state.desk.mode !== 'normal') {
      throw new Refusal('bad_params', 'the whole desk is stopped; resume the whole desk');
    }
    if (policy.resume.twoPersonIn.includes(state.environment ?? 'live')) {
      const expiresAt = clock() + policy.resume.requestExpiresMs;
      return { type: 'ops.resume_requested', data: { scope, origin, expiresAt } };
    }
    return resumedFact(scope, [operator.id]);
  }

  function resumedFact(scope: Scope, approvedBy: string[]): Fact {
    const state = log.state();
    const kill = state.kills.find((one) => one.resumedAt === null);
    const covered = enginesInScope(state, scope);
    // No engine in scope proves nothing: that is not "flat".
    const flat =
      covered.length > 0 &&
      covered.every((engine) => {
        const chain = state.chains[engine];
        return chain !== undefined && isProvenFlat(chain);
      });
    return {
      type: 'ops.resumed',
      data: {
        scope,
        to: policy.resume.leadsTo,
        approvedBy,
        stoppedBecause: kill?.reason ?? state.desk.reason,
        flat,
      },
    };
  }

  function requestOf(id: string) {
    const request = log.state().resumeRequests.find((one) => one.id === id);
    if (!request) throw new Refusal('unknown_request', 'no resume of that id waits');
    if (clock() > request.expiresAt)
      throw new Refusal('expired', 'that request has expired; ask anew');
    return request;
  }

  function knownScope(scope: Scope): void {
    if (scope.kind === 'all') return;
    const unknown = scope.engines.find((engine) => !log.state().engines[engine]);
    if (unknown !== undefined)
      throw new Refusal('unknown_engine', 'an engine in scope never registered');
  }

  function allow(operator: Operator, roles: readonly Role[], what: string): void {
    if (!operator.roles.some((role) => roles.includes(role))) {
      throw new Refusal('forbidden', `your roles may not ${what}`);
    }
  }

  /** Tells the engines. The kill's own steps are the kill driver's. */
  function effect(command: Command): void {
    if (command.name === 'engine.fault') {
      faultCount += 1;
      const { engine, fault } = command.params;
      hub.send(engine, {
        type: 'op',
        opId: `${command.id}:fault:${faultCount}`,
        commandId: command.id,
        operation: { op: 'fault', fault },
      });
    }
    if (
      command.name !== 'pause' &&
      command.name !== 'resume' &&
      command.name !== 'resume.approve'
    ) {
      return;
    }
    const state = log.state();
    const scope = 'scope' in command.params ? command.params.scope : ({ kind: 'all' } as const);
    for (const engine of Object.keys(state.engines)) {
      if (!inScope(scope, engine)) continue;
      const mode = effectiveMode(state, engine);
      // A killed engine is the chain's; a waiting resume changes nothing yet.
      if (mode === 'killed') continue;
      setMode(engine, `${command.id}:${engine}:set_mode`, command.id, mode);
    }
  }

  function setMode(engine: string, opId: string, commandId: string, mode: Mode): void {
    modeOps.set(opId, { commandId, mode });
    hub.send(engine, { type: 'op', opId, commandId, operation: { op: 'set_mode', mode } });
  }

  hub.listen({
    connected(engine) {
      const state = log.state();
      const mode = effectiveMode(state, engine);
      // It was told its mode as it registered; this asks it to confirm. An engine that comes back
      // while it is killed counts as halted only once it has.
      if (state.engines[engine]?.confirmedMode === mode) return;
      const { session } = state.engines[engine] ?? {};
      setMode(engine, `${session}:set_mode`, state.desk.commandId ?? 'connect', mode);
    },
    update(engine, update) {
      const asked = modeOps.get(update.opId);
      if (!asked || update.state !== 'settled') return;
      modeOps.delete(update.opId);
      const outcome = update.items.every((item) => item.outcome === 'done') ? 'done' : 'rejected';
      const { commandId, mode } = asked;
      log.append({ type: 'engine.mode_applied', commandId, data: { engine, mode, outcome } });
    },
  });

  return {
    handle,
    outcome: (id) => outcomes.get(id) ?? [{ type: 'answer', id, stage: 'unknown' }],
    follow(listener) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
  };
}
