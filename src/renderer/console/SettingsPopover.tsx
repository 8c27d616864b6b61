import { Settings as Gear } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import { Button, Field, Hostile, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { play, type Sound } from '../lib/sounds';
import { openDialog, useApp } from '../lib/store';
import { useSettingsStatus } from '../lib/useSettingsStatus';
import { HotkeyField } from './HotkeyField';

const SOUNDS: readonly Sound[] = ['acknowledged', 'warning', 'emergency'];

export function SettingsPopover() {
  const t = useT();
  const settings = useApp((state) => state.settings);
  const { problems } = useSettingsStatus();
  if (!settings) return null;
  const set = async (change: Partial<typeof settings>): Promise<void> => {
    const saved = await call('settings.set', change);
    if (saved) useApp.setState({ settings: saved });
  };
  return (
    <Popover.Root>
      <Popover.Trigger className="flex items-center gap-2 rounded-md px-2 py-1.5 text-muted">
        <Gear size={14} aria-hidden /> {t('settings.title')}
        {problems.length > 0 && <span className="text-amber">▲ {problems.length}</span>}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          aria-label={t('settings.title')}
          side="right"
          align="end"
          className="z-30 w-72 space-y-3 rounded-md border border-line bg-surface p-3"
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
          <Popover.Close asChild>
            <Button className="w-full" onClick={() => openDialog({ kind: 'settings' })}>
              {t('setting.all')}
            </Button>
          </Popover.Close>
          <Popover.Close asChild>
            <Button className="w-full" onClick={() => openDialog({ kind: 'guide' })}>
              {t('guide.open')}
            </Button>
          </Popover.Close>
          <Diagnostics />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** Makes the zip for whoever looks into a fault, and says where it is. */
function Diagnostics() {
  const t = useT();
  const [made, setMade] = useState<string | null>(null);
  const collect = async (): Promise<void> => {
    const found = await call('diagnostics.collect', undefined);
    if (found) setMade(found.path);
  };
  return (
    <div>
      <Button className="w-full" onClick={() => void collect()}>
        {t('diagnostics.collect')}
      </Button>
      <p role="status" className="mt-1 text-[12px] text-muted select-text">
        {made === null ? t('diagnostics.what') : <Hostile text={made} max={300} />}
      </p>
    </div>
  );
}
