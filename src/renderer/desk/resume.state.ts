import type { OpsState, ResumeRequest } from '@shared/ops/state';
import type { Scope } from '@shared/protocol/commands';
import type { DeskView } from '@shared/view/desk';

/** What must be typed to resume; a test holds it against the protocol's own. */
export const RESUME_WORD = 'CONFIRM_RESUME';

/** What a resume is about now: the desk if it is held, else the engines that are. Null: nothing. */
function heldScope(ops: OpsState): Scope | null {
  if (ops.desk.mode !== 'normal') return { kind: 'all' };
  const engines = Object.values(ops.engines)
    .filter((engine) => engine.own.mode !== 'normal')
    .map((engine) => engine.id);
  return engines.length > 0 ? { kind: 'engines', engines } : null;
}

export function canResume(ops: OpsState): boolean {
  return heldScope(ops) !== null;
}

export function resumeScope(ops: OpsState): Scope {
  return heldScope(ops) ?? { kind: 'all' };
}

export function needsTwoPersons(view: DeskView): boolean {
  const { environment } = view;
  if (environment === null || environment === 'mixed') return true;
  return view.policy.resume.twoPersonIn.includes(environment);
}

/** Whether the operator here may be the second person; who asked never is. */
export function mayApprove(view: DeskView, request: ResumeRequest): boolean {
  const { operator } = view;
  if (!operator || operator.id === request.by.id) return false;
  return operator.roles.some((role) => view.policy.permissions.approveResume.includes(role));
}
