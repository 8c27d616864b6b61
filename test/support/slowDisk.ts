import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endsWithUs } from './children';

/** A program whose disk takes its time. */
export interface SlowDisk {
  /** Resolves when it writes at its own speed again, or has ended. */
  end(): Promise<void>;
}

/**
 * What is held up. nats-server 2.9.10 appends to its streams and to its replication's log by `pwrite64` and makes
 * them durable by `fsync`; to its peers and clients it speaks by `writev`, and by `write` it puts down its
 * term and vote, small files. SQLite writes by `pwrite64` and `fdatasync`, and Node's sockets are
 * written by `write` and `writev`.
 */
const WRITES = 'pwrite64,fsync,fdatasync';

/**
 * Has each write of a running program to its files take longer, as a disk does that is overloaded or about to
 * die, while its network goes on at full speed: `strace` stops the thread that writes, and no other.
 *
 * @throws what strace says where it may not trace the program
 */
export async function slowDisk(pid: number, delayMs: number): Promise<SlowDisk> {
  const inject = `inject=${WRITES}:delay_enter=${delayMs * 1_000}`;
  const args = ['-f', '-o', '/dev/null', '-e', `trace=${WRITES}`, '-e', inject, '-p', String(pid)];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  // Told so, it lets go of what it traces, which goes on.
  endsWithUs(strace, 'SIGTERM');
  const ended = new Promise<void>((over) => {
    strace.once('close', over);
    strace.once('error', over);
  });
  const said: string[] = [];
  await new Promise<void>((attached, failed) => {
    strace.once('error', failed);
    createInterface({ input: strace.stderr }).on('line', (line) => {
      said.push(line);
      if (/ attached\b/.test(line)) attached();
    });
    void ended.then(() => failed(new Error(said.join(' ') || 'strace ended')));
  });
  return {
    end() {
      strace.kill('SIGTERM');
      return ended;
    },
  };
}

/** Why no disk can be made slow here; null when one can. */
export async function whyNoSlowDisk(): Promise<string | null> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  try {
    await once(child, 'spawn');
    await (await slowDisk(child.pid as number, 1)).end();
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'strace is not installed' : `strace may not trace here: ${message}`;
  } finally {
    child.kill('SIGKILL');
  }
}
