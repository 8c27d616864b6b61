import { z } from 'zod';
import { roleSchema } from '../protocol/terminal';

const ms = z.int().positive();
const fraction = z.number().min(0).max(1);
const languageSchema = z.enum(['es', 'en']);

/** `resources/policy/reports.yaml`: when reports are made, for whom, and what is aimed at. */
export const reportsPolicySchema = z
  .strictObject({
    version: z.string().min(1),
    permissions: z.strictObject({ make: z.array(roleSchema).min(1) }),
    /** Cron expressions in Bogota's time. */
    schedule: z.array(
      z.strictObject({
        name: z.string().min(1).max(64),
        kind: z.enum(['daily', 'weekly']),
        cron: z.string().min(1).max(128),
        businessDaysOnly: z.boolean(),
        languages: z.array(languageSchema).min(1).max(2),
      }),
    ),
    noteDayAt: z.array(z.string().min(1).max(128)).max(24),
    recipients: z.array(
      z.strictObject({
        /** A contact of the incidents' policy; null where the address stands here. */
        role: z.string().max(64).nullable(),
        email: z.email().max(254).nullable(),
        language: languageSchema,
      }),
    ),
    pdfWithinMs: ms,
    sharpe: z.strictObject({ minDays: z.int().min(2), daysPerYear: z.int().positive() }),
    targets: z.strictObject({
      killMs: ms,
      rollbackMs: ms,
      notificationMs: ms,
      uptime: fraction,
      mttdMs: ms,
      mttrMs: ms,
      changeFailureRate: fraction,
      deploymentsPerWeek: z.number().positive(),
      auditScore: fraction,
    }),
  })
  .superRefine(({ schedule }, context) => {
    const names = schedule.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) === index) continue;
      const path = ['schedule', index, 'name'];
      context.addIssue({ code: 'custom', path, message: `${name} is there twice` });
    }
  });
export type ReportsPolicy = z.infer<typeof reportsPolicySchema>;
