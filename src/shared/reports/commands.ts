import { z } from 'zod';
import { hashSchema } from '../log/event';
import { periodSchema, reportKindSchema, reportLanguageSchema } from './events';

/** Parameters of the commands about reports, by name. */
export const reportCommandParams = {
  /** A person made a report at a terminal: it goes on the record with what it stands on. */
  'report.record': z.strictObject({
    report: z.uuid(),
    kind: reportKindSchema,
    period: periodSchema,
    fromSeq: z.int().positive(),
    toSeq: z.int().nonnegative(),
    sha256: hashSchema,
    language: reportLanguageSchema,
  }),
} as const;
