import type { LastResortAnswer } from '../../shared/bridges/lastResort';
import type { OperationsPolicy } from '../../shared/policy/operations';
import type { CommandParams } from '../../shared/protocol/commands';
import type { Answer, ControlRequest } from '../../shared/protocol/terminal';
import type { Clock } from '../../shared/time';
import type { LocalKill, PendingKill } from '../../shared/view/desk';
import { createLastResort, type LastResortDeps } from './lastResort';
import type {
  Gateways,
  KillAction,
  KillCommand,
  KillEvent,
  LocalKills,
  TrackedKill,
} from './localKills';
import { foldKills, isAcknowledged, killActions, killsView, lackedBy, latched } from './localKills';

export interface KillLatch {
  set(commands: readonly KillCommand[]): void;
  get(): readonly KillCommand[] | null;
}

export interface HttpKillAnswer {
  readonly ok: boolean;
  readonly unsaved: boolean;
  readonly message: string;
}

export interface KillDeskDeps {
  readonly latch: KillLatch;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly times: () => OperationsPolicy['kill'];
  /** Sends on the control socket; false when it is not live. */
  readonly control: (request: ControlRequest) => boolean;
  /** Sends on the connection to that address; false when there is none. */
  readonly sendTo: (address: string, request: ControlRequest) => boolean;
  readonly gateways: () => Gateways;
  /** The log has it that the desk goes on after that kill. */
  readonly lifted: (id: string) => boolean;
  readonly post: (address: string, command: KillCommand) => Promise<HttpKillAnswer>;
  /** The way past every gateway; left out where there is none. */
  readonly lastResort?: {
    readonly targets: LastResortDeps['targets'];
    readonly kill: LastResortDeps['kill'];
    readonly afterMs: () => number;
  };
  readonly report: (kind: CommandParams<'terminal.report'>['kind'], detail: string) => void;
  readonly changed: () => void;
}

export interface KillDesk {
  fire(params: Omit<CommandParams<'kill'>, 'notifyTeam'>): string;
  /** Takes the answer of the gateway at an address; false when it is of no kill of this terminal. */
  answer(answer: Answer, address: string): boolean;
  /** The log that is followed at an address has it. */
  logged(commandId: string, address: string): void;
  linkUp(): void;
  silence(id: string): void;
  abandon(id: string): void;
  answerPending(id: string, fire: boolean): void;
  tick(): void;
  view(): readonly LocalKill[];
  pending(): PendingKill | null;
  /** Whether there is anything to do for a kill still. */
  running(): boolean;
}

