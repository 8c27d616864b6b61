import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Field, Hostile, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { duration } from '../lib/format';
import { useApp } from '../lib/store';
import { useNow } from '../lib/useNow';

/** Who is signed in, and the lock of this terminal. */
export function SessionSettings({ view }: { view: DeskView }) {
  const t = useT();
  const now = useNow();
  const minutes = useApp((state) => state.settings?.lockAfterMinutes ?? 0);
  const [present, setPresent] = useState('');
  const [next, setNext] = useState('');
  const { identity, lock, operator } = view;
  const given = identity.source === 'embedded' || identity.source === 'config';
  const expires = operator?.tokenExpiresAt ?? null;

  async function change(pin: string | null): Promise<void> {
    const done = await call('lock.setPin', { pin, present: lock.pinSet ? present : null });
    if (done !== null) return;
    setPresent('');
    setNext('');
  }

  async function keepMinutes(text: string): Promise<void> {
    const saved = await call('settings.set', { lockAfterMinutes: Number(text) });
    if (saved) useApp.setState({ settings: saved });
  }

  return (
    <section aria-label={t('session.title')} className="space-y-2">
      <h3 className="font-semibold">{t('session.title')}</h3>
      <p className="text-[12px] text-muted">
        {t('session.who')}: <Hostile text={operator?.name ?? '—'} max={40} />
        {expires !== null && ` · ${t('session.expires', { time: duration(expires - now) })}`}
      </p>
      {given ? (
        <p className="text-[12px] text-muted">{t('session.given')}</p>
      ) : (
        identity.source !== 'none' && (
          <Button onClick={() => void call('identity.signOut', undefined)}>
            {t('session.signOut')}
          </Button>
        )
      )}
      {lock.pinSet && (
        <Field label={t('lock.present')}>
          <Pin value={present} onChange={setPresent} />
        </Field>
      )}
      <Field label={t('lock.new')}>
        <Pin value={next} onChange={setNext} />
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button disabled={!/^\d{4,12}$/.test(next)} onClick={() => void change(next)}>
          {t(lock.pinSet ? 'lock.change' : 'lock.set')}
        </Button>
        {lock.pinSet && (
          <>
            <Button disabled={present === ''} onClick={() => void change(null)}>
              {t('lock.remove')}
            </Button>
            <Button onClick={() => void call('lock.now', undefined)}>{t('lock.now')}</Button>
          </>
        )}
      </div>
      {lock.pinSet && (
        <Field label={t('lock.after')}>
          <input
            className={`${INPUT} figure`}
            type="number"
            min={0}
            max={480}
            defaultValue={minutes}
            onBlur={(event) => void keepMinutes(event.target.value)}
          />
        </Field>
      )}
    </section>
  );
}

function Pin({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <input
      className={`${INPUT} figure`}
      type="password"
      inputMode="numeric"
      autoComplete="off"
      maxLength={12}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
