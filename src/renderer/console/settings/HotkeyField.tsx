import { acceleratorOf } from '@shared/hotkey/accelerator';
import { useState } from 'react';
import { INPUT } from '../../components/ui';
import { hotkeyState } from '../../desk/hotkey.state';
import { useT } from '../../i18n';
import { keyName } from '../../lib/format';
import { useApp } from '../../lib/store';

/** Takes the kill hotkey as it is pressed. A new one counts for nothing until it was seen working. */
export function HotkeyField(props: { onChange: (accelerator: string) => void }) {
  const t = useT();
  const hotkey = useApp((state) => state.view?.hotkey);
  const [refused, setRefused] = useState(false);
  if (!hotkey) return null;
  return (
    <div>
      <label className="mb-1 block text-[12px] text-muted" htmlFor="hotkey">
        {t('settings.hotkey')}
      </label>
      <input
        id="hotkey"
        readOnly
        className={`${INPUT} figure`}
        aria-describedby="hotkey-state"
        value={keyName(hotkey.accelerator)}
        onKeyDown={(event) => {
          if (event.key === 'Tab' || event.key === 'Escape') return;
          event.preventDefault();
          if (['Control', 'Shift', 'Alt', 'Meta'].includes(event.key)) return;
          const accelerator = acceleratorOf(event.nativeEvent);
          setRefused(accelerator === null);
          if (accelerator !== null) props.onChange(accelerator);
        }}
      />
      <p id="hotkey-state" className="mt-1 min-h-8 text-[12px] text-muted">
        {t(refused ? 'settings.hotkeyRefused' : `hotkey.${hotkeyState(hotkey)}`, {
          key: keyName(hotkey.accelerator),
          time: '',
        })}
        {!refused && ` · ${t('settings.hotkeyHow')}`}
      </p>
    </div>
  );
}
