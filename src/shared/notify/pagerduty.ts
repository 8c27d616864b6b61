import type { Rendered } from './message';
import { line, plain } from './text';
import { READ_ON } from './texts';

/** What PagerDuty is told of an alert. */
export interface PageOrder {
  readonly action: 'trigger' | 'acknowledge' | 'resolve';
  readonly key: string;
}

/** A page's key as PagerDuty has it, and gives it back with its incident. */
export const dedupKey = (key: string): string => line(key, 255);

/**
 * Body of PagerDuty's Events API v2: `summary` ≤ 1024, `dedup_key` ≤ 255, the whole ≤ 512 KB. Only
 * a P0 triggers, so the severity is always `critical`; acknowledge and resolve carry the key alone.
 *
 * Source: developer.pagerduty.com, "Send an alert event".
 */
export function pagerDutyBody(routingKey: string, order: PageOrder, message: Rendered) {
  const { action, key } = order;
  const common = {
    routing_key: routingKey,
    event_action: action,
    dedup_key: dedupKey(key),
  };
  if (action !== 'trigger') return common;
  const { title, lead, fields, at, runbook, kind, language, source, time } = message;
  const details = fields.slice(0, 40).map(({ label, value }) => [label, plain(value, 2_000)]);
  return {
    ...common,
    payload: {
      summary: line(`${title}: ${lead}`, 1_024),
      source: line(source, 255),
      severity: 'critical',
      timestamp: new Date(at).toISOString(),
      component: 'vigia',
      class: kind,
      custom_details: { ...Object.fromEntries(details), COT: time },
    },
    client: 'Vigía',
    ...(runbook !== null && { links: [{ href: runbook, text: READ_ON[language] }] }),
  };
}
