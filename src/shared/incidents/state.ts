import type { Severity } from '../alerts/events';
import type { Actor } from '../log/event';
import type { Phrase } from '../words/phrase';
import type {
  Book,
  Contact,
  DueStep,
  EventRef,
  IncidentCause,
  IncidentStage,
  Language,
} from './events';

export interface Stamp {
  readonly at: number;
  readonly seq: number;
  readonly by: Actor;
}

export interface EscalationStep extends DueStep {
  /** When somebody was called; null while nobody was. */
  readonly firedAt: number | null;
  readonly contact: Contact | null;
}

export interface IncidentEntry extends Stamp {
  readonly kind: 'note' | 'decision';
  readonly text: string;
}

export interface IncidentMessage extends Stamp {
  readonly template: 'start' | 'update' | 'resolved';
  readonly language: Language;
  readonly text: string;
  readonly channels: readonly string[];
}

export interface StepTick extends Stamp {
  readonly done: boolean;
  readonly outcome: string | null;
}

export interface PostMortem {
  readonly language: Language;
  /** Null for those of long ago: the log has it, in the event `seq`. */
  readonly markdown: string | null;
  readonly saved: Stamp;
  readonly published: Stamp | null;
}

export interface Incident {
  readonly id: string;
  readonly number: number;
  readonly severity: Severity;
  readonly title: string;
  /** The title in phrases; null where a person or another system gave it. */
  readonly said: readonly Phrase[] | null;
  readonly cause: IncidentCause;
  readonly stage: IncidentStage;
  readonly reason: string | null;
  readonly subjects: readonly string[];
  readonly alerts: readonly string[];
  readonly correlations: readonly string[];
  readonly commander: string | null;
  readonly playbook: string | null;
  /** Steps of the playbook that were ticked, or ticked and unticked. */
  readonly steps: Readonly<Record<string, StepTick>>;
  readonly detectedFrom: number | null;
  readonly opened: Stamp;
  readonly acknowledged: (Stamp & { readonly via: string }) | null;
  readonly mitigating: Stamp | null;
  readonly resolved: Stamp | null;
  readonly closed: Stamp | null;
  readonly rootCause: string | null;
  readonly resolution: string | null;
  readonly responseDueAt: number | null;
  readonly escalation: readonly EscalationStep[];
  /** Every event that belongs to it, oldest first; the middle is left out where they are too many. */
  readonly timeline: readonly EventRef[];
  readonly timelineOmitted: number;
  readonly entries: readonly IncidentEntry[];
  readonly messages: readonly IncidentMessage[];
  readonly booksAtOpen: readonly Book[];
  readonly booksAtResolve: readonly Book[] | null;
  readonly tradesPerHour: number | null;
  /** How long anything was stopped between its opening and its end, and since when it is now. */
  readonly stoppedMs: number;
  readonly stoppedSince: number | null;
  readonly postMortem: PostMortem | null;
}

/** What is kept of an incident that ended long ago, for the history and the figures. */
export type PastIncident = Pick<
  Incident,
  | 'id'
  | 'number'
  | 'severity'
  | 'title'
  | 'said'
  | 'cause'
  | 'stage'
  | 'correlations'
  | 'commander'
  | 'detectedFrom'
  | 'opened'
  | 'acknowledged'
  | 'resolved'
  | 'closed'
  | 'stoppedMs'
>;

export interface ActionItem {
  readonly id: string;
  readonly incident: string | null;
  readonly text: string;
  readonly owner: string;
  readonly due: string;
  readonly status: 'open' | 'in_progress' | 'done' | 'dropped';
  readonly set: Stamp;
  /** When its owner was last reminded since it was set; null before that. */
  readonly remindedAt: number | null;
}

export interface Drill {
  readonly id: string;
  readonly engines: readonly string[];
  readonly origin: 'person' | 'schedule';
  readonly reason: string | null;
  readonly resume: 'person' | 'auto';
  readonly timeoutMs: number;
  readonly pressMs: number | null;
  readonly started: Stamp;
  readonly finished:
    | (Stamp & {
        readonly outcome: 'flat' | 'timed_out' | 'interrupted';
        readonly detail: string;
        readonly pressMs: number | null;
        readonly blockedMs: number | null;
        readonly flatMs: number | null;
      })
    | null;
}

/** A model taken into production, for the figures of DORA. */
export interface Change {
  readonly deployment: string;
  readonly kind: 'promotion' | 'rollback';
  readonly model: string;
  readonly previous: string | null;
  readonly seq: number;
  readonly at: number;
  readonly completedAt: number | null;
  readonly incompleteAt: number | null;
}

/** Everything the log says of incidents. */
export interface IncidentsState {
  /** Those not closed, those that wait for a post-mortem, and the latest others; newest first. */
  readonly incidents: readonly Incident[];
  /** Older ones, newest first. */
  readonly past: readonly PastIncident[];
  /** Incidents opened so far. */
  readonly count: number;
  readonly actionItems: readonly ActionItem[];
  /** Newest first. */
  readonly drills: readonly Drill[];
  /** Newest first. */
  readonly changes: readonly Change[];
}

/** Kept in the state; the log has them all. */
export const KEPT = {
  closed: 30,
  /** Of grave ones that are closed and wait for their post-mortem, besides those. */
  unwritten: 300,
  past: 1_000,
  timeline: 300,
  /** Of the timeline's beginning, which is never left out. */
  timelineHead: 60,
  entries: 200,
  messages: 50,
  markdowns: 20,
  actionItems: 300,
  drills: 50,
  changes: 500,
  correlations: 64,
} as const;

export const NO_INCIDENTS: IncidentsState = {
  incidents: [],
  past: [],
  count: 0,
  actionItems: [],
  drills: [],
  changes: [],
};

/** Incidents that are not over: neither resolved nor closed. */
export function activeIncidents(state: IncidentsState): readonly Incident[] {
  return state.incidents.filter(({ resolved, closed }) => resolved === null && closed === null);
}

/** When the trouble of the oldest incident that is not closed began, Unix ms; null where all are closed. */
export function openSince(state: IncidentsState): number | null {
  const times = state.incidents
    .filter(({ closed }) => closed === null)
    .map(({ opened, detectedFrom }) => Math.min(opened.at, detectedFrom ?? opened.at));
  return times.length === 0 ? null : Math.min(...times);
}
