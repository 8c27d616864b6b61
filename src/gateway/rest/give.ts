import type { Context } from 'hono';
import { type Command, commandSchema } from '../../shared/protocol/commands';
import type { Answer, RejectionCode } from '../../shared/protocol/terminal';
import type { Commands, Operator } from '../commands';

/** What every call behind the token knows of its caller. */
export type Variables = { Variables: { operator: Operator } };
export type Refused = Extract<Answer, { stage: 'rejected' }>;

/**
 * Gives a command in the caller's name.
 *
 * @returns its refusal, null when it was taken.
 */
export function give(
  commands: Commands,
  context: Context<Variables>,
  name: Command['name'],
  id: string,
  issuedAt: number,
  params: object,
): Promise<Refused | null> {
  const command = commandSchema.safeParse({ type: 'command', id, name, params, issuedAt });
  if (!command.success) {
    const [issue] = command.error.issues;
    const where = issue?.path.slice(1).map(String).join('.') || 'the body';
    const message = `${where}: ${issue?.message}`;
    return Promise.resolve({ type: 'answer', id, stage: 'rejected', code: 'bad_params', message });
  }
  return new Promise((settled) => {
    const late = setTimeout(() => {
      const message = 'the log has not said yet whether it takes it; look before giving it again';
      settled({ type: 'answer', id, stage: 'rejected', code: 'unavailable', message });
    }, ANSWER_WITHIN_MS);
    commands.handle(command.data, context.get('operator'), 'rest', (answer) => {
      if (answer.stage !== 'accepted' && answer.stage !== 'rejected') return;
      clearTimeout(late);
      settled(answer.stage === 'rejected' ? answer : null);
    });
  });
}

/** Of several gateways' log; one's own answers within the call. */
const ANSWER_WITHIN_MS = 10_000;

const STATUS: Partial<Record<RejectionCode, 403 | 404 | 409>> = {
  forbidden: 403,
  unknown_model: 404,
  unknown_request: 404,
  unknown_incident: 404,
  wrong_stage: 409,
  superseded: 409,
};

/** The status of a refusal: 400 unless its code says better. */
export function statusOf({ code }: Refused): 400 | 403 | 404 | 409 {
  return STATUS[code] ?? 400;
}

/** Fields of a JSON body, or of the query for those who send none, as the plan's service takes both. */
export async function fields(context: Context<Variables>): Promise<Record<string, unknown>> {
  const query = context.req.query();
  const text = await context.req.text();
  if (text.trim() === '') return query;
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? { ...query, ...body } : query;
  } catch {
    return query;
  }
}
