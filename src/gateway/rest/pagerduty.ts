import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Incident } from '../../shared/incidents/state';
import { dedupKey } from '../../shared/notify/pagerduty';
import { pagesOf } from '../../shared/notify/told';
import type { OpsState } from '../../shared/ops/state';
import type { GatewayLog } from '../log';

/** A webhook of PagerDuty, version 3 (developer.pagerduty.com, "Webhooks Overview"), as far as it is used. */
const payloadSchema = z.object({
  event: z.object({
    id: z.string(),
    event_type: z.string(),
    occurred_at: z.string(),
    agent: z.object({ summary: z.string().nullish() }).nullish(),
    data: z.object({ id: z.string(), incident_key: z.string().nullish() }),
  }),
});

/**
 * Whether a body was signed with the secret: `x-pagerduty-signature` holds `v1=` and the hex
 * HMAC-SHA256 of the raw body, several of them while a secret is being changed.
 */
export function isSigned(body: string, header: string | undefined, secret: string): boolean {
  const wanted = createHmac('sha256', secret).update(body).digest();
  return (header ?? '').split(',').some((one) => {
    const hex = /^v1=([0-9a-f]{64})$/i.exec(one.trim())?.[1];
    return hex !== undefined && timingSafeEqual(Buffer.from(hex, 'hex'), wanted);
  });
}

/**
 * Takes what PagerDuty says of an incident whose key is ours. An acknowledgement there is one here;
 * anything else is taken and changes nothing: an incident is resolved by those who resolved it.
 *
 * @param secret the subscription's; null while there is none, and then nothing is taken.
 */
export function pagerdutyWebhook(log: GatewayLog, secret: string | null) {
  return async (context: Context): Promise<Response> => {
    if (secret === null) return context.json({ detail: 'no PagerDuty secret is configured' }, 404);
    const body = await context.req.text();
    if (!isSigned(body, context.req.header('x-pagerduty-signature'), secret)) {
      return context.json({ detail: 'the signature does not fit the body' }, 401);
    }
    const parsed = payloadSchema.safeParse(toJson(body));
    // Pings and events of other things have another shape: they are PagerDuty's and are well.
    if (!parsed.success) return context.json({ taken: false }, 202);
    const { event } = parsed.data;
    if (event.event_type !== 'incident.acknowledged') return context.json({ taken: false }, 202);
    const rung = openWith(log.state(), event.data.incident_key ?? null);
    if (rung.length === 0) return context.json({ taken: false }, 202);
    const by = event.agent?.summary ?? 'PagerDuty';
    log.append(
      ...rung.map(({ id }) => ({
        type: 'incident.acknowledged' as const,
        actor: { id: 'pagerduty', role: 'outside', terminal: null },
        reason: `${by} (${event.id}, ${event.data.id})`,
        data: { incident: id, via: 'pagerduty' as const },
      })),
    );
    return context.json({ taken: true });
  };
}

/** Incidents that nobody has taken and that rang the page of that key; PagerDuty calls it `incident_key`. */
function openWith(state: OpsState, key: string | null): readonly Incident[] {
  if (key === null) return [];
  return state.incidents.incidents.filter(
    ({ id, stage }) => stage === 'open' && pagesOf(state, id).some((one) => dedupKey(one) === key),
  );
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
