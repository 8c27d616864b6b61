import type { DeskView } from '@shared/view/desk';
import { Settings as Gear } from 'lucide-react';
import { Popover } from 'radix-ui';
import { Button, Field, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { SessionSettings } from '../identity/SessionSettings';
import { call } from '../lib/call';
import { play, type Sound } from '../lib/sounds';
import { useApp } from '../lib/store';
import { HotkeyField } from './HotkeyField';

const SOUNDS: readonly Sound[] = ['acknowledged', 'warning', 'emergency'];

export function SettingsPopover({ view }: { view: DeskView }) {
  const t = useT();
  const settings = useApp((state) => state.settings);
  if (!settings) return null;
  const set = async (change: Partial<typeof settings>): Promise<void> => {
    const saved = await call('settings.set', change);
    if (saved) useApp.setState({ settings: saved });
  };
  return (
    <Popover.Root>
      <Popover.Trigger className="flex items-center gap-2 rounded-md px-2 py-1.5 text-muted">
        <Gear size={14} aria-hidden /> {t('settings.title')}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          aria-label={t('settings.title')}
          side="right"
          align="end"
          className="z-30 max-h-[90vh] w-72 space-y-3 overflow-y-auto rounded-md border border-line bg-surface p-3"
        >
          <Field label={t('settings.language')}>
            <select
              className={INPUT}
              value={settings.language}
              onChange={(event) =>
                void set({ language: event.target.value === 'en' ? 'en' : 'es' })
              }
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
          <SessionSettings view={view} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
