import { useState } from 'react';
import { Button, Hostile } from '../../components/ui';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { openDialog } from '../../lib/store';
import { useSettingsStatus } from '../../lib/useSettingsStatus';

/** Every option, the first-start guide again, and the zip for whoever looks into a fault. */
export function Diagnostics() {
  const t = useT();
  const { problems } = useSettingsStatus();
  const [made, setMade] = useState<string | null>(null);
  const collect = async (): Promise<void> => {
    const found = await call('diagnostics.collect', undefined);
    if (found) setMade(found.path);
  };
  return (
    <section aria-label={t('diagnostics.collect')} className="space-y-2">
      {problems.map(({ file, problem }) => (
        <p key={file} role="status" className="text-[12px] text-amber">
          <Hostile text={`${file}: ${problem}`} max={300} />
        </p>
      ))}
      <Button className="w-full" onClick={() => openDialog({ kind: 'settings' })}>
        {t('setting.all')}
      </Button>
      <Button className="w-full" onClick={() => openDialog({ kind: 'guide' })}>
        {t('guide.open')}
      </Button>
      <Button className="w-full" onClick={() => void collect()}>
        {t('diagnostics.collect')}
      </Button>
      <p role="status" className="text-[12px] text-muted select-text">
        {made === null ? t('diagnostics.what') : <Hostile text={made} max={300} />}
      </p>
    </section>
  );
}
