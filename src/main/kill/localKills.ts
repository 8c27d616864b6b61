import type { LastResortAnswer } from '../../shared/bridges/lastResort';
import type { OperationsPolicy } from '../../shared/policy/operations';
import type { Command } from '../../shared/protocol/commands';
import type { Answer } from '../../shared/protocol/terminal';
import type { LocalKill, LocalKillStage } from '../../shared/view/desk';

export type KillCommand = Extract<Command, { name: 'kill' }>;

/** A kill given at this terminal, with what is known of it and what was tried. */
export interface TrackedKill {
  readonly command: KillCommand;
  readonly stage: LocalKillStage;
  readonly acknowledgedAt: number | null;
  readonly unsaved: boolean;
  readonly alarm: boolean;
  readonly silenced: boolean;
  /** The alarm was raised once; it is on the record only once. */
  readonly alarmed: boolean;
  readonly attempts: number;
  readonly lastAttemptAt: number | null;
  /** It went out on the control socket: from then on it is asked about before it is sent again. */
  readonly sentOnControl: boolean;
  /** The gateway said that it knows nothing of it: it may be sent again. */
  readonly knownMissing: boolean;
  readonly path: 'control' | 'http' | null;
  readonly lastError: string | null;
  /** Addresses whose gateway has it: it said so, or its log does. */
  readonly takenBy: readonly string[];
  /** The log has it that it was lifted: it is given to nobody any more. */
  readonly lifted: boolean;
  /** What the engines' own services answered, where no gateway did. */
  readonly lastResort: Readonly<Record<string, LastResortAnswer>>;
  readonly doneAt: number | null;
}

/** Kills by id in the order they were given. */
export type LocalKills = readonly TrackedKill[];

export type KillTimes = Pick<OperationsPolicy['kill'], 'alarmAfterMs' | 'retryEveryMs'>;

/** The desk's gateways, as the link stands. */
export interface Gateways {
  /** The one whose log is followed; null while that link is not live. */
  readonly live: string | null;
  readonly addresses: readonly string[];
  /** Those of them that have another history: what they have may not be this desk's. */
  readonly strangers: readonly string[];
}

/** How long a kill that is done, and that no gateway lacks, stays on the view. */
export const DONE_SHOWN_MS = 60_000;

export type KillEvent =
  | { readonly type: 'fired'; readonly command: KillCommand }
  | {
      readonly type: 'sent';
      readonly id: string;
      readonly by: 'control' | 'http';
      readonly at: number;
    }
  | {
      readonly type: 'answer';
      readonly answer: Answer;
      readonly address: string;
      readonly at: number;
    }
  | {
      readonly type: 'http.accepted';
      readonly id: string;
      readonly address: string;
      readonly at: number;
      readonly unsaved: boolean;
    }
  | { readonly type: 'error'; readonly id: string; readonly message: string }
  | {
      readonly type: 'last.resort';
      readonly id: string;
      readonly engine: string;
      readonly answer: LastResortAnswer;
    }
  /** The log that is followed there has it: its event came into the mirror. */
  | {
      readonly type: 'logged';
      readonly id: string;
      readonly address: string;
      readonly at: number;
    }
  /** The log has it that the desk goes on. */
  | { readonly type: 'lifted'; readonly id: string }
  /** The control link came up; what is not over is asked about at once. */
  | { readonly type: 'link.up' }
  | { readonly type: 'silenced'; readonly id: string }
  | { readonly type: 'abandoned'; readonly id: string }
  | { readonly type: 'tick'; readonly at: number; readonly gateways: Gateways };

