import type { DeskView } from '@shared/view/desk';
import type { ReactNode } from 'react';
import { Button } from '../components/ui';
import { useT } from '../i18n';
import { ConnectionChoice } from '../identity/ConnectionChoice';
import { call } from '../lib/call';
import { keyName } from '../lib/format';
import { closeDialog, openKillDialog } from '../lib/store';
import { useLanguage } from '../lib/useSaid';
import { DialogFrame } from './DialogFrame';

/**
 * The first start: where it is connected, the language, the key proven by pressing it, a drill. The key
 * is never disarmed for it: one press proves it and only asks.
 */
export default function GuideDialog({
  view,
  origin,
}: {
  view: DeskView;
  origin: 'panel' | 'console';
}) {
  const t = useT();
  const language = useLanguage();
  const { hotkey, environment } = view;
  const leave = (): void => {
    closeDialog();
    void call('settings.set', { guideDone: true });
  };
  const key = keyName(hotkey.accelerator);
  return (
    <DialogFrame title={t('guide.title')} description={t('guide.what')}>
      <ol className="space-y-3">
        <Step number={1} title={t('connection.title')}>
          <ConnectionChoice view={view} />
        </Step>
        <Step number={2} title={t('guide.language')}>
          <span className="flex gap-2">
            {(['es', 'en'] as const).map((one) => (
              <Button
                key={one}
                aria-pressed={language === one}
                className={language === one ? 'border-blue text-blue' : ''}
                onClick={() => void call('settings.set', { language: one })}
              >
                {one === 'es' ? 'Español' : 'English'}
              </Button>
            ))}
          </span>
        </Step>
        <Step number={3} title={t('guide.hotkey')}>
          <span role="status" className={hotkey.provenAt === null ? 'text-amber' : 'text-green'}>
            {hotkey.provenAt === null
              ? t('guide.hotkey.press', { key })
              : `✓ ${t('guide.hotkey.proven')}`}
          </span>
        </Step>
        <Step number={4} title={t('guide.drill')}>
          {t(environment === 'paper' ? 'guide.drill.paper' : 'guide.drill.live')}
          {environment === 'paper' && (
            <Button
              className="mt-1 block"
              onClick={() => {
                leave();
                openKillDialog(origin);
              }}
            >
              {t('guide.drill.go')}
            </Button>
          )}
        </Step>
      </ol>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={leave}>{t('guide.skip')}</Button>
        <Button data-first-focus onClick={leave}>
          {t('guide.done')}
        </Button>
      </div>
    </DialogFrame>
  );
}

function Step(props: { number: number; title: string; children: ReactNode }) {
  return (
    <li className="grid grid-cols-[20px_1fr] gap-x-2">
      <span className="figure text-muted">{props.number}</span>
      <div>
        <h3 className="font-semibold">{props.title}</h3>
        <div className="text-[13px] text-muted">{props.children}</div>
      </div>
    </li>
  );
}
