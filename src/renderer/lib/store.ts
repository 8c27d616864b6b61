import type { AuditSource } from '@shared/audit/query';
import type { AuditJob, Imported, Past, PastAt } from '@shared/audit/view';
import type { EditablePolicy } from '@shared/policy/edit';
import type { Origin, Scope } from '@shared/protocol/commands';
import type { Settings } from '@shared/settings';
import type { DeskView } from '@shared/view/desk';
import { create } from 'zustand';
import { call } from './call';

type QuitReason = 'live' | 'positions' | 'kill_running';

type Dialog =
  | { readonly kind: 'kill'; readonly origin: Origin }
  | { readonly kind: 'resume' }
  | { readonly kind: 'rollback' | 'export' | 'kept' | 'settings' | 'guide' }
  | {
      readonly kind: 'promotion' | 'card' | 'retire' | 'document' | 'exception';
      readonly model: string;
    }
  | { readonly kind: 'revoke'; readonly exception: string }
  | { readonly kind: 'policy'; readonly name: EditablePolicy }
  | { readonly kind: 'quit'; readonly reason: QuitReason };

/** What was typed into the kill dialog; it outlives the dialog's closing. */
export interface KillDraft {
  readonly reason: string;
  readonly scope: Scope;
  readonly closePositions: boolean;
}

export const EMPTY_KILL_DRAFT: KillDraft = {
  reason: '',
  scope: { kind: 'all' },
  closePositions: true,
};

interface AppState {
  readonly view: DeskView | null;
  /** Why there is no view, in the main process's words. */
  readonly failure: string | null;
  readonly settings: Settings | null;
  readonly dialog: Dialog | null;
  readonly killDraft: KillDraft;
  /** Longer texts that were typed and not yet given, by what they are for; views come and go. */
  readonly drafts: Readonly<Record<string, string>>;
  /** Sequence the mirror last said it grew to. */
  readonly auditSeq: number;
  /** Work on the record, and a record from elsewhere that is open. */
  readonly job: AuditJob | null;
  readonly imported: Imported | null;
  /** Shown instead of the present, and the record it is of. */
  readonly past: Past | null;
  readonly pastSource: AuditSource;
}

/** The name of the record from elsewhere that is open; empty where none is. */
export const importedName = ({ imported }: Pick<AppState, 'imported'>): string =>
  imported?.path.split(/[\\/]/).pop() ?? '';

/** The window's only state. `view` is the main process's; nothing here is guessed ahead of it. */
export const useApp = create<AppState>(() => ({
  view: null,
  failure: null,
  settings: null,
  dialog: null,
  killDraft: EMPTY_KILL_DRAFT,
  drafts: {},
  auditSeq: 0,
  job: null,
  imported: null,
  past: null,
  pastSource: 'own',
}));

export function openKillDialog(origin: Origin): void {
  const { settings, killDraft, past } = useApp.getState();
  // A kill is of the present, and given in sight of it: a past that is on its way does not come either.
  if (past || pastAwaited > 0) leavePast();
  const prefill = (origin === 'hotkey' || origin === 'tray') && killDraft.reason.trim() === '';
  useApp.setState({
    dialog: { kind: 'kill', origin },
    killDraft: prefill
      ? { ...killDraft, scope: { kind: 'all' }, reason: settings?.defaultReason ?? '' }
      : killDraft,
  });
}

/** Opens a dialog. In the past there is nothing to command, so only those that read open. */
export function openDialog(dialog: Dialog): void {
  const reads = ['export', 'kept', 'quit'].includes(dialog.kind);
  if (useApp.getState().past && !reads) return;
  useApp.setState({ dialog });
}

export function closeDialog(): void {
  useApp.setState({ dialog: null });
}

export function changeKillDraft(change: Partial<KillDraft>): void {
  useApp.setState((state) => ({ killDraft: { ...state.killDraft, ...change } }));
}

/** Counts what was asked of the past: an answer on its way when it was left is not shown any more. */
let pastAsked = 0;
let pastAwaited = 0;

/**
 * Shows the desk as the log had it. A record that does not reach there changes nothing.
 *
 * @returns whether the record reaches there, as far as anybody still waits for the answer
 */
export async function enterPast(source: AuditSource, at: PastAt): Promise<boolean> {
  pastAsked += 1;
  const asked = pastAsked;
  pastAwaited += 1;
  let failed = false;
  const past = await call('audit.past', { source, at }, () => {
    failed = true;
  }).finally(() => {
    pastAwaited -= 1;
  });
  if (asked !== pastAsked) return true;
  if (past) useApp.setState({ past, pastSource: source });
  return past !== null || failed;
}

export function leavePast(): void {
  pastAsked += 1;
  useApp.setState({ past: null });
  void call('audit.past', { at: null });
}

/** Keeps what was typed for something; null forgets it. */
export function changeDraft(name: string, text: string | null): void {
  useApp.setState(({ drafts: { [name]: _, ...others } }) => ({
    drafts: text === null ? others : { ...others, [name]: text },
  }));
}

/** Takes a view unless a newer one is already shown. */
function takeView(view: DeskView): void {
  useApp.setState((state) =>
    state.view && state.view.revision > view.revision ? state : { view, failure: null },
  );
}

/** Connects the store to the main process. @returns once the first answer is in. */
export async function connectStore(name: 'panel' | 'console'): Promise<void> {
  const { vigia } = window;
  vigia.on('desk.changed', takeView);
  vigia.on('settings.changed', (settings) => useApp.setState({ settings }));
  vigia.on('audit.grew', ({ seq }) => useApp.setState({ auditSeq: seq }));
  vigia.on('audit.job', (job) => useApp.setState({ job }));
  vigia.on('audit.imported', (imported) => {
    const { past, pastSource } = useApp.getState();
    // A past cannot outlive the record that it is of.
    if (past && pastSource === 'imported') leavePast();
    useApp.setState({ imported });
  });
  if (name === 'panel') {
    // Every window hears these; the panel is the one that is raised to ask.
    vigia.on('kill.dialog', ({ origin }) => openKillDialog(origin));
    vigia.on('quit.asked', ({ reason }) => openDialog({ kind: 'quit', reason }));
  }
  const [settings, view, audit] = await Promise.all([
    vigia.call('settings.get', undefined),
    vigia.call('desk.view', undefined),
    vigia.call('audit.state', undefined),
  ]);
  if (settings.ok) useApp.setState((state) => ({ settings: state.settings ?? settings.value }));
  if (audit.ok) useApp.setState(audit.value);
  if (view.ok) takeView(view.value);
  else useApp.setState((state) => (state.view ? state : { failure: view.error.message }));
}
