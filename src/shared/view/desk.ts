import type { LastResortAnswer } from '../bridges/lastResort';
import type { Execution } from '../incidents/executions';
import type { OwnChannelsView } from '../notify/view';
import type { OpsState } from '../ops/state';
import type { HolidayCalendar } from '../policy/calendar';
import type { IncidentsPolicy } from '../policy/incidents';
import type { ModelsPolicy } from '../policy/models';
import type { MonitorPolicy } from '../policy/monitor';
import type { NotificationsPolicy } from '../policy/notifications';
import type { OperationsPolicy } from '../policy/operations';
import type { Playbooks } from '../policy/playbooks';
import type { Origin, Scope } from '../protocol/commands';
import type { Environment, OpItem } from '../protocol/engine';
import type { RejectionCode, Role } from '../protocol/terminal';
import type { Position, WorkingOrder } from '../telemetry/types';
import type { Phrase } from '../words/phrase';
import type { ConnectionView } from './connection';
import type { CertificateView, IdentityView, LockView } from './identity';
import type { MonitorView } from './monitor';
import type { UpdatesView } from './update';

/**
 * What the main process shows its windows: one value, whole, sent when something that matters
 * changed and at most four times a second for figures. Windows hold no truth of their own.
 */
export interface DeskView {
  /** Counts up with every view sent. */
  readonly revision: number;
  /** The main process's clock when the view was made. */
  readonly at: number;
  readonly deskName: string;
  /** Null until a gateway has said which; the screen then says it is not known. */
  readonly environment: Environment | 'mixed' | null;
  readonly connection: ConnectionView;
  readonly link: LinkView;
  readonly telemetryLink: LinkState;
  readonly operator: {
    readonly id: string;
    readonly name: string;
    readonly roles: readonly Role[];
    /** Unix ms; null for a token that does not end. */
    readonly tokenExpiresAt: number | null;
  } | null;
  readonly identity: IdentityView;
  readonly lock: LockView;
  /** The gateways' certificates, where they have one. */
  readonly certificates: readonly CertificateView[];
  /** The fold over the mirror; with the link down, as of `ops.ts`. */
  readonly ops: OpsState;
  readonly figures: Readonly<Record<string, EngineFigures>>;
  /** Kills given at this terminal that are not over, newest first. */
  readonly kills: readonly LocalKill[];
  /** A kill that was queued when the terminal last ended: it does not fire, it asks. */
  readonly pendingKill: PendingKill | null;
  /** Other commands of this terminal and where they stand, newest first, a few. */
  readonly commands: readonly LocalCommand[];
  readonly hotkey: HotkeyView;
  readonly mirror: MirrorView;
  readonly gateway: GatewayHealthView;
  readonly runtime: RuntimeView;
  readonly policy: OperationsPolicy;
  /** As the log has it in force; this terminal's own file before there is one. */
  readonly modelsPolicy: ModelsPolicy;
  readonly monitorPolicy: MonitorPolicy;
  readonly incidentsPolicy: IncidentsPolicy;
  readonly playbooks: Playbooks;
  readonly calendar: HolidayCalendar;
  readonly notificationsPolicy: NotificationsPolicy;
  readonly monitor: MonitorView;
  /** What this terminal may tell by itself when no gateway answers. */
  readonly ownChannels: OwnChannelsView;
  /** Null while no incident is open: nobody asks. */
  readonly executions: ExecutionsView | null;
  /** This program's own versions. */
  readonly updates: UpdatesView;
}

/** What engines executed lately, for the time in which it may be annulled. */
export interface ExecutionsView {
  /** Since when this terminal has looked; what was executed before it is not here. */
  readonly since: number;
  readonly recent: readonly Execution[];
  /** Executions of that time that are not in the list. */
  readonly omitted: number;
}

/**
 * `connecting` before the first answer; `stale` after 3 s of silence or without an answer, `down` after 10 s or
 * when closed.
 */
export type LinkState = 'connecting' | 'live' | 'stale' | 'down';

/** Why the link is not live: what this terminal knows by itself, or what the other side or the system said. */
export type LinkCause =
  | {
      readonly code:
        | 'mirror_opening'
        | 'mirror_changed'
        | 'signed_out'
        | 'certificate'
        | 'closed'
        | 'no_gateway';
    }
  | { readonly code: 'silent' | 'unanswered'; readonly seconds: number }
  | { readonly code: 'bad_frame' | 'said'; readonly detail: string };

export interface LinkView {
  readonly state: LinkState;
  readonly since: number;
  readonly address: string;
  readonly embedded: boolean;
  readonly rttMs: number | null;
  /** Gateway clock minus ours. */
  readonly clockOffsetMs: number | null;
  readonly lastHeardAt: number | null;
  /** Plain words on why it is not live. */
  readonly cause: LinkCause | null;
  /** Gateways of the desk that this terminal was told of. */
  readonly gateways: number;
  /** How many of them it is connected to now: the live one, and one that stands ready. */
  readonly standing: number;
  /** Addresses of gateways that have another history than the one followed. */
  readonly strangers: readonly string[];
}

