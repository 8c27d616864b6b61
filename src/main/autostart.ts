import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { App } from 'electron';

/**
 * The desktop entry that starts a program when its user logs in (freedesktop.org, "Desktop Application
 * Autostart Specification").
 *
 * @param command absolute path of the program and its arguments; each quoted as the Desktop Entry
 *   Specification wants an argument
 */
export function autostartEntry(command: readonly string[]): string {
  const quoted = command.map((one) => {
    const escaped = one.replace(/(["`$\\])/g, '\\$1').replaceAll('\\', '\\\\');
    return `"${escaped.replaceAll('%', '%%')}"`;
  });
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Vigía',
    `Exec=${quoted.join(' ')}`,
    'Icon=vigia',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** Has the terminal started at log-in, or no longer. @throws when the entry cannot be written */
export function startAtLogin(
  on: boolean,
  system: {
    readonly platform: NodeJS.Platform;
    readonly program: string;
    /** What the program was started with and needs again: without it, it might come up on paper. */
    readonly args: readonly string[];
    /** The user's folder of configuration (XDG_CONFIG_HOME or ~/.config). */
    readonly configDir: string;
    readonly app: Pick<App, 'setLoginItemSettings'>;
  },
): void {
  if (system.platform !== 'linux') {
    // Only Windows takes arguments; its list wants them quoted.
    system.app.setLoginItemSettings({
      openAtLogin: on,
      ...(system.platform === 'win32' ? { args: system.args.map((one) => `"${one}"`) } : {}),
    });
    return;
  }
  const file = join(system.configDir, 'autostart/vigia.desktop');
  if (!on) {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, autostartEntry([system.program, ...system.args]));
}
