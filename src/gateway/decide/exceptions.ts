import { UNWAIVABLE } from '../../shared/models/gates';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { CommandParams } from '../../shared/protocol/commands';
import { word } from '../../shared/words/phrase';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { type ModelsContext, modelOf } from './modelsContext';
import { allow, Refusal } from './refusal';

/** @throws {Refusal} */
export function grantException(
  { state, policy, now, id }: ModelsContext,
  params: CommandParams<'exception.grant'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.grantException, 'grant an exception');
  const { model, gates, until, reason: justification } = params;
  modelOf(state, model);
  const barred = gates.find((gate) => UNWAIVABLE.has(gate));
  if (barred)
    throw new Refusal('bad_params', '{gate} cannot be excepted', { gate: word(`gate.${barred}`) });
  if (until <= now || until > now + policy.exceptions.maxMs) {
    const days = policy.exceptions.maxMs / 86_400_000;
    throw new Refusal('bad_params', 'an exception ends within {days} days from now', { days });
  }
  return [
    { type: 'exception.granted', data: { exception: id, model, gates, justification, until } },
  ];
}

/** @throws {Refusal} */
export function revokeException(
  { state, policy, now }: ModelsContext,
  params: CommandParams<'exception.revoke'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.grantException, 'revoke an exception');
  const exception = state.exceptions.find(({ id }) => id === params.exception);
  if (!exception) throw new Refusal('unknown_request', 'no exception of that id is in force');
  return endException(exception, 'revoked', policy, now);
}

/** An exception that ends is reviewed, however it ended. */
export function endException(
  { id: exception, model }: { readonly id: string; readonly model: string },
  cause: 'expired' | 'revoked',
  policy: ModelsPolicy,
  now: number,
): Fact[] {
  const dueAt = now + policy.exceptions.reviewWithinMs;
  const review = {
    review: exception,
    model,
    kind: 'exception',
    dueAt,
    enhancedUntil: null,
  } as const;
  return [
    { type: 'exception.ended', data: { exception, cause } },
    { type: 'review.opened', data: review },
  ];
}
