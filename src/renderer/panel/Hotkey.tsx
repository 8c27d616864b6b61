import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Check, TriangleAlert } from 'lucide-react';
import { Button } from '../components/ui';
import { hotkeyState } from '../desk/hotkey.state';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { keyName } from '../lib/format';

/** The global key and whether it may be counted on: only once it was seen pressed. */
export function Hotkey({ view }: { view: DeskView }) {
  const t = useT();
  const { hotkey } = view;
  const state = hotkeyState(hotkey);
  const key = keyName(hotkey.accelerator);
  const time = hotkey.provenAt === null ? '' : timeOfDay(hotkey.provenAt);
  return (
    <div className="mt-2 flex min-h-8 items-center gap-2 text-[12px]">
      <kbd className="figure rounded border border-line px-1">{key}</kbd>
      <span
        className={`flex flex-1 items-center gap-1 ${state === 'armed' ? 'text-text' : 'text-amber'}`}
      >
        {state === 'armed' ? (
          <Check size={14} aria-hidden />
        ) : (
          <TriangleAlert size={14} aria-hidden />
        )}
        {t(`hotkey.${state}`, { key, time })}
      </span>
      <Button className="py-0.5" onClick={() => void call('hotkey.test', { on: !hotkey.testing })}>
        {t(hotkey.testing ? 'hotkey.stop' : 'hotkey.test')}
      </Button>
    </div>
  );
}
