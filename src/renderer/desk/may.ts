import type { Role } from '@shared/protocol/terminal';
import type { DeskView } from '@shared/view/desk';

/** Whether this terminal's operator has one of the roles; the gateway decides again. */
export function mayDo(view: DeskView, roles: readonly Role[]): boolean {
  return view.operator?.roles.some((role) => roles.includes(role)) ?? false;
}
