import { openSince } from '../shared/incidents/state';
import type { Sha256 } from '../shared/log/chain';
import type { Actor, LogEvent } from '../shared/log/event';
import { MONITOR_ID } from '../shared/monitor/monitor';
import type { MonitorItem } from '../shared/monitor/report';
import type { OpsState } from '../shared/ops/state';
import type { Policies } from '../shared/policy/inForce';
import { policyChange } from '../shared/policy/inForce';
import type { Command } from '../shared/protocol/commands';
import type { Answer, Role } from '../shared/protocol/terminal';
import type { Clock } from '../shared/time';
import type { Bridges } from './bridges/bridges';
import { NoQuorumError } from './cluster/log';
import * as channels from './decide/channels';
import { drill } from './decide/drills';
import * as incidents from './decide/incidents';
import * as lineage from './decide/lineage';
import * as models from './decide/models';
import * as operations from './decide/operations';
import { allow, Refusal } from './decide/refusal';
import * as reports from './decide/reports';
import * as retention from './decide/retention';
import * as retraining from './decide/retraining';
import type { EngineHub } from './engineHub';
import type { Fact } from './facts';
import type { Books } from './incidents/books';
import type { GatewayLog } from './log';
import type { Notifier } from './notify/notifier';

/** Who gives a command, as authenticated; never as the command says. */
export interface Operator {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

/** The part of the notifier that commands are about. */
export type ChannelDesk = Pick<Notifier, 'keepSecret' | 'forgetSecret' | 'hasSecret' | 'test'>;

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

export interface CommandsOptions {
  readonly log: GatewayLog;
  readonly hub: EngineHub;
  /** The policies as they hold now. */
  readonly policies: () => Policies;
  readonly sha256: Sha256;
  readonly clock: Clock;
  /** Base64 of the key that signs the log. */
  readonly publicKey: string;
  readonly books: Pick<Books, 'now' | 'tradesPerHour'>;
  /** Whether a terminal acts as the monitor with that token. */
  readonly mayAct: (holder: string, fence: number) => boolean;
  /** Secrets of channels, and tests. */
  readonly channels: ChannelDesk;
  /** Null where this gateway runs no bridges. */
  readonly bridges: Bridges | null;
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
  const { log, hub, policies, sha256, clock } = options;
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

