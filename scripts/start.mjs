// `npm start`: set up what is missing, build what is old, open the terminal.
import { spawn } from 'node:child_process';
import { openDisplay, screenshot } from './lib/display.mjs';
import { endWith, SetupProblem } from './lib/problem.mjs';
import { ensureBuild, ROOT, setUp } from './lib/setup.mjs';

function take(args, name) {
  const at = args.indexOf(name);
  if (at < 0) return undefined;
  const [, value] = args.splice(at, 2);
  if (value === undefined) throw new SetupProblem(`${name} wants a value`, 'See the README.');
  return value;
}

try {
  const args = process.argv.slice(2);
  const picture = take(args, '--screenshot');
  const seconds = take(args, '--for');
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
    env: { ...process.env, DISPLAY: display.name, VIGIA_APP: ROOT },
  });
  let ending = false;
  const end = () => {
    ending = true;
    app.kill('SIGTERM');
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  if (picture || seconds) {
    setTimeout(
      () => {
        if (picture) screenshot(display.name, picture);
        end();
      },
      Number(seconds ?? 20) * 1000,
    );
  }
  app.on('exit', (code) => {
    display.close();
    process.exit(ending ? 0 : (code ?? 1));
  });
} catch (error) {
  endWith(error);
}
