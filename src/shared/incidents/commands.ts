import { z } from 'zod';
import { severitySchema } from '../alerts/events';
import { incidentEventData, languageSchema, MAX_POSTMORTEM_LENGTH } from './events';

const id = z.string().min(1).max(128);
const ref = z.string().min(1).max(64);
const reason = z.string().trim().min(1, 'a reason is required').max(4_000);
const text = z.string().trim().min(1).max(4_000);

/** Parameters of the commands about alerts, incidents and drills, by name. */
export const incidentCommandParams = {
  /** Somebody has seen it; it stays until what it tells of is over. */
  'alert.acknowledge': z.strictObject({ alert: id, reason }),
  /** Opens an incident that no rule opened. Its id is the command's. */
  'incident.open': z.strictObject({
    severity: severitySchema,
    title: z.string().trim().min(1).max(256),
    alerts: z.array(id).max(64).default([]),
    playbook: id.nullable().default(null),
    reason,
  }),
  'incident.acknowledge': z.strictObject({
    incident: ref,
    via: z.enum(['console', 'panel', 'rest']),
  }),
  'incident.mitigate': z.strictObject({ incident: ref, reason }),
  'incident.resolve': z.strictObject({ incident: ref, rootCause: text, resolution: text }),
  'incident.close': z.strictObject({ incident: ref, reason }),
  'incident.note': z.strictObject({ incident: ref, kind: z.enum(['note', 'decision']), text }),
  /** Ticks a step of the playbook, or takes the tick back. */
  'incident.step': z.strictObject({
    incident: ref,
    step: id,
    done: z.boolean(),
    outcome: text.nullable().default(null),
  }),
  'incident.set_commander': z.strictObject({ incident: ref, commander: id.nullable() }),
  'incident.set_severity': z.strictObject({ incident: ref, severity: severitySchema, reason }),
  'incident.link_alert': z.strictObject({ incident: ref, alert: id }),
  /** Takes another command's events into the timeline. */
  'incident.correlate': z.strictObject({ incident: ref, correlation: ref }),
  'incident.send_message': incidentEventData['incident.message_sent'].strict().extend({ text }),
  'postmortem.save': z.strictObject({
    incident: ref,
    language: languageSchema,
    markdown: z.string().trim().min(1).max(MAX_POSTMORTEM_LENGTH),
  }),
  'postmortem.publish': z.strictObject({ incident: ref }),
  /** Sets an action item whole; an id that is not known yet begins one. */
  'action_item.set': incidentEventData['action_item.set'].strict(),
  /** Rehearses the kill on paper engines; every known engine where none is named. */
  'drill.kill': z.strictObject({ engines: z.array(id).min(1).max(256).nullable(), reason }),
} as const;
