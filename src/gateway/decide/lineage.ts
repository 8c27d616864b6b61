import { runEventSchema, unrecordable } from '../../shared/lineage/runEvent';
import type { CommandParams } from '../../shared/protocol/commands';
import type { Fact } from '../facts';
import { Refusal } from './refusal';

/**
 * A pipeline's run event as it goes on the record: whole, or not at all.
 *
 * @throws {Refusal} naming the field that does not fit, or the size.
 */
export function report({ event }: CommandParams<'lineage.report'>): Fact[] {
  const parsed = runEventSchema.safeParse(event);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join('.') || 'the event';
    throw new Refusal('bad_params', { text: `${where}: ${issue?.message ?? 'wrong shape'}` });
  }
  const why = unrecordable(parsed.data);
  if (why !== null) throw new Refusal('bad_params', { text: why });
  return [{ type: 'lineage.received', data: { event: parsed.data } }];
}
