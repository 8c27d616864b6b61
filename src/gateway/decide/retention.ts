import type { OpsState } from '../../shared/ops/state';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { CommandParams } from '../../shared/protocol/commands';
import type { RejectionCode } from '../../shared/protocol/terminal';
import { closedYears, type Kept, keptUntil, whyKept } from '../../shared/retention/retention';
import { type Sentence, word } from '../../shared/words/phrase';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { allow, Refusal } from './refusal';

interface Facts {
  readonly state: OpsState;
  readonly policy: ModelsPolicy;
  /** UTC ms. */
  readonly now: number;
  /** Base64 of the key that signs the log. */
  readonly publicKey: string;
}

const REFUSALS: Readonly<Record<Kept, readonly [RejectionCode, Sentence]>> = {
  not_closed: ['not_eligible', 'it is not a year of this log that is over'],
  deleted: ['superseded', 'it is deleted already'],
  until: ['too_soon', 'its time is not over'],
  hold: ['not_eligible', 'a hold is in force (policy retention.hold)'],
  incident: ['not_eligible', 'an incident is open'],
  older_first: ['not_eligible', 'an older year of the record is deleted first'],
};

/** A year whose time is over is to be deleted. @throws {Refusal} */
export function deleteYear(
  { state, policy, now, publicKey }: Facts,
  { kind, year }: CommandParams<'retention.delete'>,
  operator: Operator,
): Fact {
  allow(operator, policy.permissions.deleteRecords, 'delete records');
  const until = keptUntil(kind, year, policy.retention);
  // The log's own time as well: a clock that jumped ahead is not the only witness.
  const why = whyKept(state, policy.retention, kind, year, Math.min(now, state.ts));
  if (why !== null) {
    const [code, text] = REFUSALS[why];
    throw new Refusal(code, '{kind} {year}, kept until {until}: {why}', {
      ...{ kind: word(`records.${kind}`), year: String(year), until },
      why: { all: [{ code: text }] },
    });
  }
  const own = closedYears(state.retention).find((one) => one.year === year);
  const audit =
    kind === 'audit' && own
      ? { first: own.first, last: own.last, hash: own.hash, publicKey }
      : null;
  return { type: 'retention.deleted', data: { kind, year, keptUntil: until, audit } };
}

/** A terminal says what it is about to delete. @throws {Refusal} */
export function name(state: OpsState, params: CommandParams<'retention.name'>): Fact {
  const known = state.retention.deleted.some(
    ({ kind, year }) => kind === params.kind && year === params.year,
  );
  if (!known) throw new Refusal('unknown_request', 'no such deletion is on record');
  return { type: 'retention.named', data: params };
}
