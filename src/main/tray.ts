import { Menu, nativeImage, Tray } from 'electron';
import type { Settings } from '../shared/settings';

const WORDS = {
  es: { panel: 'Mostrar panel', console: 'Abrir consola', kill: 'Detener…', quit: 'Salir' },
  en: { panel: 'Show panel', console: 'Open console', kill: 'Stop…', quit: 'Quit' },
} as const;

export interface TrayIcon {
  setLanguage(language: Settings['language']): void;
  destroy(): void;
}

/** The tray icon; null where the desktop has no tray, which is no reason not to run. */
export function createTray(deps: {
  readonly icon: string;
  readonly language: Settings['language'];
  readonly onPanel: () => void;
  readonly onConsole: () => void;
  readonly onKill: () => void;
  readonly onQuit: () => void;
}): TrayIcon | null {
  let tray: Tray;
  try {
    tray = new Tray(nativeImage.createFromPath(deps.icon));
  } catch {
    return null;
  }
  const setLanguage = (language: Settings['language']): void => {
    const words = WORDS[language];
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: words.panel, click: deps.onPanel },
        { label: words.console, click: deps.onConsole },
        { type: 'separator' },
        { label: words.kill, click: deps.onKill },
        { type: 'separator' },
        { label: words.quit, click: deps.onQuit },
      ]),
    );
  };
  tray.setToolTip('Vigía');
  tray.on('click', deps.onPanel);
  setLanguage(deps.language);
  return { setLanguage, destroy: () => tray.destroy() };
}
