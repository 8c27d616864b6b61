import { CHANNELS, type Channel } from '@shared/notify/message';
import type { OwnTest } from '@shared/notify/view';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Hostile } from '../../components/ui';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { amount } from '../../lib/format';
import { ChannelForm } from './ChannelForm';
import { SaidText } from './Channels';

/** By what this terminal tells of a kill that no gateway acknowledges. */
export function OwnChannels({ view }: { view: DeskView }) {
  const t = useT();
  const { kept } = view.ownChannels;
  return (
    <section aria-labelledby="own-title" className="min-w-0">
      <h2 id="own-title" className="mb-1 text-[15px] font-semibold">
        {t('own.title')}
      </h2>
      <p className="mb-2 text-[12px] text-muted">
        {t('own.what')} {t(`own.${kept}`)}
      </p>
      <div className="space-y-2">
        {CHANNELS.map((channel) => (
          <OwnChannelCard key={channel} view={view} channel={channel} />
        ))}
      </div>
    </section>
  );
}

function OwnChannelCard({ view, channel }: { view: DeskView; channel: Channel }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [test, setTest] = useState<OwnTest | 'running' | null>(null);
  const own = view.ownChannels.channels[channel];
  return (
    <section
      aria-label={`${t('own.title')}: ${t(`channel.${channel}`)}`}
      className="rounded-md border border-line p-3"
    >
      <div className="flex items-center gap-3">
        <h3 className="w-24 font-semibold">{t(`channel.${channel}`)}</h3>
        <span className={own ? '' : 'text-muted'}>{t(own ? 'own.kept' : 'channel.none')}</span>
        <span className="flex-1" />
        <Button
          disabled={!own || test === 'running'}
          onClick={() => {
            setTest('running');
            void call('ownChannel.test', { channel }).then(setTest);
          }}
        >
          {t('channel.test')}
        </Button>
        <Button aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? 'channel.close' : 'channel.edit')}
        </Button>
      </div>
      <p role="status" className="min-h-4 text-[12px]">
        {test === 'running' && <span className="text-muted">{t('channel.testing')}</span>}
        {test !== null && test !== 'running' && (
          <span className={test.ok ? 'text-green' : 'text-amber'}>
            <SaidText said={test} /> · <span className="figure">{amount(test.tookMs, 0)} ms</span>
          </span>
        )}
        {fault !== null && (
          <span className="text-amber">
            <Hostile text={fault} max={160} />
          </span>
        )}
      </p>
      {open && (
        <ChannelForm
          channel={channel}
          settings={own?.settings ?? null}
          secretSet={own?.secretSet ?? false}
          wantsReason={false}
          onSave={async (settings, secret) => {
            const answer = await call('ownChannel.set', { settings, secret });
            if (!answer) return;
            setFault(answer.fault);
            if (answer.fault === null) setOpen(false);
          }}
          onRemove={own ? () => void call('ownChannel.remove', { channel }) : null}
        />
      )}
    </section>
  );
}
