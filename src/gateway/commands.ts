import type { Actor, LogEvent } from '../shared/log/event';
import { MONITOR_ID } from '../shared/monitor/monitor';
import type { OpsState } from '../shared/ops/state';
import type { Command } from '../shared/protocol/commands';
import type { Answer, Role } from '../shared/protocol/terminal';
import { NoQuorumError } from './cluster/log';
import { bridgesOf, createDecision, type DecisionOptions } from './decide/command';
import { Refusal } from './decide/refusal';
import type { Fact } from './facts';
import type { GatewayLog } from './log';
import type { Notifier } from './notify/notifier';
import type { DeskSecrets, KeptSecret } from './secrets';

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

/** A command's answer that it is not carried out. */
type Rejected = Extract<Answer, { stage: 'rejected' }>;

export interface CommandsOptions extends Omit<DecisionOptions, 'log'> {
  readonly log: GatewayLog;
  /** Whether a terminal acts as the monitor with that token. */
  readonly mayAct: (holder: string, fence: number) => boolean;
  readonly secrets: DeskSecrets;
  readonly testChannel: Notifier['test'];
  /** Events that were in the log before this process started. */
  readonly history: readonly LogEvent[];
  /** Hands a command to the gateway that acts for all; null where that is this one. */
  readonly forward?: () => Forward | null;
}

type Forward = (
  command: Command,
  operator: Operator,
  terminal: string,
  answer: (answer: Answer) => void,
) => void;

/** Events that speak of a command's later stages; the first of another type accepted it. */
const LATER_FACTS = new Set([
  'kill.halted',
  'kill.flat',
  'kill.reopened',
  'engine.mode_applied',
  'channel.tested',
  'bridge.tested',
]);
const isFirstFact = (type: string): boolean =>
  !LATER_FACTS.has(type) && !/^(kill\.(step|read)|deployment\.(engine|incomplete|comp))/.test(type);

/** A command that is not decided for good yet: what was answered of it, and what is on record of it. */
interface Given {
  readonly early: Answer[];
  recorded: LogEvent | null;
  /** Who gave it, each time it was given. */
  readonly askers: ((answer: Answer) => void)[];
}

