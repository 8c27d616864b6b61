import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Lock } from 'lucide-react';
import { useState } from 'react';
import { Button, Hostile, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';

/** Says that the terminal is locked, who unlocked it last, and takes the PIN. */
export function LockBar({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const [pin, setPin] = useState('');
  const { locked, lastUnlockedBy, lastUnlockedAt, waitUntil } = view.lock;
  if (!locked) return null;
  const wait = waitUntil === null ? 0 : Math.ceil((waitUntil - now) / 1_000);
  return (
    <section role="status" className="m-2 rounded-md border-2 border-amber p-3">
      <h2 className="flex items-center gap-2 text-[15px] font-bold text-amber">
        <Lock size={14} aria-hidden /> {t('lock.title')}
      </h2>
      <p>{t('lock.what')}</p>
      <p className="text-[12px] text-muted">
        {lastUnlockedBy && lastUnlockedAt ? (
          <Hostile
            text={t('lock.last', {
              name: lastUnlockedBy,
              time: `${timeOfDay(lastUnlockedAt).slice(0, 5)} COT`,
            })}
            max={160}
          />
        ) : (
          t('lock.never')
        )}
      </p>
      <form
        className="mt-2 flex gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          void call('lock.unlock', { pin });
          setPin('');
        }}
      >
        <input
          aria-label={t('lock.pin')}
          className={`${INPUT} figure`}
          type="password"
          inputMode="numeric"
          autoComplete="off"
          maxLength={12}
          value={pin}
          onChange={(event) => setPin(event.target.value)}
        />
        <Button type="submit" disabled={pin.length < 4 || wait > 0}>
          {t('lock.unlock')}
        </Button>
      </form>
      {wait > 0 && (
        <p className="mt-1 text-[12px] text-amber">{t('lock.wait', { seconds: wait })}</p>
      )}
    </section>
  );
}
