import type { Sha256 } from '../../shared/log/chain';
import { fingerprintOf } from '../../shared/models/promotion';
import type { OpsState } from '../../shared/ops/state';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { Clock } from '../../shared/time';
import { detailOf, phrase, type Sentence, word } from '../../shared/words/phrase';
import { endException } from '../decide/exceptions';
import type { Fact } from '../facts';
import type { GatewayLog } from '../log';

const HELD: Sentence = 'the review was held';

/** Longest wait of a Node timer. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** What time alone brings about: requests and exceptions end, reviews become overdue. */
export function factsDue(ops: OpsState, policy: ModelsPolicy, now: number): Fact[] {
  const state = ops.models;
  const facts: Fact[] = [];
  for (const { id: request, expiresAt } of state.requests) {
    if (expiresAt > now) continue;
    facts.push({ type: 'promotion.closed', data: { request, outcome: 'expired' } });
  }
  for (const exception of state.exceptions) {
    if (exception.until <= now) facts.push(...endException(exception, 'expired', policy, now));
  }
  for (const { id, model, dueAt, kind } of overdue(ops)) {
    if (dueAt > now) continue;
    const said = phrase('the review after {kind} of {model} was due at {due}', {
      ...{ kind: word(`cause.${kind}`), model, due: { at: dueAt } },
    });
    const about = { severity: 'P2', kind: 'review_overdue', model, engine: null } as const;
    facts.push({
      type: 'alert.raised',
      data: { alert: alertOf(id), ...about, ...detailOf([said]) },
    });
  }
  return facts;
}

/** When time next brings something about; null while nothing waits. */
export function nextDue(ops: OpsState): number | null {
  const times = [
    ...ops.models.requests.map(({ expiresAt }) => expiresAt),
    ...ops.models.exceptions.map(({ until }) => until),
    ...overdue(ops).map(({ dueAt }) => dueAt),
  ];
  return times.length === 0 ? null : Math.min(...times);
}

/** Approvals that are for something else by now: another artifact, figure or threshold. */
export function voided({ models: state }: OpsState, policy: ModelsPolicy, sha256: Sha256): Fact[] {
  return state.requests.flatMap(({ id: request, model, target, fingerprint }): Fact[] => {
    const record = state.models[model];
    const now = record ? fingerprintOf(record, target, policy, sha256) : fingerprint;
    if (now === fingerprint) return [];
    const cause =
      'the artifact, a figure, a threshold, its owners or its rollback plan changed after it was asked for';
    return [{ type: 'promotion.approvals_voided', data: { request, fingerprint: now, cause } }];
  });
}

/** Open reviews of which nobody was told that they are late. */
function overdue({ models, alerts }: OpsState) {
  return models.reviews.filter(({ id, closedAt }) => !closedAt && !alerts.active[alertOf(id)]);
}

const alertOf = (review: string): string => `review:${review}`;

/** Keeps promises that nobody has to press a key for. @returns the call that ends it. */
export function keepGovernance(
  log: GatewayLog,
  policy: () => ModelsPolicy,
  sha256: Sha256,
  clock: Clock,
): () => void {
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    clearTimeout(timer);
    const state = log.state();
    const due = [...factsDue(state, policy(), clock()), ...voided(state, policy(), sha256)];
    if (due.length > 0) {
      // Recording them calls this again.
      log.append(...due);
      return;
    }
    const next = nextDue(state);
    if (next !== null) timer = setTimeout(look, Math.min(Math.max(0, next - clock()), MAX_WAIT_MS));
  }

  const leave = log.onRecorded((event) => {
    if (event.type === 'review.closed') {
      const alert = alertOf((event.data as { review: string }).review);
      if (log.state().alerts.active[alert]) {
        log.append({ type: 'alert.cleared', data: { alert, cause: HELD } });
      }
    }
    if (/^(promotion|exception|review|policy|model)\./.test(event.type)) look();
  });
  look();
  return () => {
    leave();
    clearTimeout(timer);
  };
}
