import type { DeskView } from '@shared/view/desk';
import { useT } from '../i18n';
import { SessionSettings } from '../identity/SessionSettings';
import { useApp } from '../lib/store';
import { BridgesSection } from './settings/Bridges';
import { Channels } from './settings/Channels';
import { ConnectionSection } from './settings/Connection';
import { Diagnostics } from './settings/Diagnostics';
import { LastResortSection } from './settings/LastResort';
import { OwnChannels } from './settings/OwnChannels';
import { TerminalSettings } from './settings/TerminalSettings';
import { Updates } from './settings/Updates';

/** This terminal's settings, the desk's channels, and what the terminal tells by itself. */
export default function Settings({ view }: { view: DeskView }) {
  const t = useT();
  const past = useApp((state) => state.past !== null);
  return (
    <div className="grid grid-cols-[18rem_1fr] gap-6">
      {past && (
        <p role="status" className="col-span-2 border-l-4 border-amber px-2 text-amber">
          {t('past.settings')}
        </p>
      )}
      <div className="space-y-6">
        <TerminalSettings />
        <ConnectionSection view={view} />
        <SessionSettings view={view} />
        <Updates view={view} />
        <Diagnostics />
      </div>
      <div className="min-w-0 space-y-6">
        <Channels view={view} />
        <OwnChannels view={view} />
        <BridgesSection view={view} />
        <LastResortSection view={view} />
      </div>
    </div>
  );
}
