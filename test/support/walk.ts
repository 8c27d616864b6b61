import { randomUUID } from 'node:crypto';
import { card } from './models';
import { TestTerminal } from './testTerminal';

const CHECKLIST = { backtestReviewed: true, metricsAcceptable: true, teamNotified: true };
const origin = 'console';

/** Registers a model and takes it into staging, as people would. @param change of its card */
export async function stageModel(port: number, model: string, change: object = {}): Promise<void> {
  const pablo = await TestTerminal.open(port, 'pablo');
  const ana = await TestTerminal.open(port, 'ana');
  const ines = await TestTerminal.open(port, 'ines');
  await pablo.give('model.register', { card: card(model, change) });
  const request = randomUUID();
  const asked = { model, target: 'staging', checklist: CHECKLIST, reason: 'lista', origin };
  await ana.give('model.promote', asked, request);
  await ines.give('promotion.approve', { request, reason: 'revisado', origin });
  for (const terminal of [pablo, ana, ines]) terminal.socket.close();
}

/** Takes a staged model into production by a CTO's waiver of what a test cannot wait for. */
export async function produceModel(port: number, model: string): Promise<void> {
  const luis = await TestTerminal.open(port, 'luis');
  const waived = [
    'sharpe',
    'win_rate',
    'max_drawdown',
    'trades',
    'staging_time',
    'shadow_agreement',
  ];
  const emergency = { waived, justification: 'el anterior perdió el mercado' };
  const asked = { model, target: 'production', checklist: CHECKLIST, reason: 'urgente', origin };
  await luis.give('model.promote', { ...asked, emergency });
  luis.socket.close();
}
