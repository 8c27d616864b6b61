import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import type { Clock } from '../../shared/time';
import type { Commands } from '../commands';
import { give, statusOf, type Variables } from './give';

/** Takes OpenLineage run events where its HTTP transport sends them. */
export function lineageRoutes(options: {
  readonly commands: Commands;
  readonly clock: Clock;
}): Hono<Variables> {
  const app = new Hono<Variables>();
  app.post('/', async (context) => {
    let event: unknown;
    try {
      event = JSON.parse(await context.req.text());
    } catch {
      return context.json({ detail: 'the body is not JSON', code: 'bad_params' }, 400);
    }
    const id = randomUUID();
    const { commands, clock } = options;
    const refused = await give(commands, context, 'lineage.report', id, clock(), { event });
    if (refused) {
      return context.json({ detail: refused.message, code: refused.code }, statusOf(refused));
    }
    return context.json({ success: true, command_id: id }, 201);
  });
  return app;
}
