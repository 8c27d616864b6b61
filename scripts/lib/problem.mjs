/** A set-up problem that a person can act on: what is wrong, and what to do. */
export class SetupProblem extends Error {
  /**
   * @param {string} what what is wrong
   * @param {string} remedy what to do about it
   */
  constructor(what, remedy) {
    super(what);
    this.remedy = remedy;
  }
}

/** Prints a problem in two lines. */
export function tell(error) {
  if (error instanceof SetupProblem) {
    process.stderr.write(`\nvigia: ${error.message}\n       ${error.remedy}\n`);
  } else {
    process.stderr.write(`\nvigia: unexpected error: ${error?.stack ?? error}\n`);
  }
}

/** Prints a problem and ends the process with 1. */
export function endWith(error) {
  tell(error);
  process.exit(1);
}

/** Reads a failed command's output for the causes a person can mend. */
export function explain(output, step) {
  if (/ENOSPC|No space left on device/i.test(output)) {
    return new SetupProblem(
      `the disk is full (${step})`,
      'Free about 2 GB where the project and its cache lie, then run the command again.',
    );
  }
  if (/EINTEGRITY|integrity checksum failed/i.test(output)) {
    return new SetupProblem(
      `a downloaded package does not match its checksum (${step})`,
      'Do not use it. Run `npm cache clean --force` and try again; if it happens again, ask whoever runs your registry.',
    );
  }
  if (
    /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|network|Could not resolve|Failed to fetch/i.test(
      output,
    )
  ) {
    return new SetupProblem(
      `the network or the package registry cannot be reached (${step})`,
      'The first run needs the npm registry and the Debian mirror. Check the network and `npm config get registry`, then run the command again.',
    );
  }
  const tail = output.trim().split('\n').slice(-8).join('\n       ');
  return new SetupProblem(`${step} failed`, tail || 'It printed nothing.');
}
