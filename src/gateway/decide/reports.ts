import type { OpsState } from '../../shared/ops/state';
import type { ReportsPolicy } from '../../shared/policy/reports';
import type { CommandParams } from '../../shared/protocol/commands';
import type { Operator } from '../commands';
import type { Fact } from '../facts';
import { allow, Refusal } from './refusal';

/** A report that a person made goes on the record. @throws {Refusal} */
export function record(
  { state, policy }: { readonly state: OpsState; readonly policy: ReportsPolicy },
  params: CommandParams<'report.record'>,
  operator: Operator,
): Fact {
  allow(operator, policy.permissions.make, 'make a report');
  const { period, fromSeq, toSeq, language, ...about } = params;
  if (period.from >= period.to) throw new Refusal('bad_params', 'the period ends before it begins');
  if (toSeq > state.seq)
    throw new Refusal('bad_params', 'the log ends at {seq}', { seq: state.seq });
  if (fromSeq > toSeq + 1) throw new Refusal('bad_params', 'the range ends before it begins');
  if (state.reports.made.some(({ id }) => id === params.report)) {
    throw new Refusal('superseded', 'a report of that id is on record');
  }
  const common = { by: 'person', schedule: null, dueAt: null } as const;
  const data = { ...about, period, fromSeq, toSeq, ...common, languages: [language] };
  return { type: 'report.made', data };
}