/** Checks commands against role and policy and writes what they lead to. */
export function createCommands(options: CommandsOptions): Commands {
  const { log, hub, secrets } = options;
  const decide = createDecision(options);
  const outcomes = new Map<string, Answer[]>();
  const followers = new Set<(answer: Answer) => void>();
  const handling = new Map<string, Given>();
  let faultCount = 0;

  for (const event of options.history) remember(event);

  function remember(event: LogEvent): void {
    const { commandId: id } = event;
    if (id === null || !isFirstFact(event.type) || outcomes.has(id)) return;
    if (event.type === 'command.rejected') {
      const { code, message, said } = event.data as unknown as Rejected;
      const rejected = { code, message, ...(said && { said }) };
      outcomes.set(id, [{ type: 'answer', id, stage: 'rejected', ...rejected }]);
    } else {
      outcomes.set(id, [accepted(id, event.seq)]);
    }
  }

  function accepted(id: string, seq: number): Answer {
    return {
      type: 'answer',
      id,
      stage: 'accepted',
      seq,
      unsaved: !log.isSaved({ seq, commandId: id }),
    };
  }

  function tell(answer: Answer): void {
    (handling.get(answer.id)?.early ?? outcomes.get(answer.id))?.push(answer);
    for (const follower of followers) follower(answer);
  }

  log.onRecorded((event) => {
    // What was given at another gateway is answered here as there.
    const given = handling.get(event.commandId ?? '');
    if (!given) remember(event);
    else if (isFirstFact(event.type)) given.recorded ??= event;
    for (const answer of laterAnswers(event)) tell(answer);
  });

  function laterAnswers(event: LogEvent): Answer[] {
    const { commandId: id } = event;
    if (id === null) return [];
    switch (event.type) {
      case 'kill.step_settled': {
        const { engine, step, items } = event.data as unknown as Pick<
          Extract<Answer, { stage: 'effected' }>,
          'engine' | 'step' | 'items'
        >;
        const joined = log.state().chains[engine]?.joined ?? [];
        return [id, ...joined].map((one) => ({
          ...{ type: 'answer', id: one, stage: 'effected', engine, step, items, at: event.ts },
        }));
      }
      case 'kill.flat':
        return [{ type: 'answer', id, stage: 'done', summary: 'flat' }];
      case 'deployment.engine_settled': {
        const { engine, outcome, detail } = event.data as Record<string, string>;
        const done = outcome === 'loaded' ? 'done' : outcome === 'unknown' ? 'unknown' : 'rejected';
        const item = { kind: 'model', id: engine ?? '', outcome: done, detail } as const;
        const about = { engine: engine ?? '', step: 'load_model', items: [item], at: event.ts };
        return [{ type: 'answer', id, stage: 'effected', ...about }];
      }
      case 'channel.tested': {
        const { code, status, answer } = event.data as Record<string, unknown>;
        const summary = [code, status, answer].filter((one) => one !== null && one !== '');
        return [{ type: 'answer', id, stage: 'done', summary: summary.join(' ') }];
      }
      case 'bridge.tested':
      case 'deployment.completed':
        return [{ type: 'answer', id, stage: 'done', summary: event.type }];
      default:
        return [];
    }
  }

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
    const same = handling.get(id);
    if (same) {
      same.askers.push(answer);
      return;
    }
    const forward = ACTING_ONLY.has(command.name) ? options.forward?.() : null;
    if (forward) {
      forward(command, operator, terminal, answer);
      return;
    }
    const own = isMonitorOwn(command);
    const actor: Actor = own
      ? { id: MONITOR_ID, role: MONITOR_ID, terminal }
      : { id: operator.id, role: operator.roles[0] ?? 'viewer', terminal };
    const reason = 'reason' in command.params ? command.params.reason : null;
    const common = { actor, commandId: id, reason };
    // Answered before anybody hears of the events: what follows from them comes after it.
    const given: Given = { early: [], recorded: null, askers: [answer] };
    const tellAskers = (one: Answer): void => {
      for (const asker of given.askers) asker(one);
    };
    handling.set(id, given);
    /** By which its secret is put away, and that once it is. */
    const version = BRINGS_SECRET.has(command.name) ? secrets.nextVersion() : '';
    let kept: KeptSecret | null = null;

    function facts(): readonly Fact[] {
      // Given at another gateway too, and recorded by it meanwhile.
      if (given.recorded) return [];
      try {
        if (own && !options.mayAct(terminal, own.fence)) {
          throw new Refusal('fenced', 'another acts as the monitor; that token is not the lease’s');
        }
        const { facts: decided, secret } = decide(command, own ? MONITOR : operator, version);
        // Decided anew it may go by another secret than was put away, or after another's turn began.
        if (secret && (secret.text !== kept?.text || !secrets.mayBeUsed(version))) {
          throw new Refusal(
            'superseded',
            'the secret was given while another changed it: look, and give it again',
          );
        }
        return decided.map((fact) => ({ ...fact, ...common }) as Fact);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return [refusal(error)];
      }
    }

    /** That it is refused, as it stands on record. */
    function refusal({ code, message, said }: Refusal): Fact {
      const why = { code, message, ...(said && { said: [said] }) };
      return { type: 'command.rejected', ...common, data: { name: command.name, ...why } };
    }

    function accept(events: readonly LogEvent[]): void {
      handling.delete(id);
      if (kept) secrets.release(kept);
      // Recorded by another gateway it is accepted all the same, and carried out there.
      const recorded = events.length === 0 && given.recorded ? [given.recorded] : events;
      const [event] = recorded;
      if (event?.type === 'command.rejected') {
        remember(event);
        for (const one of outcomes.get(id) ?? []) tellAskers(one);
        return;
      }
      const first = accepted(id, event?.seq ?? log.savedHead().seq);
      outcomes.set(id, [first, ...given.early]);
      tellAskers(first);
      if (recorded === events) effect(command, operator);
      const goesOn =
        recorded.some(({ type }) => START_SOMETHING.has(type)) ||
        command.name === 'channel.test' ||
        command.name === 'bridge.test';
      if (!goesOn) {
        const summary = event?.type ?? command.name;
        const done: Answer = { type: 'answer', id, stage: 'done', summary };
        outcomes.get(id)?.push(done);
        tellAskers(done);
      }
    }

    /** Nothing of it is in the log, nor will be. */
    function notTaken(error: unknown): void {
      if (!(error instanceof NoQuorumError)) {
        handling.delete(id);
        if (kept) secrets.release(kept);
        throw error;
      }
      const why = new Refusal(
        'unavailable',
        'the log takes nothing now: no majority of its servers answers. A kill goes on all the same',
      );
      accept(log.append(refusal(why)));
    }

    if (command.name === 'kill') {
      // It has happened the moment it is given, whatever the log takes.
      const holds = ({ kills }: OpsState) => kills.every(({ commandId }) => commandId !== id);
      try {
        accept(log.append(...facts().map((fact) => ({ ...fact, holds }))));
      } finally {
        handling.delete(id);
      }
      return;
    }
    keepSecret((why) => {
      if (why) {
        accept(log.append(refusal(why)));
        return;
      }
      log.propose(facts, (outcome) => {
        if (outcome.ok) accept(outcome.events);
        else notTaken(outcome.error);
      });
    });

    /** Puts away the secret that comes with it, if it is to be taken as the log stands. */
    function keepSecret(settled: (refusal: Refusal | null) => void): void {
      if (BRINGS_SECRET.has(command.name)) {
        try {
          kept = decide(command, operator, version).secret;
        } catch {
          // It is decided again below, where what refuses it goes on record.
        }
      }
      if (kept) secrets.put(kept, settled);
      else settled(null);
    }
  }

  /** Tells the engine of a fault, sends a test, signs the record. Modes, kills and models have drivers of their own. */
  function effect(command: Command, operator: Operator): void {
    if (command.name === 'channel.test') {
      options.testChannel(command.params.channel, command.id, operator.id);
    }
    // Who is about to take the record, or to judge it, has the newest signature to do it with.
    const kind = command.name === 'terminal.report' ? command.params.kind : null;
    if (kind === 'audit_exporting' || kind === 'audit_verifying') log.checkpoint();
    if (command.name === 'bridge.test') bridgesOf(options).carryOut(command.id);
    if (command.name !== 'engine.fault') return;
    faultCount += 1;
    const { engine, fault } = command.params;
    const opId = `${command.id}:fault:${faultCount}`;
    const operation = { op: 'fault', fault } as const;
    hub.send(engine, { type: 'op', opId, commandId: command.id, operation });
  }

  return {
    handle,
    outcome: (id) =>
      outcomes.get(id) ?? [
        { type: 'answer', id, stage: handling.has(id) ? 'received' : 'unknown' },
      ],
    follow(listener) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
  };
}

/** The monitor may do what it is for, whoever sits at the terminal that carries it. */
export const MONITOR: Operator = { id: MONITOR_ID, name: MONITOR_ID, roles: ['cto'] };

/** The fence of a command that claims to be the monitor's own. A kill needs none: it is never refused. */
function isMonitorOwn(command: Command): { readonly fence: number } | null {
  if (command.name === 'monitor.report') return command.params;
  const claims = command.name === 'model.rollback' || command.name === 'pause';
  if (!claims || command.params.origin !== 'monitor') return null;
  return { fence: command.params.fence ?? 0 };
}

/** Events of commands whose end is another event. */
const START_SOMETHING: ReadonlySet<string> = new Set(['kill.requested', 'deployment.started']);

const BRINGS_SECRET: ReadonlySet<Command['name']> = new Set([
  'channel.configure',
  'bridge.configure',
]);

/** What only the gateway can do that acts for all: it puts secrets away, sends and runs the bridges. */
const ACTING_ONLY: ReadonlySet<Command['name']> = new Set([
  ...(['channel.configure', 'channel.remove', 'channel.test'] as const),
  ...(['bridge.configure', 'bridge.remove', 'bridge.test'] as const),
]);
