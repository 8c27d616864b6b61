import { z } from 'zod';
import { severitySchema } from '../alerts/events';
import { contactSchema } from '../incidents/events';
import { roleSchema } from '../protocol/terminal';

const roles = z.array(roleSchema).min(1);
const ms = z.int().positive();
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM');

/** An instant counted from the opening: so many ms after it, or a time of the next business day. */
const whenSchema = z.union([
  z.strictObject({ afterMs: z.int().nonnegative() }),
  z.strictObject({ nextBusinessDayAt: timeOfDay }),
]);
export type When = z.infer<typeof whenSchema>;

const severityRuleSchema = z.strictObject({
  name: z.string().min(1),
  criteria: z.strictObject({ es: z.string().min(1), en: z.string().min(1) }),
  /** When somebody must have acknowledged it. */
  response: whenSchema,
  escalation: z.array(
    z.strictObject({
      step: z.string().min(1).max(64),
      role: z.string().min(1).max(64),
      when: whenSchema,
      until: z.enum(['acknowledged', 'resolved']),
    }),
  ),
});

/** When a contact is on duty, in Bogota. Days 1 to 5 are Monday to Friday; holidays are days off. */
const hoursSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('always') }),
  z.strictObject({ kind: z.literal('emergency') }),
  z.strictObject({
    kind: z.literal('office'),
    days: z.array(z.int().min(1).max(7)).min(1),
    from: timeOfDay,
    to: timeOfDay,
  }),
]);
export type Hours = z.infer<typeof hoursSchema>;

/** A figure's target, in the figure's own unit (ms, a fraction, or deployments a day). */
const kpiSchema = z.strictObject({
  target: z.number().nonnegative(),
  /** Whether the figure has to stay below its target or to reach it. */
  better: z.enum(['below', 'atLeast']),
  per: z.enum(['week', 'month']),
});

/** `resources/policy/incidents.yaml`: severities, escalation, contacts, rules, drills. */
export const incidentsPolicySchema = z
  .strictObject({
    version: z.string().min(1),
    permissions: z.strictObject({
      open: roles,
      acknowledge: roles,
      handle: roles,
      setSeverity: roles,
      resolve: roles,
      close: roles,
      sendMessage: roles,
      postMortem: roles,
      publishPostMortem: roles,
      actionItems: roles,
      raiseAlerts: roles,
      drill: roles,
    }),
    severities: z.strictObject({
      P0: severityRuleSchema,
      P1: severityRuleSchema,
      P2: severityRuleSchema,
      P3: severityRuleSchema,
    }),
    contacts: z.array(contactSchema.strict().extend({ hours: hoursSchema })),
    opening: z.strictObject({
      kill: severitySchema,
      rollbackFailed: severitySchema,
      engineLostHolding: severitySchema,
      /** An engine that is back within this time was not lost. */
      engineLostGraceMs: ms,
      /** Open incidents of alerts, above which further alerts join the latest: a storm is one trouble. */
      alertIncidentsMax: z.int().positive(),
      /** Alerts of these severities open an incident of the same. */
      alerts: z.array(severitySchema),
      /** Playbook that an opening starts with, by cause; alerts by kind, `*` for the others. */
      playbooks: z.record(z.string(), z.string()),
    }),
    alerts: z.strictObject({
      /** Raisings of one alert are written down at most this often. */
      coalesceMs: ms,
      /** Alerts of other systems that may be open at once; the rest are counted as one. */
      outsideMax: z.int().positive(),
      /** What another system's severity label says in ours. */
      outsideSeverities: z.record(z.string(), severitySchema),
      outsideDefault: severitySchema,
      flapping: z.strictObject({ changes: z.int().min(2).max(20), windowMs: ms }),
    }),
    /** A trade may be annulled within this time of its execution. */
    annulmentMs: ms,
    /** In the last of that time the clock is shown as an alarm. */
    annulmentLastMs: ms,
    /** What the figures are held against, over each calendar month or week in Bogota. */
    kpis: z.strictObject({
      mttd: kpiSchema,
      mttr: kpiSchema,
      change_failure_rate: kpiSchema,
      deployment_frequency: kpiSchema,
    }),
    postMortem: z.strictObject({ severities: z.array(severitySchema), withinMs: ms }),
    /** People are reminded of an action item from so long before its last day ends, and again and again. */
    actionItems: z.strictObject({ remindBeforeMs: ms, remindEveryMs: ms }),
    /** How often timers look at the wall clock: a machine may have slept. */
    checkEveryMs: ms,
    /** Fewer trades, or less time, say nothing of how many were missed. */
    tradeRate: z.strictObject({ minTrades: z.int().positive(), minMs: ms, windowMs: ms }),
    drills: z.strictObject({
      timeoutMs: ms,
      /** Who lifts a drill's kill: a person's resume, or the gateway once it is flat. */
      resume: z.enum(['person', 'auto']),
      /** Cron expressions in Bogota's time; no engines named means every known one. */
      schedule: z.array(
        z.strictObject({
          name: z.string().min(1).max(128),
          cron: z.string().min(1),
          engines: z.array(z.string()).min(1).nullable(),
          businessDaysOnly: z.boolean(),
        }),
      ),
    }),
  })
  .superRefine((policy, context) => {
    for (const [severity, { escalation }] of Object.entries(policy.severities)) {
      const steps = escalation.map(({ step }) => step);
      for (const { step, role } of escalation) {
        const path = ['severities', severity, 'escalation', step];
        if (steps.filter((one) => one === step).length > 1) {
          context.addIssue({ code: 'custom', path, message: 'this step is there twice' });
        }
        if (!policy.contacts.some((contact) => contact.role === role)) {
          context.addIssue({ code: 'custom', path, message: `no contact has the role ${role}` });
        }
      }
    }
  });
export type IncidentsPolicy = z.infer<typeof incidentsPolicySchema>;
