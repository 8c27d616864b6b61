import type { Counted } from '../../node/audit/explorer';
import type { AuditFilter, AuditPage, AuditSource, FacetValues } from '../../shared/audit/query';
import type { AuditFindings, ExportFormat, Past, PastAt } from '../../shared/audit/view';
import type { LogEvent } from '../../shared/log/event';

/** A question to the explorer's thread, and what it answers. */
export type Question =
  | {
      readonly ask: 'page';
      readonly filter: AuditFilter;
      readonly offset: number;
      readonly limit: number;
    }
  | { readonly ask: 'values' }
  | { readonly ask: 'story'; readonly command: string }
  | { readonly ask: 'past'; readonly at: PastAt };

export interface Answers {
  readonly page: AuditPage;
  readonly values: FacetValues;
  readonly story: readonly LogEvent[];
  readonly past: Past | null;
}

export type ToExplorer =
  | {
      readonly type: 'open';
      readonly source: AuditSource;
      readonly paths: readonly string[];
      readonly index: string;
    }
  | { readonly type: 'release'; readonly source: AuditSource }
  | {
      readonly type: 'question';
      readonly request: number;
      readonly source: AuditSource;
      readonly question: Question;
    }
  | { readonly type: 'cancel'; readonly source: AuditSource }
  /** The mirror has more than it had. */
  | { readonly type: 'grew' };

export type FromExplorer =
  | { readonly type: 'answer'; readonly request: number; readonly value: Answers[keyof Answers] }
  | {
      readonly type: 'failed';
      readonly request: number;
      readonly message: string;
      readonly cancelled: boolean;
    }
  | ({ readonly type: 'counted'; readonly source: AuditSource } & Counted);

/** What a job's thread is given to do. */
export type JobOrder =
  | {
      readonly kind: 'verify';
      readonly paths: readonly string[];
      readonly index: string;
      /** Whether nothing but what was deleted under retention may be missing before it. */
      readonly whole: boolean;
      readonly publicKey: string;
    }
  | { readonly kind: 'import'; readonly path: string; readonly into: string }
  | {
      readonly kind: 'export';
      readonly paths: readonly string[];
      readonly target: string;
      readonly format: ExportFormat;
      readonly from: number | null;
      readonly to: number | null;
      readonly info: import('../../node/export/manifest').ExportInfo;
    };

export type FromJob =
  | { readonly type: 'progress'; readonly done: number; readonly of: number }
  | {
      readonly type: 'done';
      readonly findings: AuditFindings | null;
      readonly detail: string;
      readonly publicKey: string;
    }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly message: string };

/**
 * Of a job's thread. Millions of rows go through it and none stays: with room for more young objects
 * than this it would take a hundred megabytes more and be no faster.
 */
export const JOB_LIMITS = { maxYoungGenerationSizeMb: 12 } as const;
