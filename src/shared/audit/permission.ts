import type { OperationsPolicy } from '../policy/operations';
import type { Role } from '../protocol/terminal';

/**
 * Whether the policy lets a person export the record. Null roles are not known, as at a terminal that
 * has had no link yet: what is on its own disk is its own to read.
 */
export function mayExport(roles: readonly Role[] | null, policy: OperationsPolicy): boolean {
  return roles === null || policy.permissions.exportAudit.some((role) => roles.includes(role));
}
