import { Button } from '../../components/ui';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { amount } from '../../lib/format';
import type { Progress } from './useProgress';

/** How far it has come, and the way out of it. */
export function ProgressLine({ progress }: { progress: Progress }) {
  const t = useT();
  const done = progress !== null && progress.done >= progress.of;
  return (
    <div className="flex items-center gap-2">
      <progress
        aria-label={t('reports.make')}
        className="h-1.5 flex-1 accent-[var(--blue)]"
        max={progress?.of ?? 1}
        value={progress?.done ?? 0}
      />
      <span className="figure text-[12px] text-muted">
        {progress === null || done
          ? t('reports.printing')
          : t('reports.progress', { done: amount(progress.done, 0), of: amount(progress.of, 0) })}
      </span>
      <Button onClick={() => void call('report.cancel', undefined)}>{t('reports.cancel')}</Button>
    </div>
  );
}
