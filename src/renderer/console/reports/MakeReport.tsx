import { tradingDay } from '@shared/time';
import { useState } from 'react';
import { Button, Field, INPUT } from '../../components/ui';
import { type Kind, lastDay, periodOf } from '../../desk/reports.state';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { useLanguage } from '../../lib/useSaid';
import { ProgressLine } from './ProgressLine';
import type { Progress } from './useProgress';

const KINDS: readonly Kind[] = ['daily', 'weekly', 'period'];
const LANGUAGES = ['es', 'en'] as const;

/** A report of any days, made by hand. */
export function MakeReport(props: {
  readonly progress: Progress;
  readonly onMade: (id: string) => void;
}) {
  const t = useT();
  const own = useLanguage();
  const [kind, setKind] = useState<Kind>('daily');
  const [from, setFrom] = useState(() => tradingDay(Date.now()));
  const [until, setUntil] = useState(from);
  const [language, setLanguage] = useState(own);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const to = lastDay(kind, from) ?? until;
  const period = periodOf(from, to);

  async function make(): Promise<void> {
    if (!period) return;
    setBusy(true);
    setSaid('');
    const made = await call('report.make', { kind, period, language });
    setBusy(false);
    if (!made) return;
    const trouble = made.printed ? null : t('reports.notPrinted');
    setSaid(trouble ?? t(made.recorded ? 'reports.made' : 'reports.notRecorded'));
    props.onMade(made.id);
  }

  return (
    <section aria-labelledby="make-report" className="rounded-md border border-line p-3">
      <h2 id="make-report" className="text-[15px] font-semibold">
        {t('reports.make')}
      </h2>
      <p className="mb-2 text-[12px] text-muted">{t('reports.makeWhat')}</p>
      <form
        className="grid grid-cols-[1fr_1.3fr_1.3fr_1fr_auto] items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <Field label={t('reports.kind')}>
          <select
            className={INPUT}
            value={kind}
            onChange={(event) => setKind(KINDS.find((one) => one === event.target.value) ?? kind)}
          >
            {KINDS.map((one) => (
              <option key={one} value={one}>
                {t(`reports.kind.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('reports.from')}>
          <input
            type="date"
            className={`${INPUT} figure`}
            value={from}
            onChange={(event) => setFrom(event.target.value)}
          />
        </Field>
        <Field label={t('reports.to')}>
          <input
            type="date"
            className={`${INPUT} figure disabled:text-muted`}
            disabled={kind !== 'period'}
            value={to}
            onChange={(event) => setUntil(event.target.value)}
          />
        </Field>
        <Field label={t('reports.language')}>
          <select
            className={INPUT}
            value={language}
            onChange={(event) => setLanguage(event.target.value === 'en' ? 'en' : 'es')}
          >
            {LANGUAGES.map((one) => (
              <option key={one} value={one}>
                {t(`reports.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Button type="submit" disabled={busy || period === null}>
          {t('reports.go')}
        </Button>
      </form>
      <div className="mt-2 min-h-8 text-[12px]">
        {busy && <ProgressLine progress={props.progress} />}
        <p role="status" className={period ? '' : 'text-amber'}>
          {period ? said : t('reports.badPeriod')}
        </p>
      </div>
    </section>
  );
}
