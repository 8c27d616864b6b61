import { SetupProblem } from './problem.mjs';

const DEFAULT_SECONDS = 20;
/** As far as Node's timers reach. */
const MOST_SECONDS = 2_000_000;

/**
 * Reads what `npm start` keeps for itself; everything else goes to the terminal as it is.
 *
 * @param {readonly string[]} argv
 * @returns `{picture, seconds, rest}`: `picture` a path or null; `seconds` after which to end, null for never
 * @throws SetupProblem for an option without its value or with one that cannot be
 */
export function readStartOptions(argv) {
  const rest = [...argv];
  const picture = take(rest, '--screenshot', 'a path, like --screenshot out.png');
  const given = take(rest, '--for', 'a number of seconds, like --for 20');
  const seconds = given === null ? null : Number(given);
  if (seconds !== null && !(seconds > 0 && seconds <= MOST_SECONDS)) {
    throw new SetupProblem(
      `--for ${given} is not a number of seconds`,
      `Give a number above 0 and up to ${MOST_SECONDS}, like --for 20.`,
    );
  }
  return { picture, seconds: seconds ?? (picture === null ? null : DEFAULT_SECONDS), rest };
}

/** Removes `name value` from the arguments. @returns the value, null when the option is absent */
function take(args, name, wanted) {
  const at = args.indexOf(name);
  if (at < 0) return null;
  const [, value] = args.splice(at, 2);
  if (!value || value.startsWith('--')) {
    throw new SetupProblem(`${name} wants a value`, `Give ${wanted}.`);
  }
  if (args.includes(name)) throw new SetupProblem(`${name} is given twice`, 'Give it once.');
  return value;
}
