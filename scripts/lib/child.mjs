import { spawn } from 'node:child_process';

/**
 * Starts a program that can be ended for certain.
 *
 * It leads a process group of its own: a Ctrl+C of the terminal window reaches it once, through
 * `end`, and what it leaves behind can be killed together.
 *
 * @param {number} graceMs how long it may take to end by itself once asked
 * @returns `{exited, child, end()}`: `exited` resolves to its exit code (null when a signal ended it) when
 *   the program and all of its group are gone; it rejects when it cannot be started
 */
export function startProgram(command, args, options, graceMs) {
  const grouped = process.platform !== 'win32';
  const child = spawn(command, args, { ...options, detached: grouped });
  let grace;
  const killAll = () => {
    try {
      if (grouped) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    } catch (error) {
      // ESRCH: nobody is left, which is what was wanted.
      if (error.code !== 'ESRCH') throw error;
    }
  };
  const exited = new Promise((done, failed) => {
    child.on('error', failed);
    child.on('exit', (code) => {
      clearTimeout(grace);
      killAll();
      done(code);
    });
  });
  return {
    exited,
    child,
    end() {
      if (grace !== undefined) return;
      // Only the leader is asked: it ends its own children in an order that loses nothing.
      child.kill('SIGTERM');
      grace = setTimeout(killAll, graceMs);
    },
  };
}
