import type { EditablePolicy, PolicyField, PolicyValue } from '@shared/policy/edit';
import type { DeskView } from '@shared/view/desk';
import { amount, NO_FIGURE, percent } from '../lib/format';

export interface PolicyInForce {
  readonly document: object;
  readonly version: string;
  /** Null while no log has said it: then it is this terminal's own file. */
  readonly since: number | null;
  readonly by: string | null;
  readonly reason: string | null;
}

/** A policy as it holds, and who made it hold. */
export function policyOf(view: DeskView, name: EditablePolicy): PolicyInForce {
  const document = name === 'models' ? view.modelsPolicy : view.monitorPolicy;
  const record = view.ops.policies[name];
  const version = record?.version ?? document.version;
  const { since = null, reason = null } = record ?? {};
  return { document, version, since, by: record?.by.id ?? null, reason };
}

/** Values under the policy's first keys, in the file's order. */
export function policyGroups(
  fields: readonly PolicyField[],
): readonly (readonly [group: string, fields: readonly PolicyField[]])[] {
  const groups = new Map<string, PolicyField[]>();
  for (const field of fields) {
    const dot = field.path.lastIndexOf('.');
    const group = dot === -1 ? '' : field.path.slice(0, dot);
    groups.set(group, [...(groups.get(group) ?? []), field]);
  }
  return [...groups];
}

const FRACTIONS = [
  /\.(minWinRate|maxDrawdown|minShadowAgreement)$/,
  /^triggers\.(errorRate|dailyDrawdown)\.(limit|warning|steps|clearBelow)$/,
  /^alerts\.winRate\.(warning|critical)$/,
];

/** A value as it is read, with its unit; null where what is written says it already. */
export function reading(path: string, value: PolicyValue): string | null {
  if (typeof value === 'object' && value !== null) {
    const parts = value.map((one) => reading(path, one));
    return parts.some((part) => part === null) || parts.length === 0 ? null : parts.join(', ');
  }
  if (typeof value !== 'number') return null;
  if (FRACTIONS.some((pattern) => pattern.test(path))) return percent(value);
  if (/Ms$/.test(path) || /^triggers\.latencyP99\.(limit|warning)$/.test(path)) {
    return exactDuration(value);
  }
  return null;
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** A time in the largest unit of which it is a whole number, so that nothing of it is left out. */
function exactDuration(ms: number): string {
  const [size, unit] = UNITS.find(([one]) => ms >= one && ms % one === 0) ?? [1, 'ms'];
  return `${amount(ms / size, 0)} ${unit}`;
}

/** A value as it stands in the file. */
export function written(value: PolicyValue, yes: string, no: string): string {
  if (value === null) return NO_FIGURE;
  if (typeof value === 'boolean') return value ? yes : no;
  return typeof value === 'object' ? value.join(', ') || NO_FIGURE : String(value);
}
