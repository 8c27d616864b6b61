import type { Settings } from '@shared/ipc/contract';
import type { EditablePolicy } from '@shared/policy/edit';
import type { Origin, Scope } from '@shared/protocol/commands';
import type { DeskView } from '@shared/view/desk';
import { create } from 'zustand';

type QuitReason = 'live' | 'positions' | 'kill_running';

type Dialog =
  | { readonly kind: 'kill'; readonly origin: Origin }
  | { readonly kind: 'resume' }
  | { readonly kind: 'rollback' }
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
}

/** The window's only state. `view` is the main process's; nothing here is guessed ahead of it. */
export const useApp = create<AppState>(() => ({
  view: null,
  failure: null,
  settings: null,
  dialog: null,
  killDraft: EMPTY_KILL_DRAFT,
  drafts: {},
  auditSeq: 0,
}));

export function openKillDialog(origin: Origin): void {
  const { settings, killDraft } = useApp.getState();
  const prefill = (origin === 'hotkey' || origin === 'tray') && killDraft.reason.trim() === '';
  useApp.setState({
    dialog: { kind: 'kill', origin },
    killDraft: prefill
      ? { ...killDraft, scope: { kind: 'all' }, reason: settings?.defaultReason ?? '' }
      : killDraft,
  });
}

export function openDialog(dialog: Dialog): void {
  useApp.setState({ dialog });
}

export function closeDialog(): void {
  useApp.setState({ dialog: null });
}

export function changeKillDraft(change: Partial<KillDraft>): void {
  useApp.setState((state) => ({ killDraft: { ...state.killDraft, ...change } }));
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
  if (name === 'panel') {
    // Every window hears these; the panel is the one that is raised to ask.
    vigia.on('kill.dialog', ({ origin }) => openKillDialog(origin));
    vigia.on('quit.asked', ({ reason }) => openDialog({ kind: 'quit', reason }));
  }
  const [settings, view] = await Promise.all([
    vigia.call('settings.get', undefined),
    vigia.call('desk.view', undefined),
  ]);
  if (settings.ok) useApp.setState((state) => ({ settings: state.settings ?? settings.value }));
  if (view.ok) takeView(view.value);
  else useApp.setState((state) => (state.view ? state : { failure: view.error.message }));
}
