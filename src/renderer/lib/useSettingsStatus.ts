import type { IpcResult } from '@shared/ipc/contract';
import { useEffect, useState } from 'react';
import { useApp } from './store';

type Status = IpcResult<'settings.status'>;
const NONE: Status = { locked: [], problems: [] };

/** What the desk has fixed here and which files of settings are broken, as of the last change. */
export function useSettingsStatus(): Status {
  const settings = useApp((state) => state.settings);
  const [status, setStatus] = useState(NONE);
  // Asked again whenever the settings changed: a new object is what says so.
  useEffect(() => {
    if (settings === null) return;
    void window.vigia.call('settings.status', undefined).then((answer) => {
      if (answer.ok) setStatus(answer.value);
    });
  }, [settings]);
  return status;
}
