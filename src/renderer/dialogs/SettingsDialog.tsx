import { DEFAULT_SETTINGS, SETTING_NAMES, type SettingName, type Settings } from '@shared/settings';
import { Button, Hostile } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { keyName } from '../lib/format';
import { useApp } from '../lib/store';
import { useSettingsStatus } from '../lib/useSettingsStatus';
import { DialogFrame } from './DialogFrame';

/** Every option with what it does and its default. What the desk has fixed cannot be changed here. */
export default function SettingsDialog() {
  const t = useT();
  const settings = useApp((state) => state.settings);
  const { locked, problems } = useSettingsStatus();
  if (!settings) return null;
  const shown = (name: SettingName, from: Settings): string => {
    const value = from[name];
    if (typeof value === 'boolean') return t(value ? 'setting.yes' : 'setting.no');
    return name === 'accelerator' ? keyName(String(value)) : String(value) || '—';
  };
  const set = async (change: Partial<Settings>): Promise<void> => {
    const saved = await call('settings.set', change);
    if (saved) useApp.setState({ settings: saved });
  };
  return (
    <DialogFrame title={t('settings.title')} description={t('setting.what')}>
      {problems.map(({ file, problem }) => (
        <p key={file} role="alert" className="mb-2 text-amber">
          <Hostile text={t('setting.problem', { file, problem })} max={400} />
        </p>
      ))}
      <table className="w-full text-left text-[13px]">
        <thead className="text-[12px] text-muted">
          <tr>
            <th scope="col">{t('setting.name')}</th>
            <th scope="col">{t('setting.value')}</th>
            <th scope="col">{t('setting.default')}</th>
          </tr>
        </thead>
        <tbody>
          {SETTING_NAMES.map((name) => {
            const fixed = locked.includes(name);
            const value = settings[name];
            return (
              <tr key={name} className="border-t border-line align-top">
                <th scope="row" className="py-1.5 pr-2 font-normal">
                  {t(`setting.${name}`)}
                  <p className="text-[12px] text-muted">{t(`setting.${name}.effect`)}</p>
                </th>
                <td className="py-1.5 pr-2">
                  {typeof value === 'boolean' ? (
                    <input
                      type="checkbox"
                      aria-label={t(`setting.${name}`)}
                      checked={value}
                      disabled={fixed}
                      onChange={(event) => void set({ [name]: event.target.checked })}
                    />
                  ) : (
                    <Hostile text={shown(name, settings)} max={60} />
                  )}
                  {fixed && <p className="text-[12px] text-muted">{t('setting.locked')}</p>}
                </td>
                <td className="py-1.5">
                  <Hostile text={shown(name, DEFAULT_SETTINGS)} max={60} />
                  {!fixed && value !== DEFAULT_SETTINGS[name] && (
                    <Button
                      tone="icon"
                      className="block text-[12px] underline"
                      onClick={() => void set({ [name]: DEFAULT_SETTINGS[name] })}
                    >
                      {t('setting.reset')}
                    </Button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </DialogFrame>
  );
}
