import { z } from 'zod';
import { type BridgeProgram, createBridgeRelay } from './bridges';

/** The narrow side of Electron's utility process. */
export interface Child {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  kill(): boolean;
}

export interface EmbeddedStart {
  readonly dataDir: string;
  readonly policyDir: string;
  readonly operatorToken: string;
  readonly engineToken: string;
  readonly operator: { readonly id: string; readonly name: string };
  readonly environment: 'paper';
  readonly deskName: string;
  readonly port: number;
}

const answerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('listening'), url: z.string() }),
  z.object({ type: z.literal('failed'), message: z.string() }),
]);

const BACKOFF_MS = [200, 500, 1_000, 2_000, 5_000] as const;
/** Up for so long, a child's next exit counts as its first. */
const STEADY_MS = 30_000;
const ENGINE = { id: 'paper-1', name: 'Motor papel', speed: 300, seed: 7 } as const;

export interface EmbeddedGateway {
  restarts(): number;
  lastExit(): string | null;
  stop(): void;
}

/** The gateway and the paper engine that run with the terminal when it was given no address. */
export function createEmbeddedGateway(deps: {
  readonly fork: (name: 'gateway' | 'paper-engine' | BridgeProgram) => Child;
  readonly start: EmbeddedStart;
  readonly clock: () => number;
  readonly onListening: (url: string) => void;
  readonly onExit: (cause: string) => void;
  readonly changed: () => void;
}): EmbeddedGateway {
  let stopped = false;
  let restarts = 0;
  let lastExit: string | null = null;
  let gateway: Child | null = null;
  let engine: Child | null = null;
  let engineFor = 0;
  let relay: { stop(): void } | null = null;

  function runGateway(failures: number): void {
    if (stopped) return;
    const startedAt = deps.clock();
    let failure: string | null = null;
    const child = deps.fork('gateway');
    gateway = child;
    const bridges = createBridgeRelay(deps.fork, (message) => child.postMessage(message));
    relay = bridges;
    child.on('message', (message) => {
      if (bridges.hear(message)) return;
      const answer = answerSchema.safeParse(message);
      if (!answer.success || stopped) return;
      if (answer.data.type === 'failed') {
        failure = answer.data.message;
        return;
      }
      // Its port is another after each start, so the engine starts anew with it.
      engineFor += 1;
      engine?.kill();
      runEngine(answer.data.url, engineFor, 0);
      deps.onListening(answer.data.url);
    });
    child.on('exit', (code) => {
      bridges.stop();
      if (stopped || gateway !== child) return;
      gateway = null;
      restarts += 1;
      lastExit = failure ?? `exit code ${code}`;
      deps.onExit(lastExit);
      deps.changed();
      const next = deps.clock() - startedAt > STEADY_MS ? 0 : failures + 1;
      setTimeout(() => runGateway(next), delay(next));
    });
    child.postMessage(deps.start);
  }

  function runEngine(url: string, generation: number, failures: number): void {
    if (stopped || generation !== engineFor) return;
    const child = deps.fork('paper-engine');
    engine = child;
    child.on('exit', () => {
      if (stopped || generation !== engineFor) return;
      setTimeout(() => runEngine(url, generation, failures + 1), delay(failures));
    });
    child.postMessage({ gateway: url, token: deps.start.engineToken, ...ENGINE });
  }

  runGateway(0);
  return {
    restarts: () => restarts,
    lastExit: () => lastExit,
    stop() {
      stopped = true;
      relay?.stop();
      engine?.kill();
      gateway?.kill();
    },
  };
}

function delay(failures: number): number {
  return BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 5_000;
}
