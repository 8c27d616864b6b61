import type { Command, CommandName, CommandParams } from '../shared/protocol/commands';
import type { Answer, ControlRequest } from '../shared/protocol/terminal';
import type { Clock } from '../shared/time';
import type { LocalCommand } from '../shared/view/desk';

const KEPT = 8;
const REPORTS_KEPT = 100;
type Sendable = Exclude<CommandName, 'kill' | 'terminal.report'>;
type ReportKind = CommandParams<'terminal.report'>['kind'];

export interface CommandDesk {
  /** Sends a command; null when the link is not live: it is not queued, its moment would be past. */
  send<Name extends Sendable>(name: Name, params: CommandParams<Name>): string | null;
  /** Puts on the record what the terminal saw; waits for the link. */
  report(kind: ReportKind, detail: string): void;
  answer(answer: Answer): void;
  linkUp(): void;
  linkLost(): void;
  view(): readonly LocalCommand[];
}

/** Commands other than kills: what was sent and, in the gateway's own words, what became of it. */
export function createCommandDesk(deps: {
  readonly control: (request: ControlRequest) => boolean;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly changed: () => void;
}): CommandDesk {
  let commands: readonly LocalCommand[] = [];
  let reports: readonly Command[] = [];

  const isOver = (command: LocalCommand): boolean =>
    command.stage === 'done' || command.stage === 'rejected';

  function make(name: CommandName, params: unknown): Command {
    const id = deps.newId();
    return { type: 'command', id, name, params, issuedAt: deps.clock() } as Command;
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
      commands = commands.map((command) =>
        command.id === answer.id && !isOver(command) ? answered(command, answer) : command,
      );
      if (commands.some((command, index) => command !== before[index])) deps.changed();
    },
    linkUp() {
      for (const report of reports) deps.control(report);
      // What has no final answer is asked about, never sent again.
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

function answered(command: LocalCommand, answer: Answer): LocalCommand {
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
    case 'unknown':
      // The gateway never got it: nothing happened, and the operator may give it again.
      return {
        ...command,
        stage: 'rejected',
        code: 'unavailable',
        message: 'the gateway never received it',
      };
  }
}
