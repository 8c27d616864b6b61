import type { IpcArgs } from '@shared/ipc/contract';
import type { Language } from '@shared/notify/message';
import type { DeskView } from '@shared/view/desk';
import { sayEither } from '@shared/words/phrase';
import { useEffect, useState } from 'react';
import { call } from './call';
import { useLanguage } from './useSaid';

export type CommandStanding =
  | { readonly kind: 'none' }
  /** Given; the log has not said yet what became of it. */
  | { readonly kind: 'sent' }
  /** The link was lost before an answer: it is asked about, not given again. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'rejected'; readonly text: string };

/**
 * A dialog's one command: given, then followed until the gateway says what became of it. What was
 * typed stays until then.
 */
export function useCommand(
  view: DeskView,
  onDone: () => void,
): {
  readonly standing: CommandStanding;
  give(command: IpcArgs<'model.command'>): Promise<void>;
} {
  const { standing, follow } = useFollowed(view, onDone);
  return {
    standing,
    async give(next) {
      follow(await call('model.command', next));
    },
  };
}

/**
 * A part's command about an incident, followed in the same way. Another may be given once it is done.
 *
 * @param onDone must stay the same function from one rendering to the next.
 */
export function useIncidentCommand(
  view: DeskView,
  onDone?: () => void,
): {
  readonly standing: CommandStanding;
  /** Given, and not refused nor done yet. */
  readonly busy: boolean;
  give(command: IpcArgs<'incident.command'>): Promise<void>;
} {
  const { standing, follow } = useFollowed(view, onDone);
  return {
    standing,
    busy: standing.kind === 'sent' || standing.kind === 'unknown',
    async give(next) {
      follow(await call('incident.command', next));
    },
  };
}

function useFollowed(
  view: DeskView,
  onDone: (() => void) | undefined,
): {
  readonly standing: CommandStanding;
  follow(given: { readonly id: string } | null): void;
} {
  const language = useLanguage();
  const [id, setId] = useState<string | null>(null);
  const command = view.commands.find((one) => one.id === id);
  const done = command?.stage === 'done';
  useEffect(() => {
    if (!done) return;
    setId(null);
    onDone?.();
  }, [done, onDone]);
  return {
    standing: standingOf(id, command, language),
    follow: (given) => setId(given?.id ?? null),
  };
}

function standingOf(
  id: string | null,
  command: DeskView['commands'][number] | undefined,
  language: Language,
): CommandStanding {
  if (id === null) return { kind: 'none' };
  if (command?.stage === 'rejected') {
    const { said, message } = command;
    return { kind: 'rejected', text: sayEither(said, message ?? '', language) };
  }
  return { kind: command?.stage === 'unknown' ? 'unknown' : 'sent' };
}
