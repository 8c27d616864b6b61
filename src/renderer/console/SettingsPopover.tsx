import { Settings as Gear } from 'lucide-react';
import { Popover } from 'radix-ui';
import { Field, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { useApp } from '../lib/store';

export function SettingsPopover() {
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
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
