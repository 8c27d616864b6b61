import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { SetupProblem } from './problem.mjs';
import { capture } from './run.mjs';

/**
 * The display to draw on: the desk's own, or a virtual one (Xvfb with a window manager) where there
 * is none.
 *
 * @returns `{name, virtual, close()}`
 */
export async function openDisplay({ forceVirtual = false } = {}) {
  const own = process.env.DISPLAY;
  if (!forceVirtual && (process.platform !== 'linux' || own || process.env.WAYLAND_DISPLAY)) {
    return { name: own ?? '', virtual: false, close() {} };
  }
  const children = [];
  const close = () => {
    for (const child of children.splice(0).reverse()) child.kill('SIGTERM');
  };
  try {
    // Xvfb picks a free number itself and says it on the descriptor it is given.
    const screen = ['-screen', '0', '1920x1080x24', '-nolisten', 'tcp'];
    const server = spawn('Xvfb', ['-displayfd', '3', ...screen], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    children.push(server);
    const number = await new Promise((done, failed) => {
      server.on('error', failed);
      server.on('exit', (code) =>
        failed(new SetupProblem(`Xvfb ended with ${code}`, 'Set DISPLAY to a working X display.')),
      );
      server.stdio[3].on('data', (text) => done(String(text).trim()));
    });
    const name = `:${number}`;
    const env = { ...process.env, DISPLAY: name };
    children.push(spawn('openbox', [], { env, stdio: 'ignore' }));
    await windowManager(name);
    return { name, virtual: true, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Waits until a window manager has announced itself on the display. */
async function windowManager(name) {
  for (let tries = 0; tries < 100; tries += 1) {
    const { output } = capture('xprop', ['-display', name, '-root', '_NET_SUPPORTING_WM_CHECK']);
    if (output.includes('window id')) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new SetupProblem('the window manager did not start', 'Check that openbox is installed.');
}

/** Writes a PNG of the whole display. */
export function screenshot(display, path) {
  const result = capture('import', ['-silent', '-window', 'root', `png:${path}`], {
    env: { ...process.env, DISPLAY: display },
  });
  if (result.status !== 0 || !existsSync(path)) {
    throw new SetupProblem('the screenshot could not be taken', result.output.trim());
  }
  process.stdout.write(`vigia: picture written to ${path}\n`);
}
