import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { autostartEntry, startAtLogin } from '../../../src/main/autostart';
import { createSettings, deskSettingsFile } from '../../../src/main/settings';
import { DEFAULT_SETTINGS, deskSettingsSchema } from '../../../src/shared/settings';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const own = () => join(folder, 'settings.json');
const desk = () => join(folder, 'desk.json');
const open = () => createSettings(own(), desk());
const deskSays = (value: unknown) =>
  writeFileSync(desk(), typeof value === 'string' ? value : JSON.stringify(value));

describe('the settings', () => {
  it('are the operator’s over the desk’s over the defaults', () => {
    deskSays({ settings: { language: 'en', theme: 'light' } });
    const store = open();
    expect(store.get()).toEqual({ ...DEFAULT_SETTINGS, language: 'en', theme: 'light' });
    store.set({ theme: 'dark' });
    expect(open().get()).toMatchObject({ language: 'en', theme: 'dark' });
  });

  it('are the desk’s where it has fixed them, whatever was set before', () => {
    open().set({ accelerator: 'Control+Alt+J', soundVolume: 0 });
    deskSays({
      settings: { accelerator: 'Control+Shift+F12' },
      locked: ['accelerator', 'soundVolume'],
    });
    const store = open();
    expect(store.get()).toMatchObject({ accelerator: 'Control+Shift+F12', soundVolume: 0.8 });
    expect(store.status().locked).toEqual([
      'accelerator',
      'soundVolume',
      'updateServer',
      'updateKey',
    ]);
  });

  it('take where versions come from, and by which key, from the desk alone', () => {
    const updateServer = 'https://updates.mesa.example/';
    writeFileSync(own(), JSON.stringify({ settings: { updateServer: 'https://evil.example/' } }));
    const store = open();
    expect(store.get().updateServer).toBe('');
    expect(store.status().locked).toEqual(['updateServer', 'updateKey']);
    deskSays({ settings: { updateServer } });
    expect(open().get().updateServer).toBe(updateServer);
  });

  it.each([
    ['not JSON', '{'],
    ['an option nobody knows', { settings: { sound: 1 } }],
    ['a key that types text', { settings: { accelerator: 'K' } }],
    ['a value out of bounds', { settings: { soundVolume: 7 } }],
  ])(
    'a desk file with %s changes nothing: the last good one holds, and it is said',
    (_what, bad) => {
      deskSays({ settings: { accelerator: 'Control+Shift+F12' } });
      open();
      deskSays(bad);
      const store = open();
      expect(store.get().accelerator).toBe('Control+Shift+F12');
      expect(store.status().problems).toEqual([{ file: desk(), problem: expect.any(String) }]);
    },
  );

  it('a damaged file of the operator’s gives what it last held, and it is said', () => {
    open().set({ accelerator: 'Control+Alt+J' });
    const id = open().terminalId(() => '018f0000-0000-7000-8000-000000000001');
    writeFileSync(own(), 'half a {');
    const store = open();
    expect(store.get().accelerator).toBe('Control+Alt+J');
    expect(store.terminalId(() => 'another')).toBe(id);
    expect(store.status().problems).toHaveLength(1);
    // With nothing good either, the defaults: the key works in any case.
    rmSync(`${own()}.good`);
    expect(open().get()).toEqual(DEFAULT_SETTINGS);
  });

  it('a desk file is taken while the terminal runs, and let go when it is removed', () => {
    const store = open();
    expect(store.reread()).toBe(false);
    deskSays({ settings: { language: 'en' } });
    expect(store.reread()).toBe(true);
    expect(store.get().language).toBe('en');
    expect(store.reread()).toBe(false);
    rmSync(desk());
    expect(store.reread()).toBe(true);
    expect(store.get().language).toBe('es');
  });

  it('the JSON schema that ops may check their file with is the one that is read', async () => {
    const schema = z.toJSONSchema(deskSettingsSchema, { io: 'input' });
    const text = `${JSON.stringify({ title: 'Vigía: settings of a desk', ...schema }, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot('../../../resources/settings.schema.json');
  });

  it('the desk’s file is where each system keeps such files', () => {
    expect(deskSettingsFile('linux', {})).toBe('/etc/vigia/settings.json');
    expect(deskSettingsFile('win32', { PROGRAMDATA: 'D:\\Data' })).toBe(
      'D:\\Data\\Vigia\\settings.json',
    );
    expect(deskSettingsFile('linux', { VIGIA_DESK_SETTINGS: '/x.json' })).toBe('/x.json');
  });
});

describe('opening at log-in', () => {
  it('is a desktop entry on Linux, made and taken away', () => {
    const system = {
      ...{ platform: 'linux' as const, program: '/usr/lib/vigia/vigia', configDir: folder },
      app: { setLoginItemSettings: () => expect.unreachable() },
    };
    startAtLogin(true, system);
    const file = join(folder, 'autostart/vigia.desktop');
    expect(readFileSync(file, 'utf8')).toContain('Exec="/usr/lib/vigia/vigia"');
    startAtLogin(false, system);
    expect(() => readFileSync(file)).toThrow();
  });

  it('quotes a path as the specification wants it', () => {
    expect(autostartEntry('/opt/a "b" $c %d')).toContain('Exec="/opt/a \\\\"b\\\\" \\\\$c %%d"');
  });

  it('is the system’s own list elsewhere', () => {
    const said: unknown[] = [];
    const app = {
      setLoginItemSettings(item: unknown) {
        said.push(item);
      },
    };
    startAtLogin(true, { platform: 'darwin', program: 'x', configDir: folder, app });
    expect(said).toEqual([{ openAtLogin: true }]);
  });
});
