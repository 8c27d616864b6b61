import type { SuccessOverLog } from '@shared/reports/kept';
import type { SuccessMetric } from '@shared/reports/report';
import { figureText, rangeText, targetText } from '@shared/reports/text';
import { reportVocabulary } from '@shared/reports/words';
import { timeOfDay, timestamp } from '@shared/time';
import { useCallback, useEffect, useState } from 'react';
import { Button } from '../../components/ui';
import { type Translate, useT } from '../../i18n';
import { call } from '../../lib/call';
import { useLanguage } from '../../lib/useSaid';
import { ProgressLine } from './ProgressLine';
import type { Progress } from './useProgress';

const COLUMNS = ['metric', 'target', 'measured', 'samples', 'since', 'met'] as const;

/** The plan's success metrics: target, measured, since when. */
export function Success({ progress }: { progress: Progress }) {
  const t = useT();
  const language = useLanguage();
  const [found, setFound] = useState<SuccessOverLog | null>(null);
  const [busy, setBusy] = useState(false);
  const words = reportVocabulary(language);

  const measure = useCallback(async () => {
    setBusy(true);
    const next = await call('report.success', undefined);
    if (next) setFound(next);
    setBusy(false);
  }, []);
  useEffect(() => {
    void measure();
  }, [measure]);

  return (
    <section aria-labelledby="success-title" className="max-w-[1000px] space-y-2">
      <div className="flex items-center gap-3">
        <h2 id="success-title" className="flex-1 text-[15px] font-semibold">
          {t('success.title')}
        </h2>
        <Button disabled={busy} onClick={() => void measure()}>
          {t('success.again')}
        </Button>
      </div>
      <p role="status" className="text-[12px] text-muted">
        {found
          ? t('success.what', {
              ...{ from: found.range.fromSeq, to: found.range.toSeq },
              time: timeOfDay(found.at),
            })
          : t(busy ? 'success.working' : 'success.none')}
      </p>
      {busy && !found && <ProgressLine progress={progress} />}
      {found && (
        <table className="w-full text-[13px]">
          <thead>
            <tr className="h-8 border-b border-line text-left text-muted">
              {COLUMNS.map((name) => (
                <th key={name} scope="col" className="pr-3 font-normal">
                  {t(`success.${name}`)}
                </th>
              ))}
              <th scope="col" className="font-normal">
                {t('reports.range')}
              </th>
            </tr>
          </thead>
          <tbody>
            {found.success.map((one) => (
              <tr key={one.id} className="h-8 border-b border-line">
                <th scope="row" className="pr-3 text-left font-normal">
                  {words.name(one.id)}
                </th>
                <td className="figure pr-3">{targetText(one, words)}</td>
                <td className="figure pr-3">{figureText(one.measured, words)}</td>
                <td className="figure pr-3">{one.measured.samples}</td>
                <td className="figure pr-3">
                  {one.since === null ? '—' : timestamp(one.since).slice(0, 16)}
                </td>
                <td className={`pr-3 ${metClass(one)}`}>{metText(one, t)}</td>
                <td className="figure">{rangeText(one.measured.range)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function metText({ met }: SuccessMetric, t: Translate): string {
  if (met === null) return '—';
  return t(met ? 'success.yes' : 'success.no');
}

const metClass = ({ met }: SuccessMetric): string =>
  met === null ? '' : met ? 'text-green' : 'font-bold text-amber';
