import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Hostile, INPUT } from '../components/ui';
import { canResume, mayApprove } from '../desk/resume.state';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { duration } from '../lib/format';
import { openDialog } from '../lib/store';
import { useSaid } from '../lib/useSaid';

interface Props {
  readonly view: DeskView;
  readonly now: number;
  readonly origin: 'panel' | 'console';
}

/** Pause and resume, the last command's stage, and a resume that waits for its second person. */
export function Operations({ view, now, origin }: Props) {
  const t = useT();
  const say = useSaid();
  const { mode } = view.ops.desk;
  const last = view.commands[0];
  return (
    <>
      <div className="mt-2 flex gap-2">
        <Button
          className="flex-1"
          title={t('ops.pauseWhat')}
          disabled={mode === 'paused' || mode === 'killed'}
          onClick={() =>
            void call('ops.pause', { scope: { kind: 'all' }, reason: t('ops.pauseReason'), origin })
          }
        >
          {t('ops.pause')}
        </Button>
        <Button
          className="flex-1"
          disabled={!canResume(view.ops)}
          onClick={() => openDialog({ kind: 'resume' })}
        >
          {t('ops.resume')}
        </Button>
        <Button className="flex-1" onClick={() => openDialog({ kind: 'rollback' })}>
          {t('rollback.button')}
        </Button>
      </div>
      {last && (
        <p className="mt-1 text-[12px] text-muted">
          <Hostile text={last.name} max={24} />: {t(`command.${last.stage}`)}
          {last.message && (
            <span className="text-amber">
              {' '}
              <Hostile text={say(last.said, last.message)} max={160} />
            </span>
          )}
        </p>
      )}
      {view.ops.resumeRequests.map((request) => (
        <ResumeWaiting key={request.id} view={view} now={now} origin={origin} id={request.id} />
      ))}
    </>
  );
}

function ResumeWaiting({ view, now, origin, id }: Props & { readonly id: string }) {
  const t = useT();
  const [reason, setReason] = useState('');
  const request = view.ops.resumeRequests.find((one) => one.id === id);
  if (!request) return null;
  const answer = { request: id, reason: reason.trim(), origin };
  const may = mayApprove(view, request);
  return (
    <section className="mt-2 rounded-md border border-amber p-2 text-[12px]">
      <h2 className="font-semibold">{t('resume.waiting')}</h2>
      <p>
        <Hostile text={request.by.id} max={40} />: <Hostile text={request.reason} max={160} />
      </p>
      <p className="text-muted">
        {t('resume.expires', { time: duration(request.expiresAt - now) })}
        {!may && ` · ${t('resume.samePerson')}`}
      </p>
      <input
        className={`${INPUT} my-1`}
        aria-label={t('resume.reason')}
        placeholder={t('resume.reason')}
        maxLength={4_000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="flex gap-2">
        <Button
          disabled={!may || answer.reason === ''}
          onClick={() => void call('ops.approveResume', answer)}
        >
          {t('resume.approve')}
        </Button>
        <Button
          disabled={answer.reason === ''}
          onClick={() => void call('ops.withdrawResume', answer)}
        >
          {t('resume.withdraw')}
        </Button>
      </div>
    </section>
  );
}
