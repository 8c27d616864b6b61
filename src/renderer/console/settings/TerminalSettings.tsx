import { levelSchema } from '@shared/notify/message';
import { Button, Field, INPUT } from '../../components/ui';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { play, type Sound } from '../../lib/sounds';
import { useApp } from '../../lib/store';
import { HotkeyField } from './HotkeyField';

const SOUNDS: readonly Sound[] = ['acknowledged', 'warning', 'emergency'];

/** What is this terminal's own: language, look, key, sounds, notices. */
export function TerminalSettings() {
  const t = useT();
  const settings = useApp((state) => state.settings);
  if (!settings) return null;
  const set = async (change: Partial<typeof settings>): Promise<void> => {
    const saved = await call('settings.set', change);
    if (saved) useApp.setState({ settings: saved });
  };
  return (
    <section aria-labelledby="terminal-title" className="space-y-3">
      <h2 id="terminal-title" className="mb-1 text-[15px] font-semibold">
        {t('settings.terminal')}
      </h2>
      <Field label={t('settings.language')}>
        <select
          className={INPUT}
          value={settings.language}
          onChange={(event) => void set({ language: event.target.value === 'en' ? 'en' : 'es' })}
        >
          <option value="es">Español</option>
          <option value="en">English</option>
        </select>
      </Field>
      <Field label={t('settings.theme')}>
        <select
          className={INPUT}
          value={settings.theme}
          onChange={(event) =>
            void set({ theme: event.target.value === 'light' ? 'light' : 'dark' })
          }
        >
          <option value="dark">{t('settings.dark')}</option>
          <option value="light">{t('settings.light')}</option>
        </select>
      </Field>
      <HotkeyField onChange={(accelerator) => void set({ accelerator })} />
      <Field label={t('settings.volume')}>
        <input
          type="range"
          className="w-full"
          min={0}
          max={1}
          step={0.05}
          value={settings.soundVolume}
          onChange={(event) => void set({ soundVolume: Number(event.target.value) })}
        />
      </Field>
      <div className="flex gap-2">
        {SOUNDS.map((sound) => (
          <Button
            key={sound}
            className="flex-1 px-1 text-[12px]"
            onClick={() => play(sound, settings.soundVolume)}
          >
            {t(`sound.${sound}`)}
          </Button>
        ))}
      </div>
      <Field label={t('settings.defaultReason')}>
        <input
          className={INPUT}
          maxLength={500}
          defaultValue={settings.defaultReason}
          onBlur={(event) => {
            const defaultReason = event.target.value.trim();
            if (defaultReason !== '') void set({ defaultReason });
          }}
        />
      </Field>
      <Field label={t('settings.desktopNotices')}>
        <select
          className={INPUT}
          value={settings.desktopNotices}
          onChange={(event) => {
            const level = levelSchema.safeParse(event.target.value);
            void set({ desktopNotices: level.success ? level.data : 'off' });
          }}
        >
          {levelSchema.options.map((level) => (
            <option key={level} value={level}>
              {t(`level.${level}`)}
            </option>
          ))}
          <option value="off">{t('settings.off')}</option>
        </select>
      </Field>
    </section>
  );
}