/** Folds one happening into the kills. Stages only go forward; a late answer undoes nothing. */
export function foldKills(kills: LocalKills, event: KillEvent, times: KillTimes): LocalKills {
  switch (event.type) {
    case 'fired':
      return kills.some((kill) => kill.command.id === event.command.id)
        ? kills
        : [...kills, newKill(event.command)];
    case 'sent':
      return change(kills, event.id, (kill) => ({
        ...kill,
        attempts: kill.attempts + 1,
        lastAttemptAt: event.at,
        sentOnControl: kill.sentOnControl || event.by === 'control',
        knownMissing: event.by === 'control' ? false : kill.knownMissing,
      }));
    case 'answer':
      return change(kills, event.answer.id, (kill) => answered(kill, event));
    case 'http.accepted':
      return change(kills, event.id, (kill) => accepted(kill, event, event.unsaved, 'http'));
    case 'logged':
      return change(kills, event.id, (kill) => ({
        ...accepted(kill, event, false, kill.path ?? 'control'),
        unsaved: false,
      }));
    case 'lifted':
      return change(kills, event.id, (kill) => ({ ...kill, lifted: true }));
    case 'last.resort':
      return change(kills, event.id, (kill) => ({
        ...kill,
        lastResort: { ...kill.lastResort, [event.engine]: event.answer },
      }));
    case 'error':
      return change(kills, event.id, (kill) => failed(kill, event.message));
    case 'link.up':
      return kills.map((kill) => (kill.doneAt === null ? { ...kill, lastAttemptAt: null } : kill));
    case 'silenced':
      return change(kills, event.id, (kill) => ({ ...kill, alarm: false, silenced: true }));
    case 'abandoned':
      // What a gateway acknowledged is no longer this terminal's to drop.
      return kills.filter((kill) => kill.command.id !== event.id || isAcknowledged(kill));
    case 'tick':
      return (
        kills
          // One that no log has yet is nowhere else to be seen; nor is that a gateway lacks it.
          .filter(
            (kill) =>
              kill.doneAt === null ||
              kill.unsaved ||
              lackedBy(kill, event.gateways).length > 0 ||
              event.at - kill.doneAt < DONE_SHOWN_MS,
          )
          .map((kill) => ticked(kill, event.at, times))
      );
  }
}

export type KillAction =
  | { readonly type: 'control.send'; readonly command: KillCommand }
  | { readonly type: 'control.query'; readonly id: string }
  /** To each of these gateways by the connection to it, and by HTTP where there is none. */
  | {
      readonly type: 'others.send';
      readonly command: KillCommand;
      readonly addresses: readonly string[];
    }
  | {
      readonly type: 'http.post';
      readonly command: KillCommand;
      readonly addresses: readonly string[];
    };

/**
 * What to do for one kill now. The control socket comes first, and with it every other gateway of the
 * desk; without it, or when it stays silent, every address is asked by HTTP. Once a gateway has it, it is
 * given on to those that lack it, by either way, until it is lifted: an engine may be within reach of one
 * of them alone. That is safe because the id makes the second one the first, at whichever gateway.
 */
export function killActions(
  kill: TrackedKill,
  now: number,
  gateways: Gateways,
  times: KillTimes,
): readonly KillAction[] {
  // A clock that was put back must not keep a kill waiting for it.
  const since = kill.lastAttemptAt === null ? Infinity : Math.abs(now - kill.lastAttemptAt);
  const due = since >= times.retryEveryMs;
  if (!due) return [];
  const { command } = kill;
  const { live, addresses } = gateways;
  const query = { type: 'control.query', id: command.id } as const;
  const actions: KillAction[] = [];
  if (isAcknowledged(kill)) {
    // Its course is in the log; all that is asked for is whether it is over.
    if (live !== null && kill.stage !== 'done') actions.push(query);
    const lacking = lackedBy(kill, gateways);
    if (lacking.length > 0) {
      const given = { command, addresses: lacking };
      actions.push({ type: 'others.send', ...given }, { type: 'http.post', ...given });
    }
    return actions;
  }
  if (live !== null) {
    const again = kill.sentOnControl && !kill.knownMissing;
    const others = addresses.filter((address) => address !== live);
    actions.push(again ? query : { type: 'control.send', command }, {
      type: 'others.send',
      command,
      addresses: others,
    });
  }
  const silent = live !== null && kill.attempts > 0;
  if (live === null || silent) actions.push({ type: 'http.post', command, addresses });
  return actions;
}

/** Gateways of the desk that have not said that they have a kill which another one took and which stands. */
export function lackedBy(kill: TrackedKill, gateways: Gateways): readonly string[] {
  const { addresses, strangers } = gateways;
  // A single one has it where it took it, also after it was started again at another address.
  if (!isAcknowledged(kill) || kill.lifted || addresses.length < 2) return [];
  return addresses.filter((one) => !kill.takenBy.includes(one) && !strangers.includes(one));
}

