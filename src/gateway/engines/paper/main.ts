import { parseArgs } from 'node:util';
import { z } from 'zod';
import { areGateways } from '../../../shared/address';
import { runProgram } from '../client/program';
import { runPaperEngine } from './run';

const settingsSchema = z.object({
  gateway: z.string().refine(areGateways, 'ws://host:port of a gateway, or of several, by commas'),
  token: z.string().min(1, 'set VIGIA_ENGINE_TOKEN to the engine’s token'),
  id: z.string().min(1).default('paper-1'),
  name: z.string().min(1).default('Motor papel'),
  speed: z.coerce.number().positive().default(300),
  seed: z.coerce.number().int().default(7),
  barsFile: z.string().optional(),
  flood: z.coerce.number().nonnegative().optional(),
});

runProgram({
  name: 'paper-engine',
  settings: settingsSchema,
  fromArguments,
  start: (settings, { say, refused }) => runPaperEngine(settings, say, refused),
});

function fromArguments(): unknown {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      gateway: text,
      id: text,
      name: text,
      bars: text,
      speed: text,
      seed: text,
      flood: text,
    },
  });
  const { bars, ...rest } = values;
  return { ...rest, barsFile: bars, token: process.env.VIGIA_ENGINE_TOKEN ?? '' };
}
