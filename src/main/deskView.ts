import type { InForce } from '../shared/policy/inForce';
import type { DeskView } from '../shared/view/desk';
import type { CommandDesk } from './commands';
import type { Config } from './config';
import type { DeskState } from './desk';
import type { Hotkey } from './hotkey/hotkey';
import type { KillDesk } from './kill/killDesk';
import type { ControlLink } from './link/controlLink';
import type { Telemetry } from './link/telemetry';
import type { Mirror } from './mirror/mirror';

const FIGURES_EVERY_MS = 250;

export interface DeskPublisher {
  /** The view now, whole. */
  view(): DeskView;
  /** Something that matters changed: sent in this turn of the event loop, once. */
  now(): void;
  /** Figures changed: sent at most four times a second. */
  figures(): void;
  stop(): void;
}

/** Puts the view together and says when it is sent. */
export function createDeskPublisher(deps: {
  readonly assemble: () => Omit<DeskView, 'revision' | 'at'>;
  readonly clock: () => number;
  readonly send: (view: DeskView) => void;
}): DeskPublisher {
  let revision = 0;
  let sentAt = 0;
  let urgent = false;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  function make(): DeskView {
    revision += 1;
    return { revision, at: deps.clock(), ...deps.assemble() };
  }

  function send(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    urgent = false;
    if (stopped) return;
    sentAt = deps.clock();
    deps.send(make());
  }

  return {
    view: make,
    now() {
      if (urgent) return;
      urgent = true;
      // A batch of changes in one turn is one view.
      setImmediate(send);
    },
    figures() {
      if (urgent || timer) return;
      timer = setTimeout(send, Math.max(0, sentAt + FIGURES_EVERY_MS - deps.clock()));
    },
    stop() {
      stopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}

/** The parts that each know a piece of the view. */
export interface ViewParts
  extends Pick<
    DeskView,
    | 'connection'
    | 'gateway'
    | 'runtime'
    | 'monitor'
    | 'identity'
    | 'lock'
    | 'certificates'
    | 'ownChannels'
    | 'executions'
    | 'updates'
  > {
  readonly config: Pick<Config, 'deskName'>;
  /** Each policy as a log has it in force. */
  readonly inForce: InForce;
  readonly desk: DeskState;
  readonly link: Pick<ControlLink, 'view'>;
  readonly telemetry: Pick<Telemetry, 'link' | 'figures'>;
  readonly kills: Pick<KillDesk, 'view' | 'pending'>;
  readonly commands: Pick<CommandDesk, 'view'>;
  readonly hotkey: Pick<Hotkey, 'view'>;
  readonly mirror: Pick<Mirror, 'status'>;
}

/** Asks every part for its piece. A log that cannot be followed outweighs a mirror that is well. */
export function assembleView(parts: ViewParts): Omit<DeskView, 'revision' | 'at'> {
  const { desk, kills, gateway, runtime, inForce, monitor } = parts;
  const ops = desk.ops();
  const welcome = desk.welcome();
  const status = parts.mirror.status();
  const catchingUp = status.state === 'ok' && desk.replaying();
  return {
    deskName: welcome?.deskName ?? parts.config.deskName ?? 'USD/COP',
    environment: desk.environment(),
    connection: parts.connection,
    link: parts.link.view(),
    telemetryLink: parts.telemetry.link(),
    operator: welcome?.operator ?? null,
    ops,
    figures: parts.telemetry.figures(),
    kills: kills.view(),
    pendingKill: kills.pending(),
    commands: parts.commands.view(),
    hotkey: parts.hotkey.view(),
    mirror: {
      ...status,
      state: desk.stuck() ? 'broken' : catchingUp ? 'catching_up' : status.state,
      headSeq: desk.headSeq(),
      problem: desk.problem() ?? status.problem,
    },
    gateway,
    runtime,
    policy: inForce.operations(ops),
    modelsPolicy: inForce.models(ops),
    monitorPolicy: inForce.monitor(ops),
    incidentsPolicy: inForce.incidents(ops),
    playbooks: inForce.playbooks(ops),
    calendar: inForce.calendar(ops),
    monitor,
    identity: parts.identity,
    lock: parts.lock,
    certificates: parts.certificates,
    notificationsPolicy: inForce.notifications(ops),
    ownChannels: parts.ownChannels,
    executions: parts.executions,
    updates: parts.updates,
  };
}
