import type { Language } from '@shared/notify/message';
import { type Phrase, sayEither } from '@shared/words/phrase';
import { useApp } from './store';

export function useLanguage(): Language {
  return useApp((state) => state.settings?.language ?? 'es');
}

/** Says what was recorded in the reader's language: its phrases, or the text that stands beside them. */
export function useSaid(): (said: readonly Phrase[] | null | undefined, text: string) => string {
  const language = useLanguage();
  return (said, text) => sayEither(said, text, language);
}
