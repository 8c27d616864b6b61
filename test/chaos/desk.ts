import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addOperator } from '../../src/gateway/auth/operators';
import { PAPER_MODELS } from '../../src/gateway/engines/paper/models';
import { openGateway, quickPolicies } from '../support/desk';
import { FakeEngine } from '../support/fakeEngine';
import { ROOT } from '../support/root';
import { TestTerminal } from '../support/testTerminal';
import { produceModel, stageModel } from '../support/walk';
import { program, type Running, run } from './processes';
import { type LinkProxy, openProxy } from './proxy';

export const MODELS: readonly string[] = PAPER_MODELS.slice(0, 2).map(({ model }) => model);
export const VENUE = 'venue-1';
export const PAPER = 'paper-1';

/** The monitor holds its peace: what acts here is what a round does. */
const NEVER_MS = 3_600_000;
const WINDOW_MS = 15_000;

/** A desk of real programs around one proxy, every link of which passes through it. */
export interface Desk {
  readonly proxy: LinkProxy;
  readonly token: string;
  readonly log: string;
  readonly mirror: string;
  readonly ledger: string;
  gateway(): Promise<Running>;
  venue(seed: number): Promise<Running>;
  paper(seed: number): Promise<Running>;
  terminal(): Promise<Running>;
  /** Lines the terminals said of divergence. */
  readonly diverged: readonly string[];
  close(): Promise<void>;
}

// Two models can be rolled back to for ever: nothing keeps them from going to and fro.
const { models, operations } = quickPolicies;
const rollback = { ...models.document.rollback, rolledAwayMs: 1, failedTargetMs: 1 };
const policies = {
  ...quickPolicies,
  models: { document: { ...models.document, rollback }, hash: 'chaos' },
};

/** Writes a desk's files and the history it begins with. @param folder where; a new one where left out */
export async function openDesk(
  random: () => number,
  folder?: string,
  checkEveryMs = NEVER_MS,
): Promise<Desk> {
  const home = folder ?? mkdtempSync(join(tmpdir(), 'vigia-chaos-'));
  const dataDir = join(home, 'gateway');
  mkdirSync(dataDir, { recursive: true });
  const policyDir = writePolicies(home, checkEveryMs);
  await beginHistory(dataDir);

  const operatorsFile = join(home, 'operators.yaml');
  const ana = { id: 'ana', displayName: 'Ana', roles: ['trading-lead' as const] };
  const token = await addOperator(operatorsFile, ana);
  const account = (id: string) => ({ id, displayName: id, roles: ['engine' as const] });
  const venueToken = await addOperator(operatorsFile, account(VENUE));
  const paperToken = await addOperator(operatorsFile, account(PAPER));
  const config = join(home, 'gateway.yaml');
  const settings = { port: 0, dataDir, operatorsFile, policyDir, environment: 'paper' };
  writeFileSync(config, JSON.stringify(settings));

  const proxy = await openProxy(random);
  const address = `ws://127.0.0.1:${proxy.port}`;
  const [cli, engine, venueProgram, terminalProgram] = (await Promise.all(
    [
      'src/gateway/cli.ts',
      'src/gateway/engines/paper/main.ts',
      'test/chaos/programs/venue.ts',
      'test/chaos/programs/terminal.ts',
    ].map(program),
  )) as [string, string, string, string];
  const ledger = join(home, 'venue.jsonl');
  const mirror = join(home, 'audit.db');
  const diverged: string[] = [];
  const running = new Set<Running>();
  const keep = (one: Running) => {
    running.add(one);
    void one.exited.then(() => running.delete(one));
    return one;
  };

  return {
    ...{ proxy, token, mirror, ledger, diverged, log: join(dataDir, 'log.db') },
    async gateway() {
      const one = await run([cli, '--config', config], /listening on/);
      proxy.target(Number(/:(\d+)\s*$/.exec(one.line)?.[1]));
      return keep(one);
    },
    venue: async (seed) =>
      keep(await run([venueProgram, address, venueToken, VENUE, ledger, String(seed)], /open/)),
    async paper(seed) {
      const args = ['--gateway', address, '--id', PAPER, '--speed', '3000', '--seed', String(seed)];
      const env = { VIGIA_ENGINE_TOKEN: paperToken };
      return keep(await run([engine, ...args], null, env));
    },
    terminal: async () =>
      keep(
        await run([terminalProgram, address, token, mirror], /^mirror/, {}, (line) => {
          if (line.startsWith('diverged')) diverged.push(line);
        }),
      ),
    async close() {
      await Promise.all([...running].map((one) => one.kill()));
      await proxy.close();
      if (folder === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Writes the policies of a desk whose gateways do not wait long. @returns their folder */
export function writePolicies(home: string, checkEveryMs = NEVER_MS): string {
  const policyDir = join(home, 'policy');
  for (const name of ['policy', 'playbooks', 'calendar']) {
    cpSync(join(ROOT, 'resources', name), join(home, name), { recursive: true });
  }
  writeFileSync(join(policyDir, 'operations.yaml'), JSON.stringify(operations.document));
  writeFileSync(join(policyDir, 'models.yaml'), JSON.stringify(policies.models.document));
  const { triggers, ...watched } = quickPolicies.monitor.document;
  const monitor = {
    ...{ ...watched, checkEveryMs },
    triggers: {
      ...triggers,
      // Windows that fill while a soak warms up: what grows after that is not a window.
      errorRate: { ...triggers.errorRate, windowMs: WINDOW_MS },
      latencyP99: { ...triggers.latencyP99, windowMs: WINDOW_MS },
    },
  };
  writeFileSync(join(policyDir, 'monitor.yaml'), JSON.stringify(monitor));
  return policyDir;
}

/** Takes a second model into production before anything is broken. */
async function beginHistory(dataDir: string): Promise<void> {
  const gateway = await openGateway(dataDir, 'paper', 0, { policies });
  const engine = new FakeEngine(VENUE, 0);
  engine.models = PAPER_MODELS.map(({ model, version, hash }) => ({ model, version, hash }));
  await engine.connect(gateway.port);
  for (const { model, version, hash } of PAPER_MODELS.slice(1, 2)) {
    await stageModel(gateway.port, model, { version, model_hash: hash });
    await produceModel(gateway.port, model);
  }
  const ana = await TestTerminal.open(gateway.port);
  await ana.until(() => ana.ops.models.production === MODELS[1]);
  ana.socket.terminate();
  engine.disconnect();
  await gateway.stop();
}
