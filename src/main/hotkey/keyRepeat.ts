import { execFile } from 'node:child_process';

/**
 * Reads how long this system waits before it repeats a held key, so that the hotkey can tell a
 * second press from a repeat at once. Only X11 is read (`xset q`); elsewhere, and under Wayland, it
 * stays unknown and the hotkey waits a moment longer to be sure.
 *
 * @param found called at most once, with milliseconds.
 */
export function readKeyRepeatDelay(platform: string, found: (delayMs: number) => void): void {
  if (platform !== 'linux') return;
  execFile('xset', ['q'], { timeout: 2_000 }, (error, stdout) => {
    const delay = error ? null : parseKeyRepeatDelay(stdout);
    if (delay !== null) found(delay);
  });
}

/** The delay in what `xset q` prints; null when it is not there. */
export function parseKeyRepeatDelay(text: string): number | null {
  const delay = /auto repeat delay:\s*(\d+)/.exec(text)?.[1];
  return delay === undefined ? null : Number(delay);
}
