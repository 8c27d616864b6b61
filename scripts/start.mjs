// `npm start`: set up what is missing, build what is old, open the terminal.
import { startProgram } from './lib/child.mjs';
import { openDisplay, screenshot } from './lib/display.mjs';
import { endWith, SetupProblem } from './lib/problem.mjs';
import { ensureBuild, ROOT, setUp } from './lib/setup.mjs';
import { readStartOptions } from './lib/startOptions.mjs';

/** What a terminal may take to end by itself: its mirror and its gateway write their last. */
const GRACE_MS = 8_000;

function say(text) {
  process.stdout.write(`vigia: ${text}\n`);
}

/** Runs the terminal on a display until it ends or is to end. @returns the exit code */
async function run(runtime, display, { picture, seconds, rest }) {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const target = runtime.official ? [ROOT] : [];
  const app = startProgram(
    runtime.path,
    [...sandbox, ...target, ...rest],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, DISPLAY: display.name, VIGIA_APP: ROOT },
    },
    GRACE_MS,
  );
  let asked = false;
  let problem = null;
  const end = () => {
    asked = true;
    app.end();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
  const timer =
    seconds === null
      ? undefined
      : setTimeout(() => {
          try {
            if (picture) screenshot(display.name, picture);
          } catch (error) {
            problem = error;
          }
          end();
        }, seconds * 1000);
  const code = await app.exited;
  clearTimeout(timer);
  if (problem) throw problem;
  if (asked) return 0;
  if (picture && code === 0) {
    throw new SetupProblem('the terminal ended before the picture', 'Give a shorter --for.');
  }
  return code ?? 1;
}

try {
  const options = readStartOptions(process.argv.slice(2));
  const runtime = await setUp();
  ensureBuild();
  if (!runtime.official) {
    say(
      `running on Electron ${runtime.version}, the development fallback; not for a trading desk.`,
    );
  }
  if (process.getuid?.() === 0) {
    say('started by root, so without the Chromium sandbox; use an ordinary user on a desk.');
  }
  const display = await openDisplay();
  if (display.virtual) say(`no display here; running under Xvfb ${display.name}.`);
  let code;
  try {
    code = await run(runtime, display, options);
  } finally {
    display.close();
  }
  process.exit(code);
} catch (error) {
  endWith(error);
}
