import type { DeskView } from '@shared/view/desk';
import { useT } from '../../i18n';
import { ConnectionChoice } from '../../identity/ConnectionChoice';

/** Where this terminal is connected, and how that is changed. */
export function ConnectionSection({ view }: { view: DeskView }) {
  const t = useT();
  return (
    <section aria-label={t('connection.title')} className="space-y-2">
      <h3 className="font-semibold">{t('connection.title')}</h3>
      <div className="text-[13px]">
        <ConnectionChoice view={view} />
      </div>
    </section>
  );
}
