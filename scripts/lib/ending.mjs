/** How long a program may take to end in order before it is killed. */
export const GRACE_MS = 5_000;

/**
 * Ends a child started with `detached: true` and every process it started: SIGTERM to the child, so
 * that it ends in order, and SIGKILL to the whole group once the grace is over.
 *
 * @param child a child process that leads a process group of its own.
 * @returns a promise that resolves when the child has ended.
 */
export function endGroup(child, graceMs = GRACE_MS) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((ended) => {
    const hard = setTimeout(() => signal(-child.pid, 'SIGKILL'), graceMs);
    child.once('exit', () => {
      clearTimeout(hard);
      // What the child left behind has nobody to end it.
      signal(-child.pid, 'SIGKILL');
      ended();
    });
    signal(child.pid, 'SIGTERM');
  });
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
