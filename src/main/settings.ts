import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileDurably } from '../node/latchFile';
import type { Settings } from '../shared/ipc/contract';
import { settingsSchema } from '../shared/ipc/contract';

export const DEFAULT_SETTINGS: Settings = {
  language: 'es',
  theme: 'dark',
  accelerator: 'Control+Shift+K',
  soundVolume: 0.8,
  panelCollapsed: false,
  defaultReason: 'Parada de emergencia',
  lockAfterMinutes: 15,
  desktopNotices: 'critical',
};

const placeSchema = z.object({ x: z.int(), y: z.int() });
export type Place = z.infer<typeof placeSchema>;

const fileSchema = z.object({
  settings: settingsSchema.partial().catch({}),
  panelPlace: placeSchema.nullable().catch(null),
  terminalId: z.uuid().nullable().catch(null),
});
type FileContent = z.infer<typeof fileSchema>;

export interface SettingsStore {
  get(): Settings;
  set(change: { readonly [Key in keyof Settings]?: Settings[Key] | undefined }): Settings;
  panelPlace(): Place | null;
  setPanelPlace(place: Place): void;
  /** This installation's name for itself on the wire; made once. */
  terminalId(make: () => string): string;
}

/**
 * The operator's settings in one JSON file. A file that is missing or damaged gives the defaults:
 * settings never keep the terminal from starting.
 */
export function createSettings(path: string): SettingsStore {
  let content = read(path);
  const save = (next: FileContent): void => {
    content = next;
    try {
      writeFileDurably(path, JSON.stringify(next, null, 2));
    } catch {
      // A full disk costs the memory of a setting, nothing else.
    }
  };
  const settings = (): Settings => {
    const known = Object.entries(content.settings).filter(([, value]) => value !== undefined);
    return { ...DEFAULT_SETTINGS, ...Object.fromEntries(known) };
  };
  return {
    get: settings,
    set(change) {
      const known = Object.entries(change).filter(([, value]) => value !== undefined);
      save({ ...content, settings: { ...content.settings, ...Object.fromEntries(known) } });
      return settings();
    },
    panelPlace: () => content.panelPlace,
    setPanelPlace: (panelPlace) => save({ ...content, panelPlace }),
    terminalId(make) {
      if (content.terminalId === null) save({ ...content, terminalId: make() });
      return content.terminalId as string;
    },
  };
}

function read(path: string): FileContent {
  const empty: FileContent = { settings: {}, panelPlace: null, terminalId: null };
  try {
    const parsed = fileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : empty;
  } catch {
    return empty;
  }
}
