import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addOperator } from '../../src/gateway/auth/operators';
import { type Program, program, start, TERMINAL } from './process';

/** A standalone gateway with one engine that floods, and what a terminal needs to join them. */
export interface MeasuredDesk {
  readonly port: number;
  /** Token of an operator who may resume. */
  readonly token: string;
  /** The terminal's `--config` file. */
  readonly config: string;
  readonly engine: Program;
  end(): Promise<void>;
}

/** Starts gateway and engine as programs of their own in `folder`. */
export async function startDesk(folder: string, itemsPerSecond: number): Promise<MeasuredDesk> {
  const operatorsFile = join(folder, 'operators.yaml');
  const operator = { id: 'ana', displayName: 'Ana', roles: ['trading-lead' as const] };
  const token = await addOperator(operatorsFile, operator);
  const account = { id: 'bench-1', displayName: 'Bench', roles: ['engine' as const] };
  const engineToken = await addOperator(operatorsFile, account);
  const gatewayConfig = join(folder, 'gateway.yaml');
  const dataDir = join(folder, 'gateway');
  const settings = { port: 0, dataDir, operatorsFile, environment: 'paper' };
  writeFileSync(gatewayConfig, JSON.stringify(settings));
  const node = process.execPath;
  const gateway = start(node, [
    join(TERMINAL, 'out/main/vigia-gateway.js'),
    ...['--config', gatewayConfig],
  ]);
  const said = await gateway.line(/listening on/);
  const port = Number(/:(\d+)$/.exec(said)?.[1]);
  const config = join(folder, 'terminal.yaml');
  writeFileSync(config, JSON.stringify({ gateways: [`ws://127.0.0.1:${port}`], token }));
  const engine = start(node, [
    await program('engine'),
    ...[`ws://127.0.0.1:${port}`, engineToken, 'bench-1', String(itemsPerSecond)],
  ]);
  await engine.line(/^normal /);
  return {
    ...{ port, token, config, engine },
    async end() {
      await engine.end();
      await gateway.end();
    },
  };
}
