import type { AuditSource } from '@shared/audit/query';
import type { PastAt } from '@shared/audit/view';
import { toast } from 'sonner';
import { useT } from '../i18n';
import { enterPast } from './store';

/** Shows the desk as the log had it, or says that the record does not reach there. */
export function useGoToPast(): (source: AuditSource, at: PastAt) => void {
  const t = useT();
  return (source, at) =>
    void enterPast(source, at).then((reached) => {
      if (!reached) toast.message(t('past.none'));
    });
}
