import type { Past } from '@shared/audit/view';
import { timestamp } from '@shared/time';
import { History } from 'lucide-react';
import { useT } from '../i18n';
import { importedName, leavePast, useApp } from '../lib/store';
import { useGoToPast } from '../lib/useGoToPast';
import { Instant } from './Instant';
import { Button, Hostile } from './ui';

/** Says that what is shown is over, since when and of which record, and leads back. */
export function PastBanner({ past }: { past: Past }) {
  const t = useT();
  const source = useApp((state) => state.pastSource);
  const name = useApp(importedName);
  const enter = useGoToPast();
  const go = (seq: number): void => enter(source, { seq });
  return (
    <div role="status" className="hatched flex flex-wrap items-center gap-3 px-3 py-1">
      <History size={22} aria-hidden />
      <span className="figure">{t('past.at', { time: timestamp(past.ts), seq: past.seq })}</span>
      <strong>
        {source === 'own' ? (
          t('audit.own')
        ) : (
          <Hostile text={t('audit.imported', { name })} max={60} />
        )}
      </strong>
      <span className="flex-1" />
      <Button browse disabled={past.seq <= 1} onClick={() => go(past.seq - 1)}>
        {t('past.earlier')}
      </Button>
      <Button browse onClick={() => go(past.seq + 1)}>
        {t('past.later')}
      </Button>
      <span className="w-56">
        <Instant
          label={t('past.goTo')}
          edge="start"
          value={null}
          onChange={(ts) => ts !== null && enter(source, { ts })}
        />
      </span>
      <Button browse onClick={leavePast}>
        {t('past.leave')}
      </Button>
      <p className="basis-full text-[12px]">
        {t('past.what')} {t('past.noFigures')}
      </p>
    </div>
  );
}
