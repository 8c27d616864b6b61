// `npm start`: set up what is missing, build what is old, open the terminal.
import { spawn } from 'node:child_process';
import { openDisplay, screenshot } from './lib/display.mjs';
import { endGroup } from './lib/ending.mjs';
import { endWith, SetupProblem } from './lib/problem.mjs';
import { ensureBuild, ROOT, setUp } from './lib/setup.mjs';

const EXAMPLE = 'Like this: npm start -- --screenshot out.png --for 20';
const DEFAULT_SECONDS = 20;

function take(args, name) {
  const at = args.indexOf(name);
  if (at < 0) return undefined;
  const [, value] = args.splice(at, 2);
  if (value === undefined || value.startsWith('--')) {
    throw new SetupProblem(`${name} wants a value`, EXAMPLE);
  }
  return value;
}

function takeSeconds(args) {
  const text = take(args, '--for');
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new SetupProblem(`--for wants seconds, not ${text}`, EXAMPLE);
}

try {
  const args = process.argv.slice(2);
  const picture = take(args, '--screenshot');
  const seconds = takeSeconds(args);
  const runtime = await setUp();
  ensureBuild();
  if (!runtime.official) {
    process.stdout.write(
      `vigia: running on Electron ${runtime.version}, the development fallback; not for a trading desk.\n`,
    );
  }
  const flags = [];
  if (process.getuid?.() === 0) {
    process.stdout.write(
      'vigia: started by root, so without the Chromium sandbox; use an ordinary user on a desk.\n',
    );
    flags.push('--no-sandbox');
  }
  const display = await openDisplay();
  if (display.virtual) {
    process.stdout.write(`vigia: no display here; running under Xvfb ${display.name}.\n`);
  }
  const target = runtime.official ? [ROOT] : [];
  const app = spawn(runtime.path, [...flags, ...target, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    // A group of its own, so that what it starts ends with it.
    detached: true,
    env: { ...process.env, DISPLAY: display.name, VIGIA_APP: ROOT },
  });
  let asked = false;
  let failure = null;
  const end = () => {
    asked = true;
    void endGroup(app);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  if (picture || seconds) {
    setTimeout(
      () => {
        try {
          if (picture) screenshot(display.name, picture);
        } catch (error) {
          failure = error;
        }
        end();
      },
      (seconds ?? DEFAULT_SECONDS) * 1000,
    );
  }
  app.on('exit', (code) => {
    display.close();
    if (failure) endWith(failure);
    process.exit(asked ? 0 : (code ?? 1));
  });
} catch (error) {
  endWith(error);
}
