import { z } from 'zod';
import { fail, ok, type Result } from '../result';

const words = z.record(z.string(), z.string());
const moment = z.string().transform((text, context) => {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  context.addIssue({ code: 'custom', message: 'an RFC 3339 time' });
  return z.NEVER;
});

/**
 * Prometheus Alertmanager's webhook payload, version 4
 * (prometheus.io/docs/alerting/latest/configuration/#webhook_config). What it adds later is let by.
 */
const payloadSchema = z.object({
  version: z.literal('4'),
  groupKey: z.string(),
  truncatedAlerts: z.int().nonnegative().default(0),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string(),
  groupLabels: words,
  commonLabels: words,
  commonAnnotations: words,
  externalURL: z.string(),
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: words,
      annotations: words,
      startsAt: moment,
      endsAt: moment,
      generatorURL: z.string(),
      fingerprint: z.string().min(1).max(64),
    }),
  ),
});
export type AlertmanagerPayload = z.infer<typeof payloadSchema>;

/** Reads a body; the message of a failure names the first field that does not fit. */
export function readAlertmanager(body: unknown): Result<AlertmanagerPayload, 'bad_payload'> {
  const parsed = payloadSchema.safeParse(body);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return fail('bad_payload', `${issue?.path.map(String).join('.') || 'body'}: ${issue?.message}`);
}
