import type { IpcPayload } from '@shared/ipc/contract';
import { useEffect, useState } from 'react';

export type Progress = IpcPayload<'report.progress'>;

/** How far the report has come that is being worked out; null while none is. */
export function useProgress(): Progress {
  const [progress, setProgress] = useState<Progress>(null);
  useEffect(() => window.vigia.on('report.progress', setProgress), []);
  return progress;
}