    function facts(): readonly Fact[] {
      // Given at another gateway too, and recorded by it meanwhile.
      if (given.recorded) return [];
      try {
        if (own && !options.mayAct(terminal, own.fence)) {
          throw new Refusal('fenced', 'another acts as the monitor; that token is not the lease’s');
        }
        return decide(command, own ? MONITOR : operator).map(
          (fact) => ({ ...fact, ...common }) as Fact,
        );
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
      const [own] = events;
      const event = own ?? given.recorded;
      if (event?.type === 'command.rejected') {
        remember(event);
        for (const one of outcomes.get(id) ?? []) tellAskers(one);
        return;
      }
      const first = accepted(id, event?.seq ?? log.savedHead().seq);
      outcomes.set(id, [first, ...given.early]);
      tellAskers(first);
      if (own) effect(command, operator);
      const goesOn =
        [event, ...events].some((one) => one && START_SOMETHING.has(one.type)) ||
        command.name === 'channel.test' ||
        command.name === 'bridge.test';
      if (!goesOn) {
        const done: Answer = {
          type: 'answer',
          id,
          stage: 'done',
          summary: event?.type ?? command.name,
        };
        outcomes.get(id)?.push(done);
        tellAskers(done);
      }
    }

    /** Nothing of it is in the log, nor will be. */
    function notTaken(error: unknown): void {
      handling.delete(id);
      if (!(error instanceof NoQuorumError)) throw error;
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
    log.propose(facts, (outcome) => {
      if (outcome.ok) accept(outcome.events);
      else notTaken(outcome.error);
    });
  }

  /** What the command leads to. @throws {Refusal} */
  function decide(command: Command, operator: Operator): Fact[] {
    const state = log.state();
    const now = clock();
    const inForce = policies();
    const ops = { state, policy: inForce.operations, hub, now };
    const { active, criticalAt } = state.alerts;
    const registry = {
      ...{ state: { ...state.models, active, criticalAt }, policy: inForce.models, sha256, now },
      ...{ incidentSince: openSince(state.incidents), id: command.id },
    };
    const { now: booksNow, tradesPerHour } = options.books;
    const at = { now, id: command.id };
    const desk = { state, policies: inForce, books: booksNow, tradesPerHour, ...at };
    const slow = { state, policy: inForce.monitor, now, id: command.id };
    switch (command.name) {
      case 'kill':
        return [operations.kill(ops, command)];
      case 'pause':
        return [operations.pause(ops, command.params, operator)];
      case 'resume':
        return [operations.resume(ops, command.params, operator)];
      case 'resume.approve':
        return [operations.approveResume(ops, command.params, operator)];
      case 'resume.withdraw':
        return [operations.withdrawResume(ops, command.params, operator)];
      case 'terminal.report':
        return [{ type: 'terminal.reported', data: command.params }];
      case 'engine.fault':
        return [operations.setFault(ops, command.params, operator)];
      case 'model.register':
        allow(operator, inForce.models.permissions.register, 'register a model');
        return models.register(registry, command.params.card, 'operator');
      case 'model.update':
        return models.update(registry, command.params, operator);
      case 'model.report': {
        allow(operator, inForce.models.permissions.reportMetrics, 'report a model’s figures');
        const { reason: _, ...figures } = command.params;
        return models.report(registry, figures, 'operator');
      }
      case 'model.promote':
        return models.promote(registry, command.params, operator);
      case 'promotion.approve':
        return models.approve(registry, command.params, operator);
      case 'promotion.reject':
        return models.closeRequest(registry, command.params, 'rejected', operator);
      case 'promotion.withdraw':
        return models.closeRequest(registry, command.params, 'withdrawn', operator);
      case 'model.rollback':
        return models.rollback(registry, command.params, operator);
      case 'model.retire':
        return models.retire(registry, command.params, operator);
      case 'exception.grant':
        return models.grantException(registry, command.params, operator);
      case 'exception.revoke':
        return models.revokeException(registry, command.params, operator);
      case 'review.close':
        return models.closeReview(registry, command.params, operator);
      case 'monitor.report': {
        const news = command.params.items.filter((item) => retraining.isNews(item, slow));
        if (news.length === 0) throw new Refusal('superseded', 'all of it is on record already');
        return news.map(monitorFact);
      }
      case 'retraining.request':
        return retraining.requestRetraining(slow, command.params, operator);
      case 'retraining.close':
        return retraining.closeRetraining(slow, command.params, operator);
      case 'monitor.dry_run': {
        allow(operator, inForce.monitor.permissions.dryRun, 'switch the monitor to a dry run');
        const { on } = command.params;
        const until = on ? now + inForce.monitor.dryRunExpiresMs : null;
        return [{ type: 'monitor.dry_run_set', data: { on, until } }];
      }
      case 'lineage.report':
        allow(operator, inForce.models.permissions.register, 'report lineage');
        return lineage.report(command.params);
      case 'channel.configure':
      case 'channel.remove':
      case 'channel.test':
        return channels.decide(command, operator, inForce.notifications, {
          configured: state.notify.channels,
          secrets: options.channels,
        });
      case 'bridge.configure':
        return [bridges().configure(command.params, operator)];
      case 'bridge.remove':
        return [bridges().remove(command.params, operator)];
      case 'bridge.test':
        return [bridges().test(command.id, command.params, operator)];
      case 'policy.change': {
        allow(operator, inForce.models.permissions.changePolicy, 'change a policy');
        const { name, document, basedOn } = command.params;
        const version = state.policies[name]?.version ?? inForce[name].version;
        if (basedOn !== null && basedOn !== version) {
          throw new Refusal('superseded', '{name} is at {version} by now, not {basedOn}', {
            name,
            version,
            basedOn,
          });
        }
        const change = policyChange(state, name, document);
        if (!change.ok) throw new Refusal('bad_policy', { text: change.error.message });
        return [{ type: 'policy.changed', data: change.value }];
      }
      case 'alert.acknowledge':
        return incidents.acknowledgeAlert(desk, command.params, operator);
      case 'incident.open':
        return incidents.open(desk, command.params, operator);
      case 'incident.acknowledge':
        return incidents.acknowledge(desk, command.params, operator);
      case 'incident.mitigate':
        return incidents.mitigate(desk, command.params, operator);
      case 'incident.resolve':
        return incidents.resolve(desk, command.params, operator);
      case 'incident.close':
        return incidents.close(desk, command.params, operator);
      case 'incident.note':
        return incidents.note(desk, command.params, operator);
      case 'incident.step':
        return incidents.tick(desk, command.params, operator);
      case 'incident.set_commander':
        return incidents.setCommander(desk, command.params, operator);
      case 'incident.set_severity':
        return incidents.setSeverity(desk, command.params, operator);
      case 'incident.link_alert':
        return incidents.linkAlert(desk, command.params, operator);
      case 'incident.correlate':
        return incidents.correlate(desk, command.params, operator);
      case 'incident.send_message':
        return incidents.sendMessage(desk, command.params, operator);
      case 'postmortem.save':
        return incidents.savePostMortem(desk, command.params, operator);
      case 'postmortem.publish':
        return incidents.publishPostMortem(desk, command.params, operator);
      case 'action_item.set':
        return incidents.setActionItem(desk, command.params, operator);
      case 'drill.kill': {
        allow(operator, inForce.incidents.permissions.drill, 'hold a drill');
        const ageMs = Math.round(now - command.issuedAt);
        const { engines } = command.params;
        const about = { drill: command.id, engines, by: 'person', ageMs } as const;
        return drill(ops, inForce.incidents.drills, { ...about, origin: 'console' });
      }
      case 'report.record':
        return [reports.record({ state, policy: inForce.reports }, command.params, operator)];
      case 'retention.delete': {
        const facts = { state, policy: inForce.models, now, publicKey: options.publicKey };
        return [retention.deleteYear(facts, command.params, operator)];
      }
      case 'retention.name':
        return [retention.name(state, command.params)];
    }
  }

  /** @throws {Refusal} */
  function bridges(): Bridges {
    if (options.bridges) return options.bridges;
    throw new Refusal('unavailable', 'this gateway runs no bridges');
  }

  /** Tells the engine of a fault, sends a test, signs the record. Modes, kills and models have drivers of their own. */
  function effect(command: Command, operator: Operator): void {
    if (command.name === 'channel.test') {
      options.channels.test(command.params.channel, command.id, operator.id);
    }
    // Who is about to take the record, or to judge it, has the newest signature to do it with.
    const kind = command.name === 'terminal.report' ? command.params.kind : null;
    if (kind === 'audit_exporting' || kind === 'audit_verifying') log.checkpoint();
    if (command.name === 'bridge.test') bridges().carryOut(command.id);
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

function monitorFact(entry: MonitorItem): Fact {
  switch (entry.item) {
    case 'trigger':
      return { type: 'monitor.trigger_changed', data: entry.data };
    case 'fired':
      return { type: 'monitor.fired', data: entry.data };
    case 'machine':
      return { type: 'monitor.state_changed', data: entry.data };
    case 'blind':
      return { type: 'monitor.blind_paused', data: entry.data };
    case 'suspended':
      return { type: 'monitor.suspended', data: entry.data };
    case 'day':
      return { type: 'monitor.day_closed', data: entry.data };
    case 'retraining':
      return { type: 'retraining.proposed', data: entry.data };
    case 'alert':
      return { type: 'alert.raised', data: { ...entry.data, engine: null, source: 'monitor' } };
    case 'clear':
      return { type: 'alert.cleared', data: entry.data };
  }
}

/** Events of commands whose end is another event. */
const START_SOMETHING: ReadonlySet<string> = new Set(['kill.requested', 'deployment.started']);

/** What only the gateway can do that acts for all: it keeps the secrets and runs the bridges. */
const ACTING_ONLY: ReadonlySet<Command['name']> = new Set([
  ...(['channel.configure', 'channel.remove', 'channel.test'] as const),
  ...(['bridge.configure', 'bridge.remove', 'bridge.test'] as const),
]);
