import { CHANNELS, type Channel } from '@shared/notify/message';
import type { ChannelRecord, Said } from '@shared/notify/state';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Hostile } from '../../components/ui';
import { type ChannelWord, channelWord } from '../../desk/channels.state';
import { channelRights, levelsOf } from '../../desk/notify.state';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { amount } from '../../lib/format';
import { useSaid } from '../../lib/useSaid';
import { ChannelForm } from './ChannelForm';

const TONE: Readonly<Record<ChannelWord, string>> = {
  none: 'text-muted',
  ok: 'text-text',
  proven: 'text-green',
  failing: 'text-red',
};

/** The gateway's channels: how each is, what it last did, and its set-up. */
export function Channels({ view }: { view: DeskView }) {
  const t = useT();
  const rights = channelRights(view);
  return (
    <section aria-labelledby="channels-title" className="min-w-0">
      <h2 id="channels-title" className="mb-1 text-[15px] font-semibold">
        {t('channels.title')}
      </h2>
      <p className="mb-2 text-[12px] text-muted">
        {t('channels.what')} {!rights.configure && t('channels.mayNot')}
      </p>
      <div className="space-y-2">
        {CHANNELS.map((channel) => (
          <ChannelCard key={channel} view={view} channel={channel} />
        ))}
      </div>
    </section>
  );
}

function ChannelCard({ view, channel }: { view: DeskView; channel: Channel }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const say = useSaid();
  const [sent, setSent] = useState<string | null>(null);
  const record = view.ops.notify.channels[channel];
  const word = channelWord(view, channel);
  const rights = channelRights(view);
  const command = view.commands.find(({ id }) => id === sent);
  const give = async (...args: Parameters<typeof call<'channel.command'>>): Promise<void> => {
    const given = await call(...args);
    if (given) setSent(given.id);
  };
  return (
    <section aria-label={t(`channel.${channel}`)} className="rounded-md border border-line p-3">
      <div className="flex items-center gap-3">
        <h3 className="w-24 font-semibold">{t(`channel.${channel}`)}</h3>
        <strong className={TONE[word]}>{t(`channel.${word}`)}</strong>
        <span className="min-w-0 flex-1 truncate text-[12px] text-muted">
          {t('channel.level')}:{' '}
          {levelsOf(view, channel)
            .map((level) => t(`levelName.${level}`))
            .join(' · ')}{' '}
          {record && <Place record={record} />}
        </span>
        <Button
          disabled={!record || !rights.test}
          onClick={() =>
            void give('channel.command', { name: 'channel.test', params: { channel } })
          }
        >
          {t('channel.test')}
        </Button>
        <Button disabled={!rights.configure} aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? 'channel.close' : 'channel.edit')}
        </Button>
      </div>
      {record && <Standing record={record} />}
      <p role="status" className="min-h-4 text-[12px] text-muted">
        {command && t(`command.${command.stage}`)}
        {command?.message && (
          <span className="text-amber">
            {': '}
            <Hostile text={say(command.said, command.message)} max={200} />
          </span>
        )}
      </p>
      {open && (
        <ChannelForm
          key={record?.since ?? 0}
          channel={channel}
          settings={record?.settings ?? null}
          secretSet={record?.secretSet ?? false}
          wantsReason
          onSave={(settings, secret, reason) =>
            void give('channel.command', {
              ...{ name: 'channel.configure', params: { settings, secret, reason } },
            })
          }
          onRemove={
            record
              ? (reason) =>
                  void give('channel.command', {
                    ...{ name: 'channel.remove', params: { channel, reason } },
                  })
              : null
          }
        />
      )}
    </section>
  );
}

/** Where it goes, so far as that is no secret. */
function Place({ record: { settings } }: { record: ChannelRecord }) {
  switch (settings.channel) {
    case 'slack':
      return <Hostile text={settings.label} max={40} />;
    case 'email':
      return <Hostile text={`${settings.host}:${settings.port}`} max={60} />;
    case 'pagerduty':
      return <Hostile text={settings.url} max={60} />;
  }
}

function Standing({ record }: { record: ChannelRecord }) {
  const t = useT();
  const { deliveredAt, tookMs, delivered, failed, fault, lastFailure, lastTest } = record;
  return (
    <div className="mt-1 space-y-0.5 text-[12px]">
      <p className="text-muted">
        {deliveredAt === null
          ? t('channel.never')
          : t('channel.delivered', {
              time: shortTime(deliveredAt),
              took: `${amount((tookMs ?? 0) / 1_000, 2)} s`,
            })}
        {' · '}
        {t('channel.counts', { delivered, failed })}
      </p>
      {!record.secretSet && record.settings.channel !== 'email' && (
        <p className="text-amber">{t('channel.noSecret')}</p>
      )}
      {fault && (
        <p className="text-red">
          {t('channel.fault', { time: shortTime(fault.at) })}: <SaidText said={fault} />
        </p>
      )}
      {!fault && lastFailure && (
        <p className="text-muted">
          {t('channel.lastFailure', { time: shortTime(lastFailure.at) })}:{' '}
          <SaidText said={lastFailure} />
        </p>
      )}
      {record.testAskedAt !== null && <p className="text-muted">{t('channel.testing')}</p>}
      {lastTest && (
        <p className={lastTest.ok ? 'text-green' : 'text-amber'}>
          {t('channel.tested', { time: shortTime(lastTest.at) })}: <SaidText said={lastTest} /> ·{' '}
          <span className="figure">{amount(lastTest.tookMs, 0)} ms</span>
        </p>
      )}
    </div>
  );
}

const shortTime = (at: number): string => timestamp(at).slice(0, 19);

/** What a third party answered: in the desk's words, and in its own. */
export function SaidText({ said }: { said: Pick<Said, 'code' | 'status' | 'answer'> }) {
  const t = useT();
  return (
    <>
      {t(`send.${said.code}`)}
      {said.status !== null && <span className="figure"> ({said.status})</span>}
      {said.answer !== '' && (
        <>
          {' '}
          «<Hostile text={said.answer} max={160} />»
        </>
      )}
    </>
  );
}