/** The effects around the pure kill machine: disk first, then every way out. */
export function createKillDesk(deps: KillDeskDeps): KillDesk {
  let kills: LocalKills = [];
  // A kill that was under way when the terminal ended does not go on by itself.
  let asked: readonly KillCommand[] = deps.latch.get() ?? [];
  const posting = new Set<string>();
  const told = new Set<string>();

  const apply = (event: KillEvent): void => {
    const before = kills;
    kills = foldKills(kills, event, deps.times());
    if (kills === before) return;
    for (const kill of kills) reportNews(find(before, kill.command.id), kill);
    if (ids(latched(before)) !== ids(latched(kills))) writeLatch();
    deps.changed();
  };

  const reportNews = (was: TrackedKill | undefined, is: TrackedKill): void => {
    const id = is.command.id;
    if (is.alarmed && !was?.alarmed) deps.report('kill_unacknowledged', `kill ${id}`);
    const byHttp = isAcknowledged(is) && is.path === 'http';
    if (byHttp && was && !isAcknowledged(was)) deps.report('kill_by_http', `kill ${id}`);
  };

  /** Null, or why the disk did not take it. A disk that cannot write never stops a kill. */
  const writeLatch = (): string | null => {
    try {
      deps.latch.set([...asked, ...latched(kills)]);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };

  const act = (action: KillAction): void => {
    switch (action.type) {
      case 'control.send':
        if (deps.control(action.command)) sent(action.command.id, 'control');
        return;
      case 'control.query':
        if (deps.control({ type: 'query', id: action.id })) sent(action.id, 'control');
        return;
      case 'others.send':
        for (const address of action.addresses) {
          if (!deps.sendTo(address, action.command)) void post(address, action.command);
        }
        return;
      case 'http.post':
        for (const address of action.addresses) void post(address, action.command);
        sent(action.command.id, 'http');
    }
  };

  const sent = (id: string, by: 'control' | 'http'): void =>
    apply({ type: 'sent', id, by, at: deps.clock() });

  const post = async (address: string, command: KillCommand): Promise<void> => {
    const key = `${address} ${command.id}`;
    // One request at a time to an address: a slow gateway is not helped by more of them.
    if (posting.has(key)) return;
    posting.add(key);
    try {
      const { ok, unsaved, message } = await deps.post(address, command);
      // It is to stop what it has; but it may not be this desk's engines, and its log is not ours.
      const isStrange = deps.gateways().strangers.includes(address);
      if (ok && !isStrange) {
        apply({ type: 'http.accepted', id: command.id, address, at: deps.clock(), unsaved });
      } else {
        const why = ok ? 'taken by a gateway that has another history' : message;
        apply({ type: 'error', id: command.id, message: `${address}: ${why}` });
      }
    } catch (error) {
      const message = `${address}: ${(error as Error).message}`;
      apply({ type: 'error', id: command.id, message });
    } finally {
      posting.delete(key);
    }
  };

  const lastResort = deps.lastResort
    ? createLastResort({ ...deps.lastResort, clock: deps.clock, answered })
    : null;

  function answered(id: string, engine: string, answer: LastResortAnswer): void {
    apply({ type: 'last.resort', id, engine, answer });
    const { state, detail, open } = answer;
    const left = open === null ? 'what is open is not known' : `open: ${open}`;
    const words = state === 'trying' ? 'no gateway answers' : `${state}: ${detail}; ${left}`;
    const line = `kill ${id}, ${engine}: ${words}`;
    // It is tried again until it holds; the record needs each answer once.
    if (told.has(line)) return;
    told.add(line);
    deps.report('kill_last_resort', line);
  }

  const drive = (): void => {
    const gateways = deps.gateways();
    for (const { command, lifted } of kills) {
      if (!lifted && deps.lifted(command.id)) apply({ type: 'lifted', id: command.id });
    }
    for (const kill of kills) {
      for (const action of killActions(kill, deps.clock(), gateways, deps.times())) act(action);
    }
  };

  const fire: KillDesk['fire'] = (params) => {
    const command: KillCommand = {
      type: 'command',
      id: deps.newId(),
      name: 'kill',
      params: { ...params, notifyTeam: true },
      issuedAt: deps.clock(),
    };
    kills = foldKills(kills, { type: 'fired', command }, deps.times());
    const problem = writeLatch();
    drive();
    if (problem !== null) {
      apply({ type: 'error', id: command.id, message: `not on this disk: ${problem}` });
    }
    deps.changed();
    return command.id;
  };

  return {
    fire,
    answer(answer, address) {
      if (!find(kills, answer.id)) return false;
      apply({ type: 'answer', answer, address, at: deps.clock() });
      drive();
      return true;
    },
    logged: (id, address) => {
      if (find(kills, id)) apply({ type: 'logged', id, address, at: deps.clock() });
      // The log has a kill that was asked about: the question is answered.
      if (asked.some((command) => command.id === id)) settle(id);
    },
    linkUp() {
      apply({ type: 'link.up' });
      drive();
    },
    silence: (id) => apply({ type: 'silenced', id }),
    abandon(id) {
      const kill = find(kills, id);
      if (!kill || isAcknowledged(kill)) return;
      apply({ type: 'abandoned', id });
      deps.report('kill_abandoned', `kill ${id}`);
    },
    answerPending(id, yes) {
      const command = asked.find((one) => one.id === id);
      if (!command) return;
      const { notifyTeam: _notify, ...params } = command.params;
      // A yes is a new kill with an id of its own: the old id might have run and been resumed since.
      if (yes) fire(params);
      else deps.report('kill_abandoned', `kill ${id}, queued when the terminal ended`);
      settle(id);
    },
    tick() {
      apply({ type: 'tick', at: deps.clock(), gateways: deps.gateways() });
      drive();
      lastResort?.tick(kills);
    },
    view: () => killsView(kills, deps.gateways()),
    pending() {
      const command = asked[asked.length - 1];
      if (!command) return null;
      const { id, issuedAt, params } = command;
      return { id, issuedAt, reason: params.reason, scope: params.scope };
    },
    running: () =>
      kills.some((kill) => kill.stage !== 'done' || lackedBy(kill, deps.gateways()).length > 0),
  };

  function settle(id: string): void {
    asked = asked.filter((command) => command.id !== id);
    writeLatch();
    deps.changed();
  }
}

function find(kills: LocalKills, id: string): TrackedKill | undefined {
  return kills.find((kill) => kill.command.id === id);
}

function ids(commands: readonly KillCommand[]): string {
  return commands.map((command) => command.id).join(' ');
}
