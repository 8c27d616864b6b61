import { randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from '@playwright/test';
import { PAPER_MODELS } from '../../src/gateway/engines/paper/models';
import { runPaperEngine } from '../../src/gateway/engines/paper/run';
import type { OpsState } from '../../src/shared/ops/state';
import { TestTerminal } from '../support/testTerminal';
import { produceModel, stageModel } from '../support/walk';
import { forget, newUserData, type RunningApp, startApp } from './app';
import { openDesk, type TestDesk } from './desk';

/** A gateway with a paper engine that trades momentum_v1, and the terminals that join it. */
export interface PaperDesk {
  readonly desk: TestDesk;
  readonly engine: ReturnType<typeof runPaperEngine>;
  ops(): OpsState;
  /** Starts a terminal as that operator; it ends with the desk. */
  join(operator: string): Promise<RunningApp>;
  /** momentum_v2 takes momentum_v1's place. */
  promote(): Promise<void>;
  /** A fault that ends with the rollback: an engine that goes on failing is another story, and is paused. */
  faultOfTheModel(name: string): Promise<void>;
  /** Gives a command, not from a window. */
  give(operator: string, name: string, params: object): Promise<void>;
  close(): Promise<void>;
}

export async function openPaperDesk(): Promise<PaperDesk> {
  const desk = await openDesk();
  const terminals: RunningApp[] = [];
  const { port } = desk.gateway();
  const own = { gateway: `ws://127.0.0.1:${port}`, token: 'engine-token', id: 'paper-1' };
  const market = { name: 'Motor papel', speed: 3_000, seed: 7, flood: 50 };
  const engine = runPaperEngine({ ...own, ...market }, () => undefined);
  const ops = () => desk.gateway().log.state();
  await expect.poll(() => ops().models.production).toBe('momentum_v1');

  async function give(operator: string, name: string, params: object): Promise<void> {
    const terminal = await TestTerminal.open(desk.gateway().port, operator);
    await terminal.give(name, params, randomUUID());
    terminal.socket.close();
  }

  return {
    ...{ desk, engine, ops, give },
    async join(operator) {
      const config = desk.config(operator);
      chmodSync(dirname(config), 0o755);
      const running = await startApp(newUserData(), ['--config', config]);
      terminals.push(running);
      return running;
    },
    async promote() {
      const [, second] = PAPER_MODELS;
      const { model, version, hash } = second as (typeof PAPER_MODELS)[number];
      const card = { version, model_hash: hash, feature_order: ['momentum_edge'] };
      await stageModel(port, model, card);
      await produceModel(port, model);
      await expect.poll(() => engine.engine.loaded.model).toBe('momentum_v2');
    },
    async faultOfTheModel(name) {
      desk.gateway().log.onRecorded(({ type }) => {
        if (type !== 'deployment.started') return;
        engine.engine.operate('drill:over', { op: 'fault', fault: 'none' });
      });
      await give('ana', 'engine.fault', { engine: 'paper-1', fault: name, reason: 'simulacro' });
    },
    async close() {
      for (const terminal of terminals) {
        await terminal.close();
        forget(terminal.userData);
      }
      engine.stop();
      await desk.close();
    },
  };
}
