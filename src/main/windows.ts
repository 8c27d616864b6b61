import { join } from 'node:path';
import type { Display, WebContents, BrowserWindow as Window } from 'electron';
import { BrowserWindow, screen } from 'electron';
import { PAGES_ROOT } from './pages';
import { securePreferences } from './security';
import type { Place, SettingsStore } from './settings';

const PANEL = { width: 340, height: 560 } as const;
const COLLAPSED_HEIGHT = 64;
const CONSOLE = { width: 1_440, height: 900 } as const;
const CONSOLE_MIN_WIDTH = 960;
const MARGIN = 16;
/** A panel that has not moved for so long has been put down. */
const REST_MS = 400;

export interface Windows {
  contents(): readonly WebContents[];
  raisePanel(): void;
  openConsole(): void;
  collapsePanel(collapsed: boolean): void;
  panelHeight(height: number): void;
  /** The panel fills its screen while a kill alarms: nothing else there may be looked at first. */
  alarm(on: boolean): void;
  /** The app is quitting: a console that closes is closed. */
  letGo(): void;
}

/** The panel that is always there and the console that is opened; both only show the desk's view. */
export function createWindows(deps: {
  readonly outDir: string;
  readonly icon: string;
  readonly settings: SettingsStore;
}): Windows {
  const preferences = securePreferences(join(deps.outDir, 'preload/index.cjs'));
  const page = (name: string): string => `${PAGES_ROOT}${name}.html`;
  let quitting = false;
  let resting: NodeJS.Timeout | undefined;
  let alarming = false;
  let console: Window | null = null;
  let height = deps.settings.get().panelCollapsed ? COLLAPSED_HEIGHT : PANEL.height;
  let panel = openPanel();

  function openPanel(): Window {
    const own = new BrowserWindow({
      width: PANEL.width,
      height,
      ...placeOnScreen(deps.settings.panelPlace()),
      title: 'Vigía panel',
      icon: deps.icon,
      frame: false,
      resizable: false,
      maximizable: false,
      fullscreenable: false,
      alwaysOnTop: true,
      show: false,
      backgroundColor: '#0b0f14',
      webPreferences: preferences,
    });
    // Above full-screen windows too: the one button that must never be covered.
    own.setAlwaysOnTop(true, 'screen-saver');
    own.setVisibleOnAllWorkspaces(true, { visibleOnFullScreen: true });
    keepTitle(own);
    own.once('ready-to-show', () => own.showInactive());
    // `moved` would be said once, but not on Linux: a drag is over when it has rested.
    own.on('move', () => {
      clearTimeout(resting);
      resting = setTimeout(() => remember(own), REST_MS);
    });
    own.on('close', (event) => {
      if (quitting) return;
      event.preventDefault();
      own.minimize();
    });
    recover(own, 'panel');
    void own.loadURL(page('panel'));
    return own;
  }

  function openConsole(): Window {
    const own = new BrowserWindow({
      ...besidePanel(),
      minWidth: CONSOLE_MIN_WIDTH,
      minHeight: 600,
      title: 'Vigía',
      icon: deps.icon,
      show: false,
      autoHideMenuBar: true,
      backgroundColor: '#0b0f14',
      webPreferences: preferences,
    });
    keepTitle(own);
    own.once('ready-to-show', () => own.show());
    own.on('close', (event) => {
      if (quitting) return;
      event.preventDefault();
      own.hide();
    });
    own.on('closed', () => {
      console = null;
    });
    recover(own, 'console');
    void own.loadURL(page('console'));
    return own;
  }

  /** A page that died is loaded again: a window that shows nothing is worse than one that blinks. */
  function recover(own: Window, name: string): void {
    own.webContents.on('render-process-gone', (_event, details) => {
      if (quitting || details.reason === 'clean-exit') return;
      setTimeout(() => {
        if (!quitting && !own.isDestroyed()) void own.loadURL(page(name));
      }, 250);
    });
  }

  function remember(own: Window): void {
    clearTimeout(resting);
    if (own.isDestroyed() || alarming) return;
    const [x, y] = own.getPosition();
    if (x !== undefined && y !== undefined) deps.settings.setPanelPlace({ x, y });
  }

  function resize(next: number): void {
    height = next;
    if (panel.isDestroyed() || alarming) return;
    const bounds = panel.getBounds();
    const { workArea } = screen.getDisplayMatching(bounds);
    const tall = Math.min(next, workArea.height);
    const y = Math.max(workArea.y, Math.min(bounds.y, workArea.y + workArea.height - tall));
    panel.setBounds({ x: bounds.x, y, width: PANEL.width, height: tall });
  }

  return {
    contents: () =>
      [panel, console].flatMap((own) => (own && !own.isDestroyed() ? [own.webContents] : [])),
    raisePanel() {
      if (panel.isDestroyed()) panel = openPanel();
      if (panel.isMinimized()) panel.restore();
      panel.show();
      panel.setAlwaysOnTop(true, 'screen-saver');
      panel.moveTop();
      panel.focus();
    },
    openConsole() {
      if (!console) {
        console = openConsole();
        return;
      }
      if (console.isMinimized()) console.restore();
      console.show();
      console.focus();
    },
    collapsePanel: (collapsed) => resize(collapsed ? COLLAPSED_HEIGHT : PANEL.height),
    panelHeight: resize,
    alarm(on) {
      if (on === alarming) return;
      if (panel.isDestroyed()) panel = openPanel();
      if (!on) {
        const place = placeOnScreen(deps.settings.panelPlace());
        panel.setBounds({ ...place, width: PANEL.width, height });
        alarming = false;
        return;
      }
      remember(panel);
      alarming = true;
      if (panel.isMinimized()) panel.restore();
      panel.setBounds(screen.getDisplayMatching(panel.getBounds()).workArea);
      panel.show();
      panel.moveTop();
    },
    letGo() {
      quitting = true;
      remember(panel);
    },
  };
}

/** The page's own `<title>` must not rename the window: the operator finds it by its name. */
function keepTitle(own: Window): void {
  own.on('page-title-updated', (event) => event.preventDefault());
}

/** The console leaves the panel's usual column free, where the screen has room for both. */
function besidePanel(): { x: number; y: number; width: number; height: number } {
  const { x, y, width, height } = screen.getPrimaryDisplay().workArea;
  const free = width - PANEL.width - 3 * MARGIN;
  return {
    x: x + MARGIN,
    y: y + MARGIN,
    width:
      free >= CONSOLE_MIN_WIDTH ? Math.min(CONSOLE.width, free) : Math.min(CONSOLE.width, width),
    height: Math.min(CONSOLE.height, height - 3 * MARGIN),
  };
}

/** Where the panel was, if a screen is still there; else the upper right corner of the first. */
function placeOnScreen(place: Place | null): Place {
  const inside = ({ workArea: area }: Display): boolean =>
    place !== null &&
    place.x >= area.x - PANEL.width / 2 &&
    place.x <= area.x + area.width - PANEL.width / 2 &&
    place.y >= area.y &&
    place.y <= area.y + area.height - COLLAPSED_HEIGHT;
  if (place && screen.getAllDisplays().some(inside)) return place;
  const { x, y, width } = screen.getPrimaryDisplay().workArea;
  return { x: x + width - PANEL.width - MARGIN, y: y + MARGIN };
}
