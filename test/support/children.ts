import type { ChildProcess } from 'node:child_process';

const children = new Map<ChildProcess, NodeJS.Signals>();

/** Nothing outlives who started it: a program that still runs as this one ends is ended with it. */
export function endsWithUs(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (children.size === 0) process.on('exit', endAll);
  children.set(child, signal);
  const gone = () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', endAll);
  };
  child.once('exit', gone);
  child.once('error', gone);
}

function endAll(): void {
  for (const [child, signal] of children) child.kill(signal);
}
