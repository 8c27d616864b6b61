import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { writeFileDurably } from '../node/latchFile';
import { type Connection, connectionSchema } from '../shared/connection';
import {
  DEFAULT_SETTINGS,
  DESK_SETTINGS,
  type DeskSettings,
  deskSettingsSchema,
  type SettingName,
  type Settings,
  settingsSchema,
} from '../shared/settings';

const placeSchema = z.object({ x: z.int(), y: z.int() });
export type Place = z.infer<typeof placeSchema>;

const fileSchema = z.object({
  settings: settingsSchema.partial(),
  panelPlace: placeSchema.nullable().default(null),
  terminalId: z.uuid().nullable().default(null),
  /** The gateway that the operator chose. */
  connection: connectionSchema.nullable().default(null),
  /** A file that could not be read may have named one; until a person chooses anew. */
  connectionLost: z.boolean().default(false),
});
type FileContent = z.infer<typeof fileSchema>;
const EMPTY: FileContent = {
  ...{ settings: {}, panelPlace: null, terminalId: null, connection: null, connectionLost: false },
};

/** What a file says of where this terminal is connected. */
export interface ToldConnection {
  readonly connection: Connection | null;
  /** The file and why it cannot be read; null when it can. */
  readonly problem: string | null;
  /** It may name a gateway that nobody can read. */
  readonly lost: boolean;
}

export interface SettingsStatus {
  readonly locked: SettingName[];
  readonly problems: { file: string; problem: string }[];
}

export interface SettingsStore {
  get(): Settings;
  /** Options that the desk's file has fixed stay as they are. */
  set(change: Change): Settings;
  status(): SettingsStatus;
  /** Reads the desk's file again when it changed. @returns whether any option is another now */
  reread(): boolean;
  panelPlace(): Place | null;
  setPanelPlace(place: Place): void;
  /** This installation's name for itself on the wire; made once. */
  terminalId(make: () => string): string;
  /** Where the files say that it is connected. */
  connections(): { readonly desk: ToldConnection; readonly own: ToldConnection };
  /**
   * The operator's own choice; null for none. Nothing counts as lost any more.
   *
   * @returns false, and nothing is changed, where the disk does not keep it
   */
  setConnection(connection: Connection | null): boolean;
}

/** Where the desk's operations put the file that every terminal of the machine reads. */
export function deskSettingsFile(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string {
  if (env.VIGIA_DESK_SETTINGS) return env.VIGIA_DESK_SETTINGS;
  if (platform === 'win32') return `${env.PROGRAMDATA ?? 'C:\\ProgramData'}\\Vigia\\settings.json`;
  if (platform === 'darwin') return '/Library/Application Support/Vigia/settings.json';
  return '/etc/vigia/settings.json';
}

/**
 * The options: the operator's own over the desk's over the defaults, except for those the desk has
 * fixed. A file that is damaged gives what it last held well; none of them keeps the terminal, or
 * its key, from working.
 *
 * @param deskFile the desk's file, which need not be there
 */
export function createSettings(path: string, deskFile: string): SettingsStore {
  const own = keepGood(path, `${path}.good`, fileSchema);
  const desk = keepGood(deskFile, `${path}.desk-good`, deskSettingsSchema);
  let content = own.read() ?? EMPTY;
  if (own.problem() && !content.connection) content = { ...content, connectionLost: true };
  let given: DeskSettings | null = desk.read();

  const save = (next: FileContent): void => {
    content = next;
    own.write(next);
  };
  const locked = (): SettingName[] => [...new Set([...(given?.locked ?? []), ...DESK_SETTINGS])];
  const settings = (): Settings => {
    const fixed = locked().map((name) => {
      const value = given?.settings[name] ?? DEFAULT_SETTINGS[name];
      return [name, value] as const;
    });
    return Object.assign(
      { ...DEFAULT_SETTINGS },
      known(given?.settings ?? {}),
      known(content.settings),
      Object.fromEntries(fixed),
    );
  };
  return {
    get: settings,
    set(change) {
      save({ ...content, settings: { ...content.settings, ...known(change) } });
      return settings();
    },
    status: () => ({
      locked: locked(),
      problems: [own, desk].flatMap((file) => file.problem() ?? []),
    }),
    reread() {
      if (!desk.changed()) return false;
      const said = () =>
        JSON.stringify([settings(), given?.locked, given?.connection, desk.problem()]);
      const before = said();
      given = desk.read();
      return said() !== before;
    },
    panelPlace: () => content.panelPlace,
    setPanelPlace: (panelPlace) => save({ ...content, panelPlace }),
    terminalId(make) {
      if (content.terminalId === null) save({ ...content, terminalId: make() });
      return content.terminalId as string;
    },
    connections() {
      const { connection, connectionLost } = content;
      const byDesk = given?.connection ?? null;
      const words = (one: { file: string; problem: string } | null) =>
        one && `${one.file}: ${one.problem}`;
      return {
        desk: {
          connection: byDesk,
          problem: words(desk.problem()),
          lost: desk.problem() !== null && byDesk === null,
        },
        own: { connection, problem: words(own.problem()), lost: connectionLost },
      };
    },
    setConnection(connection) {
      const next = { ...content, connection, connectionLost: false };
      // The next start goes by what is on disk: on paper, for want of it, a live desk would not be stopped.
      if (!own.write(next)) return false;
      content = next;
      return true;
    },
  };
}

type Change = { readonly [Key in keyof Settings]?: Settings[Key] | undefined };

function known(change: Change): Partial<Settings> {
  return Object.fromEntries(
    Object.entries(change).filter(([, one]) => one !== undefined),
  ) as Partial<Settings>;
}

/** A JSON file of which the last good content is kept beside, for when the next is not good. */
function keepGood<Schema extends z.ZodType>(path: string, goodPath: string, schema: Schema) {
  let problem: { file: string; problem: string } | null = null;
  let readAt = '';
  const version = (): string => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats ? `${stats.mtimeMs}:${stats.size}` : 'none';
  };
  const attempt = (file: string): z.output<Schema> => {
    const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.map(String).join('.') || 'the file'}: ${issue?.message}`);
  };
  /** @returns whether it is on disk */
  const keep = (to: string, value: unknown): boolean => {
    const text = JSON.stringify(value, null, 2);
    // A write is synced to disk: what is there already need not be written at each start.
    if (safely(() => readFileSync(to, 'utf8') === text, false)) return true;
    try {
      writeFileDurably(to, text);
      return true;
    } catch {
      // A full disk costs the memory of an option; who needs more is told.
      return false;
    }
  };
  return {
    problem: () => problem,
    changed: () => safely(version, readAt) !== readAt,
    read(): z.output<Schema> | null {
      problem = null;
      readAt = safely(version, 'unreadable');
      if (readAt === 'none') return null;
      try {
        const value = attempt(path);
        keep(goodPath, value);
        return value;
      } catch (error) {
        problem = { file: path, problem: (error as Error).message };
        return safely(() => attempt(goodPath), null);
      }
    },
    write(value: z.output<Schema>): boolean {
      if (!keep(path, value)) return false;
      problem = null;
      keep(goodPath, value);
      return true;
    },
  };
}

function safely<Value>(run: () => Value, otherwise: Value): Value {
  try {
    return run();
  } catch {
    return otherwise;
  }
}
