import { failingChannels } from '@shared/notify/state';
import { timeOfDay } from '@shared/time';
import type { DeskView, LocalKill } from '@shared/view/desk';
import { Button, Hostile } from '../components/ui';
import { useT } from '../i18n';
import { ConnectionProblem, RestartButton } from '../identity/Connection';
import { call } from '../lib/call';

/** A kill that nothing acknowledged: said as loudly as the screen can, with whom to ring. */
export function KillAlarm({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const late = view.kills.filter(
    (kill) =>
      (kill.stage === 'sending' || kill.stage === 'received') &&
      (kill.alarm || now - kill.issuedAt >= view.policy.kill.alarmAfterMs),
  );
  return late.map((kill) => (
    <section
      key={kill.id}
      role="alert"
      className={`alarm rounded-md p-3 ${kill.alarm ? 'alarm-full' : 'm-2 text-[13px]'}`}
    >
      <h2 className="alarm-title font-bold text-red">{t('alarm.title')}</h2>
      <p>
        {t('alarm.what', {
          seconds: Math.max(0, Math.floor((now - kill.issuedAt) / 1_000)),
          attempts: kill.attempts,
        })}
      </p>
      {kill.lastError && (
        <p className="text-[12px] text-muted">
          <Hostile text={kill.lastError} max={160} />
        </p>
      )}
      <OwnNotices view={view} kill={kill.id} />
      <Direct kill={kill} />
      <ul className="my-2">
        {view.policy.phones.map((one) => (
          <li key={one.phone}>
            <Hostile text={one.name} max={40} /> ·{' '}
            <strong className="figure select-text">
              <Hostile text={one.phone} max={24} />
            </strong>
          </li>
        ))}
        {view.policy.phones.length === 0 && <li>{t('alarm.noPhones')}</li>}
      </ul>
      <div className="flex gap-2">
        <Button disabled={!kill.alarm} onClick={() => void call('kill.silence', { id: kill.id })}>
          {t('alarm.silence')}
        </Button>
        <Button onClick={() => void call('kill.abandon', { id: kill.id })}>
          {t('alarm.abandon')}
        </Button>
      </div>
    </section>
  ));
}

/** Gateways that lack a kill which another one took: what only they reach has not heard of it. */
export function KillLacked({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const late = view.kills.filter(({ issuedAt }) => now - issuedAt >= view.policy.kill.alarmAfterMs);
  const addresses = [...new Set(late.flatMap(({ lackedBy }) => lackedBy))];
  if (addresses.length === 0) return null;
  return (
    <section role="alert" className="m-2 rounded-md border-2 border-amber p-3">
      <h2 className="text-[15px] font-bold text-amber">{t('lacked.title')}</h2>
      <p>{t('lacked.what')}</p>
      <ul className="mt-1 text-[12px] break-all text-muted select-text">
        {addresses.map((address) => (
          <li key={address}>
            <Hostile text={address} max={120} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Where this terminal is connected cannot be read, or not all of it. */
export function ConnectionAlarm({ view }: { view: DeskView }) {
  const t = useT();
  const { source, problem, next } = view.connection;
  if (source !== 'none') {
    if (problem === null || source === 'paper') return null;
    return (
      <p role="status" className="mx-2 mt-2 rounded-md border border-amber p-2 text-[12px]">
        <ConnectionProblem view={view} />
      </p>
    );
  }
  return (
    <section role="alert" className="m-2 rounded-md border-2 border-amber p-3">
      <h2 className="text-[15px] font-bold text-amber">{t('connection.alarm')}</h2>
      <p>{t('connection.alarmWhat')}</p>
      {problem && (
        <p className="my-1 text-[12px] text-muted select-text">
          <Hostile text={problem} max={300} />
        </p>
      )}
      {next && <RestartButton view={view} />}
    </section>
  );
}

/** Channels that deliver nothing, and why. */
export function ChannelAlarm({ view }: { view: DeskView }) {
  const t = useT();
  return failingChannels(view.ops.notify).map((channel) => (
    <p
      key={channel}
      role="alert"
      className="mx-2 mt-2 rounded-md border border-red p-2 text-[12px] text-red"
    >
      {t('panel.channelFailing', {
        channel: t(`channel.${channel}`),
        why: t(`send.${view.ops.notify.channels[channel]?.fault?.code ?? 'unreachable'}`),
      })}
    </p>
  ));
}

/** By what this terminal told of a kill that nobody acknowledged, and whether it got through. */
function OwnNotices({ view, kill }: { view: DeskView; kill: string }) {
  const t = useT();
  const notices = view.ownChannels.notices.filter((one) => one.kill === kill);
  if (notices.length === 0) return null;
  return (
    <p className="text-[12px]">
      {t('own.notices')}:{' '}
      {notices.map(({ channel, state, code }) => (
        <span key={channel} className={state === 'failed' ? 'text-amber' : ''}>
          {t(`channel.${channel}`)} {t(`own.${state}`)}
          {state !== 'delivered' && code !== null && ` (${t(`send.${code}`)})`}{' '}
        </span>
      ))}
    </p>
  );
}

/** What the engines' own services answered, where no gateway did: never more than they prove. */
function Direct({ kill }: { kill: LocalKill }) {
  const t = useT();
  const answers = Object.entries(kill.lastResort);
  if (answers.length === 0) return null;
  return (
    <div className="my-2">
      <h3 className="font-semibold">{t('alarm.lastResort')}</h3>
      <ul>
        {answers.map(([engine, { state, detail, open, owed }]) => (
          <li key={engine}>
            <Hostile text={engine} max={32} /> · <strong>{t(`alarm.direct.${state}`)}</strong>
            {state !== 'trying' && (
              <>
                {' · '}
                {open === null
                  ? t('alarm.direct.openUnknown')
                  : t('alarm.direct.open', { count: open })}
                {(state !== 'blocked' || owed) && (
                  <span className="text-muted">
                    {' · '}
                    <Hostile text={detail} max={120} />
                  </span>
                )}
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A kill that was queued when the terminal last ended: it asks, it never fires by itself. */
export function PendingKillBox({ view }: { view: DeskView }) {
  const t = useT();
  const { pendingKill } = view;
  if (!pendingKill) return null;
  const answer = (fire: boolean) => void call('kill.pending', { id: pendingKill.id, fire });
  return (
    <section role="alert" className="m-2 rounded-md border-2 border-amber p-3">
      <h2 className="text-[15px] font-bold text-amber">{t('pending.title')}</h2>
      <p>{t('pending.what', { time: timeOfDay(pendingKill.issuedAt) })}</p>
      <p className="text-muted">
        <Hostile text={pendingKill.reason} max={160} />
      </p>
      <div className="mt-2 flex gap-2">
        <Button tone="kill" onClick={() => answer(true)}>
          {t('pending.fire')}
        </Button>
        <Button onClick={() => answer(false)}>{t('pending.drop')}</Button>
      </div>
    </section>
  );
}

/** A record that cannot be trusted or kept here: what it means, and what to do. */
export function MirrorAlarm({ view }: { view: DeskView }) {
  const t = useT();
  const { state, problem, quarantinedTo, unsaved } = view.mirror;
  if (state !== 'quarantined' && state !== 'broken' && state !== 'unwritable') return null;
  return (
    <section role="alert" className="m-2 rounded-md border-2 border-amber p-3">
      <h2 className="text-[15px] font-bold text-amber">{t(`mirrorAlarm.${state}`)}</h2>
      <p>{t(`mirrorAlarm.${state}What`, { count: unsaved })}</p>
      {problem && (
        <p className="mt-1 text-[12px] text-muted">
          <Hostile text={problem} max={200} />
        </p>
      )}
      {quarantinedTo && (
        <p className="mt-1 text-[12px] break-all text-muted select-text">
          <Hostile text={quarantinedTo} max={300} />
        </p>
      )}
    </section>
  );
}

/** Gateways of the desk's list whose log is not the one followed: nothing is taken from them. */
export function GatewayAlarm({ view }: { view: DeskView }) {
  const t = useT();
  const { strangers } = view.link;
  if (strangers.length === 0) return null;
  return (
    <section role="alert" className="m-2 rounded-md border-2 border-amber p-3">
      <h2 className="text-[15px] font-bold text-amber">{t('gatewayAlarm.title')}</h2>
      <p>{t('gatewayAlarm.what')}</p>
      <ul className="mt-1 text-[12px] break-all text-muted select-text">
        {strangers.map((address) => (
          <li key={address}>
            <Hostile text={address} max={120} />
          </li>
        ))}
      </ul>
    </section>
  );
}
