import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { TERMINAL_SUBPROTOCOL } from '../../src/shared/protocol/wire';
import { ROOT } from './root';

const FRAMES_PER_CONNECTION = 900;

/** Real messages, as the documents show them, for the fuzzer to damage. */
const corpus = ['protocol.md', 'engines.md'].flatMap((file) => {
  const text = readFileSync(join(ROOT, 'docs', file), 'utf8');
  return [...text.matchAll(/```json \S+\n(.*?)\n```/gs)].map(([, body]) => body ?? '');
});

/** Text that has broken programs before. */
export const HOSTILE: readonly string[] = [
  '<img src=x onerror=alert(1)>',
  '\u202egnp.exe',
  '\u0000',
  '\ud800',
  '😀'.repeat(50),
];

/** One damaged frame: bytes changed, cut, doubled, members swapped for hostile ones, or plain noise. */
function damaged(random: () => number): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const base = pick(corpus);
  switch (Math.floor(random() * 6)) {
    case 0:
      return base.slice(0, Math.floor(random() * base.length));
    case 1: {
      const at = Math.floor(random() * base.length);
      return base.slice(0, at) + String.fromCharCode(random() * 256) + base.slice(at + 1);
    }
    case 2:
      return base + base;
    case 3:
      return base.replace(/"[^"]*"(?=[,}\]])/, () => JSON.stringify(pick(HOSTILE)));
    case 4:
      return base.replace(/\d+/, () =>
        pick(['-1', '1e400', '9007199254740993', 'null', '{}', '[[[[']),
      );
    default:
      return String.fromCharCode(
        ...Array.from({ length: 1 + random() * 60 }, () => random() * 65_536),
      );
  }
}

/** Sends at least so many damaged frames to a socket of a gateway. @returns how many it sent */
export async function bombard(
  port: number,
  { path, protocol, token }: { path: string; protocol: string; token: string },
  frames: number,
  random: () => number,
): Promise<number> {
  let sent = 0;
  while (sent < frames) {
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol, { headers });
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'open');
    const hello = { type: 'hello', terminal: { id: 'f', name: 'f', version: '1' }, time: 1 };
    const engine = { id: 'fuzz', name: 'f', kind: 'f', environment: 'paper', software: 'f' };
    const register = { type: 'register', engine: { ...engine, instruments: [] } };
    const known = { ...register, mode: 'normal', selfPausedAt: null, time: 1 };
    // Known first: what is refused at the door is not read.
    socket.send(JSON.stringify(protocol === TERMINAL_SUBPROTOCOL ? hello : known));
    for (let count = 0; count < FRAMES_PER_CONNECTION && socket.readyState === 1; count += 1) {
      socket.send(damaged(random), { binary: random() < 0.05 });
      sent += 1;
    }
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }
  return sent;
}
