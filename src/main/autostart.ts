import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { App } from 'electron';

/**
 * The desktop entry that starts a program when its user logs in (freedesktop.org, "Desktop Application
 * Autostart Specification").
 *
 * @param program absolute path; quoted as the Desktop Entry Specification wants an argument
 */
export function autostartEntry(program: string): string {
  const quoted = program.replace(/(["`$\\])/g, '\\$1').replaceAll('\\', '\\\\');
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Vigía',
    `Exec="${quoted.replaceAll('%', '%%')}"`,
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
    /** The user's folder of configuration (XDG_CONFIG_HOME or ~/.config). */
    readonly configDir: string;
    readonly app: Pick<App, 'setLoginItemSettings'>;
  },
): void {
  if (system.platform !== 'linux') {
    system.app.setLoginItemSettings({ openAtLogin: on });
    return;
  }
  const file = join(system.configDir, 'autostart/vigia.desktop');
  if (!on) {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, autostartEntry(system.program));
}