/** Kills that the disk must remember: a terminal that starts again asks about them. */
export function latched(kills: LocalKills): readonly KillCommand[] {
  return kills.filter((kill) => !isAcknowledged(kill)).map((kill) => kill.command);
}

export function isAcknowledged(kill: TrackedKill): boolean {
  return kill.stage === 'accepted' || kill.stage === 'done';
}

/** The kills as the windows show them, newest first. */
export function killsView(kills: LocalKills, gateways: Gateways): readonly LocalKill[] {
  return kills
    .map((kill) => ({
      id: kill.command.id,
      issuedAt: kill.command.issuedAt,
      reason: kill.command.params.reason,
      scope: kill.command.params.scope,
      origin: kill.command.params.origin,
      stage: kill.stage,
      acknowledgedAt: kill.acknowledgedAt,
      unsaved: kill.unsaved,
      alarm: kill.alarm,
      attempts: kill.attempts,
      path: kill.path,
      lastError: kill.lastError,
      lackedBy: lackedBy(kill, gateways),
      lastResort: kill.lastResort,
    }))
    .reverse();
}

function newKill(command: KillCommand): TrackedKill {
  return {
    command,
    stage: 'sending',
    acknowledgedAt: null,
    unsaved: false,
    alarm: false,
    silenced: false,
    alarmed: false,
    attempts: 0,
    lastAttemptAt: null,
    sentOnControl: false,
    knownMissing: false,
    path: null,
    lastError: null,
    takenBy: [],
    lifted: false,
    lastResort: {},
    doneAt: null,
  };
}

/** From which gateway an event came, and when. */
interface From {
  readonly address: string;
  readonly at: number;
}

function answered(kill: TrackedKill, from: From & { readonly answer: Answer }): TrackedKill {
  const { answer } = from;
  switch (answer.stage) {
    case 'received':
      return kill.stage === 'sending' ? { ...kill, stage: 'received', path: 'control' } : kill;
    case 'accepted':
      return accepted(kill, from, answer.unsaved, 'control');
    case 'effected':
      return accepted(kill, from, kill.unsaved, 'control');
    case 'done':
      return {
        ...accepted(kill, from, kill.unsaved, 'control'),
        ...{ stage: 'done', doneAt: kill.doneAt ?? from.at },
      };
    case 'rejected':
      // A kill is never refused by policy; whatever this is, it does not count as an answer.
      return failed(kill, `${answer.code}: ${answer.message}`);
    case 'unknown':
      if (!isAcknowledged(kill)) return { ...kill, knownMissing: true, lastAttemptAt: null };
      // Put back to an older copy of the log, or one to which the link has gone over before it had it.
      return { ...kill, takenBy: kill.takenBy.filter((one) => one !== from.address) };
  }
}

function accepted(
  before: TrackedKill,
  { address, at }: From,
  unsaved: boolean,
  path: 'control' | 'http',
): TrackedKill {
  const kill = before.takenBy.includes(address)
    ? before
    : { ...before, takenBy: [...before.takenBy, address] };
  if (kill.stage === 'done') return kill;
  return {
    ...kill,
    stage: 'accepted',
    acknowledgedAt: kill.acknowledgedAt ?? at,
    // On one gateway's disk it is on record, whatever another's disk does.
    unsaved: isAcknowledged(kill) ? kill.unsaved && unsaved : unsaved,
    alarm: false,
    lastError: null,
    path: kill.path ?? path,
  };
}

/** What one gateway could not do hides nothing of what another one has taken. */
function failed(kill: TrackedKill, message: string): TrackedKill {
  return isAcknowledged(kill) ? kill : { ...kill, lastError: message };
}

function ticked(kill: TrackedKill, at: number, times: KillTimes): TrackedKill {
  const waited = Math.abs(at - kill.command.issuedAt);
  const late = !isAcknowledged(kill) && waited >= times.alarmAfterMs;
  return late && !kill.silenced && !kill.alarm ? { ...kill, alarm: true, alarmed: true } : kill;
}

function change(
  kills: LocalKills,
  id: string,
  apply: (kill: TrackedKill) => TrackedKill,
): LocalKills {
  return kills.map((kill) => (kill.command.id === id ? apply(kill) : kill));
}
