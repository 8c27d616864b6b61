import type { Incident } from '@shared/incidents/state';
import { isProvenFlat } from '@shared/kill/chain';
import type { Language } from '@shared/notify/message';
import type { Playbooks } from '@shared/policy/playbooks';
import type { DeskView, LocalCommand, LocalKill } from '@shared/view/desk';
import { sayEither } from '@shared/words/phrase';
import { modeOf } from './desk.state';

export type Playbook = Playbooks['playbooks'][number];
export type PlaybookAction = NonNullable<Playbook['sections'][number]['steps'][number]['action']>;

/** The playbook an incident follows; null where it has none, or one that is no more. */
export function playbookOf(view: DeskView, incident: Incident): Playbook | null {
  return view.playbooks.playbooks.find(({ id }) => id === incident.playbook) ?? null;
}

/** Steps ticked, of all. */
export function progressOf(
  playbook: Playbook,
  incident: Incident,
): { readonly done: number; readonly all: number } {
  const steps = playbook.sections.flatMap((section) => section.steps);
  return {
    done: steps.filter(({ id }) => incident.steps[id]?.done).length,
    all: steps.length,
  };
}

/** A button of a step that was pressed: what it is waiting to see given. */
export interface StepRun {
  readonly step: string;
  readonly action: 'kill' | 'rollback' | 'pause' | 'resume';
  /** Commands that were there before it. */
  readonly before: ReadonlySet<string>;
}

const COMMANDS = { rollback: 'model.rollback', pause: 'pause', resume: 'resume' } as const;

/** What is known of the command that a step's button led to, once somebody gave it. */
export interface RunOutcome {
  readonly id: string;
  readonly stage: 'running' | 'taken' | 'refused';
  /** The gateway's own words where it refused. */
  readonly message: string | null;
}

/** Commands of this terminal now, to tell later which are new. */
export function commandIds(view: DeskView): ReadonlySet<string> {
  return new Set([...view.kills, ...view.commands].map(({ id }) => id));
}

/** The command that a step's button led to; null while nobody has given one. */
export function outcomeOf(view: DeskView, run: StepRun, language: Language): RunOutcome | null {
  return run.action === 'kill'
    ? killed(view.kills.find(({ id }) => !run.before.has(id)))
    : given(
        view.commands.find(
          ({ id, name }) => !run.before.has(id) && name === COMMANDS[run.action as 'pause'],
        ),
        language,
      );
}

function killed(kill: LocalKill | undefined): RunOutcome | null {
  if (!kill) return null;
  const taken = kill.stage === 'accepted' || kill.stage === 'done';
  return { id: kill.id, stage: taken ? 'taken' : 'running', message: null };
}

function given(command: LocalCommand | undefined, language: Language): RunOutcome | null {
  if (!command) return null;
  const { id, stage, said, message } = command;
  if (stage === 'rejected') {
    return { id, stage: 'refused', message: sayEither(said, message ?? '', language) };
  }
  const taken = stage === 'accepted' || stage === 'done';
  return { id, stage: taken ? 'taken' : 'running', message: null };
}

/** What the desk is like now, in figures, for the record of a step that looked at it. */
export interface DeskStanding {
  readonly mode: DeskView['ops']['desk']['mode'];
  readonly engines: number;
  readonly connected: number;
  readonly killed: number;
  readonly flat: number;
  readonly positions: number | null;
  readonly model: string | null;
  readonly seq: number;
}

/** What the log and telemetry say now; positions are null where an engine's are not known. */
export function standingNow(view: DeskView): DeskStanding {
  const { ops } = view;
  const engines = Object.values(ops.engines);
  const sees = view.telemetryLink === 'live';
  const held = engines.map(({ id }) => (sees ? view.figures[id]?.positions?.length : null) ?? null);
  const chains = Object.values(ops.chains);
  return {
    mode: ops.desk.mode,
    engines: engines.length,
    connected: engines.filter(({ connected }) => connected).length,
    killed: engines.filter(({ id }) => modeOf(ops, id) === 'killed').length,
    flat: chains.filter((chain) => isProvenFlat(chain)).length,
    positions: held.includes(null) ? null : held.reduce<number>((sum, one) => sum + (one ?? 0), 0),
    model: ops.models.production,
    seq: ops.seq,
  };
}
