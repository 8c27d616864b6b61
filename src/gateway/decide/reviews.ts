import type { CommandParams } from '../../shared/protocol/commands';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import type { ModelsContext } from './modelsContext';
import { allow, Refusal } from './refusal';

/** @throws {Refusal} */
export function closeReview(
  { state, policy }: ModelsContext,
  params: CommandParams<'review.close'>,
  operator: Operator,
): Fact[] {
  allow(operator, policy.permissions.closeReview, 'close a review');
  const review = state.reviews.find(({ id, closedAt }) => id === params.review && !closedAt);
  if (!review) throw new Refusal('unknown_request', 'no review of that id is open');
  if (review.by.id === operator.id) {
    throw new Refusal('same_person', 'a review is closed by a person other than who caused it');
  }
  return [{ type: 'review.closed', data: { review: review.id, outcome: params.reason } }];
}