export interface EngineFigures {
  readonly engine: string;
  /** Our clock when the last item of any kind came. */
  readonly lastItemAt: number;
  readonly positions: readonly Position[] | null;
  readonly workingOrders: readonly WorkingOrder[] | null;
  readonly positionsAt: number | null;
  readonly equity: number | null;
  readonly dayStartEquity: number | null;
  readonly dayPeakEquity: number | null;
  readonly realizedPnlToday: number | null;
  readonly unrealizedPnl: number | null;
  readonly currency: string | null;
  readonly equityAt: number | null;
  readonly model: string | null;
  /** Over the last minute of event time. */
  readonly inferences: number;
  readonly inferenceErrors: number;
  readonly p99LatencyMs: number | null;
  readonly lossStreak: number;
  readonly lastClose: number | null;
  readonly lastBarAt: number | null;
  /** Items that never came: gaps in the numbering that were not announced. */
  readonly missing: number;
  readonly conflated: number;
  /** Figures that came as no number. */
  readonly invalidFigures: number;
  readonly itemsPerSecond: number;
}

/** How far a kill given here has come, as far as this terminal can know. */
export type LocalKillStage =
  /** On disk here; nothing has answered yet. */
  | 'sending'
  /** A gateway has it; it is not yet in the log. */
  | 'received'
  /** In the log (or held in the gateway's memory, `unsaved`). From here on `ops.chains` tells. */
  | 'accepted'
  /** The gateway says it is done. */
  | 'done';

export interface LocalKill {
  readonly id: string;
  readonly issuedAt: number;
  readonly reason: string;
  readonly scope: Scope;
  readonly origin: Origin;
  readonly stage: LocalKillStage;
  readonly acknowledgedAt: number | null;
  readonly unsaved: boolean;
  /** Siren and full-screen warning: not acknowledged in time. */
  readonly alarm: boolean;
  readonly attempts: number;
  readonly path: 'control' | 'http' | null;
  readonly lastError: string | null;
  /** Addresses of gateways that lack it, once another has it: it goes on being given to them. */
  readonly lackedBy: readonly string[];
  /** By engine: what its own service answered to this terminal, with no gateway between. */
  readonly lastResort: Readonly<Record<string, LastResortAnswer>>;
}

export interface PendingKill {
  readonly id: string;
  readonly issuedAt: number;
  readonly reason: string;
  readonly scope: Scope;
}

export interface LocalCommand {
  readonly id: string;
  readonly name: string;
  readonly issuedAt: number;
  readonly stage: 'sent' | 'received' | 'accepted' | 'done' | 'rejected' | 'unknown';
  readonly code: RejectionCode | null;
  readonly message: string | null;
  /** The refusal in phrases, where the gateway said it so. */
  readonly said: readonly Phrase[] | null;
  readonly effects: readonly {
    readonly engine: string;
    readonly step: string;
    readonly items: readonly OpItem[];
  }[];
}

export interface HotkeyView {
  readonly accelerator: string;
  /** What `globalShortcut` answered; true proves nothing. */
  readonly registered: boolean;
  /** When a press was last seen in this session; armed only then. */
  readonly provenAt: number | null;
  /** The first press of a firing is in: the next one within the window fires. */
  readonly primed: boolean;
  readonly testing: boolean;
  readonly problem: 'conflict' | 'invalid' | 'unsupported' | null;
}

export interface MirrorView {
  readonly state: 'opening' | 'ok' | 'catching_up' | 'unwritable' | 'quarantined' | 'broken';
  readonly seq: number;
  /** Last sequence known to be on disk and verified hash by hash. */
  readonly verifiedSeq: number;
  /** The gateway's head as last heard. */
  readonly headSeq: number | null;
  readonly unsaved: number;
  readonly problem: string | null;
  readonly quarantinedTo: string | null;
}

export interface GatewayHealthView {
  readonly unsavedEvents: number;
  readonly storeError: string | null;
  /** Restarts of the embedded gateway since the terminal started. */
  readonly restarts: number;
  readonly lastExit: string | null;
}

export interface RuntimeView {
  readonly version: string;
  readonly electron: string;
  readonly chrome: string;
  readonly node: string;
  readonly official: boolean;
  readonly sandboxed: boolean;
  readonly platform: string;
}

/** A point of the equity chart; null is a gap and is drawn as one. */
export interface EquityPoint {
  readonly t: number;
  readonly equity: number | null;
  readonly pnl: number | null;
}
