import type { Command, CommandName, CommandParams } from '../shared/protocol/commands';
import type { Answer, ControlRequest } from '../shared/protocol/terminal';
import type { Clock } from '../shared/time';
import type { LocalCommand } from '../shared/view/desk';

const KEPT = 8;
const REPORTS_KEPT = 100;
const NOT_RECEIVED = 'the gateway never received it';
/**
 * Commands that the terminal may say again by itself, under the same id, where the gateway it has gone
 * over to knows nothing of them: those that only stop, withdraw or write down. What lets trading go on,
 * changes what trades or who is told, or deletes is never among them: between its first saying and its
 * second another may have stopped the desk, and it would undo that.
 */
const SAID_AGAIN: ReadonlySet<CommandName> = new Set([
  'pause',
  'resume.withdraw',
  'promotion.reject',
  'promotion.withdraw',
  'exception.revoke',
  'alert.acknowledge',
  'incident.open',
  'incident.acknowledge',
  'incident.note',
  'incident.step',
  'incident.link_alert',
  'report.record',
  'lineage.report',
] satisfies Sendable[]);
type Sendable = Exclude<CommandName, 'kill' | 'terminal.report'>;
type ReportKind = CommandParams<'terminal.report'>['kind'];

export interface CommandDesk {
  /** Sends a command; null when the link is not live: it is not queued, its moment would be past. */
  send<Name extends Sendable>(name: Name, params: CommandParams<Name>): string | null;
  /** Puts on the record what the terminal saw; waits for the link. */
  report(kind: ReportKind, detail: string): void;
  answer(answer: Answer): void;
  /** The log has something that this command led to. */
  logged(id: string): void;
  linkUp(): void;
  linkLost(): void;
  view(): readonly LocalCommand[];
}

/** Commands other than kills: what was sent and, in the gateway's own words, what became of it. */
export function createCommandDesk(deps: {
  readonly control: (request: ControlRequest) => boolean;
  readonly clock: Clock;
  /** How long after it was given a command may be said again, ms. */
  readonly sayAgainWithinMs: number;
  readonly newId: () => string;
  readonly changed: () => void;
}): CommandDesk {
  let commands: readonly LocalCommand[] = [];
  let reports: readonly Command[] = [];
  /** Commands under way that may be said again, as they were sent. */
  const repeatable = new Map<string, Command>();

  const isOver = (command: LocalCommand): boolean =>
    command.stage === 'done' || command.stage === 'rejected';

  function make(name: CommandName, params: unknown): Command {
    const id = deps.newId();
    return { type: 'command', id, name, params, issuedAt: deps.clock() } as Command;
  }

  /** The command as it was sent, where it may be said again now. */
  function toSayAgain(id: string): Command | null {
    const command = repeatable.get(id);
    // A clock that was put back must not make an old command a new one.
    const isFresh = command && Math.abs(deps.clock() - command.issuedAt) <= deps.sayAgainWithinMs;
    return isFresh ? command : null;
  }

  function unknownThere(command: LocalCommand): LocalCommand {
    const again = toSayAgain(command.id);
    // The gateway never got it: nothing happened, and the operator may give it again.
    if (!again) {
      return { ...command, stage: 'rejected', code: 'unavailable', message: NOT_RECEIVED };
    }
    return { ...command, stage: deps.control(again) ? 'sent' : 'unknown' };
  }

  function forget(): void {
    const underWay = new Set(commands.flatMap((one) => (isOver(one) ? [] : [one.id])));
    for (const id of repeatable.keys()) if (!underWay.has(id)) repeatable.delete(id);
  }

  return {
    send(name, params) {
      const command = make(name, params);
      if (!deps.control(command)) return null;
      const { id, issuedAt } = command;
      const sent: LocalCommand = {
        ...{ id, name, issuedAt, stage: 'sent', code: null, message: null, said: null },
        effects: [],
      };
      commands = [sent, ...commands].slice(0, KEPT);
      if (SAID_AGAIN.has(name)) repeatable.set(id, command);
      forget();
      deps.changed();
      return id;
    },
    report(kind, detail) {
      const command = make('terminal.report', { kind, detail: detail.slice(0, 2_000) });
      // Kept until it is answered: a report that was lost on the way is given again, same id.
      reports = [...reports, command].slice(-REPORTS_KEPT);
      deps.control(command);
    },
    answer(answer) {
      if (answer.stage === 'accepted' || answer.stage === 'done' || answer.stage === 'rejected') {
        reports = reports.filter((report) => report.id !== answer.id);
      }
      const before = commands;
      commands = commands.map((command) => {
        if (command.id !== answer.id || isOver(command)) return command;
        return answer.stage === 'unknown' ? unknownThere(command) : answered(command, answer);
      });
      forget();
      if (commands.some((command, index) => command !== before[index])) deps.changed();
    },
    logged(id) {
      // One gateway may have taken what another one, asked a moment later, did not know of yet.
      const wrong = commands.find((one) => one.id === id && one.message === NOT_RECEIVED);
      if (!wrong) return;
      const asked = { stage: 'unknown' as const, code: null, message: null };
      commands = commands.map((one) => (one === wrong ? { ...one, ...asked } : one));
      deps.control({ type: 'query', id });
      deps.changed();
    },
    linkUp() {
      for (const report of reports) deps.control(report);
      // What has no final answer is asked about first, never sent again blindly.
      for (const command of commands) {
        if (!isOver(command)) deps.control({ type: 'query', id: command.id });
      }
    },
    linkLost() {
      commands = commands.map((command) =>
        isOver(command) ? command : { ...command, stage: 'unknown' as const },
      );
      deps.changed();
    },
    view: () => commands,
  };
}

function answered(
  command: LocalCommand,
  answer: Exclude<Answer, { stage: 'unknown' }>,
): LocalCommand {
  switch (answer.stage) {
    case 'received':
    case 'accepted':
    case 'done':
      return { ...command, stage: answer.stage };
    case 'rejected':
      return {
        ...{ ...command, stage: 'rejected', code: answer.code, message: answer.message },
        said: answer.said ?? null,
      };
    case 'effected': {
      const { engine, step, items } = answer;
      return { ...command, effects: [...command.effects, { engine, step, items }] };
    }
  }
}
