import type { DeskView } from '@shared/view/desk';
import { GatewayCount } from '../components/Gateways';
import { Hostile } from '../components/ui';
import { channelWords } from '../desk/channels.state';
import { useT } from '../i18n';
import { amount } from '../lib/format';

/** Link, mirror, clock and runtime, in words; what is wrong is amber. */
export function StatusLine({ view }: { view: DeskView }) {
  const t = useT();
  const { link, mirror, gateway, runtime, updates } = view;
  const off = link.clockOffsetMs;
  const clockWrong = off !== null && Math.abs(off) > view.policy.figures.clockOffsetShownAboveMs;
  const channels = channelWords(view);
  const red = channels.some(({ word }) => word === 'failing');
  const list = channels.map(
    ({ channel, word }) => `${t(`channel.${channel}`)} ${t(`channel.${word}`)}`,
  );
  const look = (wrong: boolean): string => (wrong ? 'text-amber' : 'text-muted');
  return (
    <footer className="col-span-2 flex min-h-7 flex-wrap items-center gap-x-4 border-t border-line px-3 text-[12px]">
      <span className={look(link.state !== 'live')}>
        {t(`link.${link.state}`)} <Hostile text={link.address} max={60} />
      </span>
      <GatewayCount link={link} />
      <span className={look(mirror.state !== 'ok')}>
        {t('status.mirror')} {t(`mirror.${mirror.state}`)} ·{' '}
        {t('status.verified', { seq: mirror.verifiedSeq })}
        {mirror.headSeq !== null && ` ${t('status.head', { seq: mirror.headSeq })}`}
        {mirror.unsaved > 0 && ` · ${t('status.unsaved', { count: mirror.unsaved })}`}{' '}
        {mirror.problem && <Hostile text={mirror.problem} />}
      </span>
      <span className={red ? 'text-red' : 'text-muted'}>
        {channels.length === 0
          ? t('status.noChannels')
          : t('status.channels', { list: list.join(', ') })}
      </span>
      {off !== null && (
        <span className={look(clockWrong)}>
          {t('status.clock')} {amount(off, 0)} ms
        </span>
      )}
      {gateway.unsavedEvents > 0 && (
        <span className="text-amber">{t('gateway.unsaved', { count: gateway.unsavedEvents })}</span>
      )}
      {gateway.storeError && (
        <span className="text-amber">
          {t('gateway.store')} <Hostile text={gateway.storeError} />
        </span>
      )}
      {gateway.restarts > 0 && (
        <span className="text-amber">{t('gateway.restarts', { count: gateway.restarts })}</span>
      )}
      {updates.stage.kind === 'available' && (
        <span className="text-blue">{t('update.waits', { version: updates.stage.version })}</span>
      )}
      <span className={look(!runtime.official || !runtime.sandboxed)}>
        {t('status.runtime', { electron: runtime.electron })}
        {!runtime.official && ` · ${t('status.fallback')}`}
        {!runtime.sandboxed && ` · ${t('status.unsandboxed')}`}
      </span>
    </footer>
  );
}
