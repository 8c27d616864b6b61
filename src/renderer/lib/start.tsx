import type { ReactNode } from 'react';
import { StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { Toaster } from 'sonner';
import { Boundary } from '../components/Boundary';
import { initTexts, showLanguage } from '../i18n';
import { call } from './call';
import { connectStore, useApp } from './store';

type WindowName = 'panel' | 'console';

/** Starts a window: texts, store, first whole paint, then the word to the main process. */
export async function start(name: WindowName, content: ReactNode): Promise<void> {
  const root = document.getElementById('root');
  if (!root) throw new Error('the page has no root');
  await Promise.all([initTexts(), connectStore(name)]);
  createRoot(root).render(
    <StrictMode>
      <Shell name={name}>{content}</Shell>
    </StrictMode>,
  );
}

let readySaid = false;

function Shell({ name, children }: { name: WindowName; children: ReactNode }) {
  const settings = useApp((state) => state.settings);
  const painted = useApp((state) => state.view !== null);
  const theme = settings?.theme ?? 'dark';
  const language = settings?.language ?? 'es';
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    showLanguage(language);
  }, [theme, language]);
  useEffect(() => {
    if (!painted || readySaid) return;
    readySaid = true;
    // Two frames on, what was rendered is on the screen.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => void call('window.ready', { window: name })),
    );
  }, [painted, name]);
  return (
    <>
      <Boundary says="window.failed">{children}</Boundary>
      <Toaster theme={theme} position="bottom-left" visibleToasts={3} />
    </>
  );
}
