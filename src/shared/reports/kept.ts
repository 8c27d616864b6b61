import { z } from 'zod';
import { hashSchema } from '../log/event';
import { periodSchema, reportKindSchema, reportLanguageSchema } from './events';
import type { LogRange } from './figure';
import type { Report, SuccessMetric } from './report';

/** What a terminal keeps beside a report's figures, to know it again without the log. */
export const keptReportSchema = z.object({
  id: z.uuid(),
  kind: reportKindSchema,
  period: periodSchema,
  fromSeq: z.int().positive(),
  toSeq: z.int().nonnegative(),
  sha256: hashSchema,
  languages: z.array(reportLanguageSchema).min(1).max(2),
  keptAt: z.number(),
});
export type KeptReport = z.infer<typeof keptReportSchema>;

/** A report to be read, and how it came about. */
export interface OpenReport {
  readonly report: Report;
  readonly id: string;
  readonly sha256: string;
  /** As it was kept, or worked out just now. */
  readonly source: 'kept' | 'anew';
  /** Whether it has the hash that is on record. */
  readonly same: boolean;
}

/** The success metrics from the log's first event on. */
export interface SuccessOverLog {
  readonly success: readonly SuccessMetric[];
  readonly range: LogRange;
  readonly at: number;
}
