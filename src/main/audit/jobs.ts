import { Worker } from 'node:worker_threads';
import type { AuditSource } from '../../shared/audit/query';
import type { AuditJob } from '../../shared/audit/view';
import { type FromJob, JOB_LIMITS, type JobOrder } from './messages';

export type JobOutcome = Extract<FromJob, { type: 'done' }>;

export interface Jobs {
  /** False while another is running. */
  start(order: JobOrder, source: AuditSource, onDone: (outcome: JobOutcome) => void): boolean;
  cancel(): void;
  view(): AuditJob | null;
  stop(): void;
}

/** Work on the record, one piece at a time, each in a thread of its own. */
export function createJobs(deps: {
  readonly workerFile: string;
  readonly changed: (job: AuditJob | null) => void;
}): Jobs {
  let job: AuditJob | null = null;
  let worker: Worker | null = null;

  function tell(change: Partial<AuditJob>): void {
    if (job) job = { ...job, ...change };
    deps.changed(job);
  }

  return {
    start(order, source, onDone) {
      if (worker) return false;
      const path = pathOf(order);
      job = {
        kind: order.kind,
        source,
        state: 'running',
        done: 0,
        of: 0,
        path,
        findings: null,
        problem: null,
      };
      const own = new Worker(deps.workerFile, {
        workerData: order,
        resourceLimits: JOB_LIMITS,
      });
      worker = own;
      let told = false;
      own.on('message', (message: FromJob) => {
        if (message.type === 'progress') return tell({ done: message.done, of: message.of });
        told = true;
        switch (message.type) {
          case 'done':
            tell({ state: 'done', findings: message.findings });
            return onDone(message);
          case 'cancelled':
            return tell({ state: 'cancelled' });
          case 'failed':
            return tell({ state: 'failed', problem: message.message });
        }
      });
      own.on('error', (error) => {
        told = true;
        tell({ state: 'failed', problem: error.message });
      });
      own.on('exit', () => {
        worker = null;
        if (!told) tell({ state: 'failed', problem: 'the work stopped' });
      });
      tell({});
      return true;
    },
    cancel: () => worker?.postMessage('cancel'),
    view: () => job,
    stop: () => void worker?.terminate(),
  };
}

/** What is written, or read from elsewhere; the record itself goes without saying. */
function pathOf(order: JobOrder): string | null {
  switch (order.kind) {
    case 'verify':
      return null;
    case 'export':
      return order.target;
    case 'import':
      return order.path;
  }
}
