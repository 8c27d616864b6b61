import { spawn } from 'node:child_process';

/** The programs that bridges run, by kind; `generic` engines run by themselves. */
export const PROGRAMS = {
  'inference-api': 'inference-bridge',
  freqtrade: 'freqtrade-bridge',
} as const;
export type BridgeProgram = (typeof PROGRAMS)[keyof typeof PROGRAMS];

/** A bridge's process as its supervisor sees it. */
export interface BridgeProcess {
  /** Of the operating system; null where another program runs it for us. */
  readonly pid: number | null;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once. @param cause in words: how it ended. */
  onExit(listener: (cause: string) => void): void;
  /** Ends it at once: what it drives stays as it is. */
  stop(): void;
  /** The gateway is going: it leaves what it drives paused and ends. */
  leave(): void;
}

/** Starts a program and tells it its settings, secrets included, by a message that nothing else sees. */
export type StartBridge = (program: BridgeProgram, settings: object) => BridgeProcess;

/** What of the environment a bridge has any use for; the gateway's own secrets are not among it. */
const PASSED = ['PATH', 'TZ', 'LANG', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SystemRoot'];
const GRACE_MS = 3_000;

/** Bridges as children of a gateway that runs under Node. @param fileOf where a program is. */
export function spawnBridges(fileOf: (program: BridgeProgram) => string): StartBridge {
  return (program, settings) => {
    const env = Object.fromEntries(
      PASSED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    );
    const child = spawn(process.execPath, [fileOf(program)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env,
    });
    let failure: string | null = null;
    child.on('error', (error) => {
      failure = error.message;
    });
    child.send(settings, () => undefined);
    const tell = (type: 'stop' | 'leave') => {
      if (child.connected) child.send({ type }, () => undefined);
      else child.kill('SIGTERM');
    };
    return {
      pid: child.pid ?? null,
      onMessage: (listener) => void child.on('message', listener),
      onExit(listener) {
        let told = false;
        const end = (cause: string) => {
          if (told) return;
          told = true;
          listener(failure ?? cause);
        };
        child.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
        child.on('error', (error) => end(error.message));
      },
      stop() {
        tell('stop');
        setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
      },
      leave: () => tell('leave'),
    };
  };
}
