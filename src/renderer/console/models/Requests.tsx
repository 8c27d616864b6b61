import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Hostile, INPUT } from '../../components/ui';
import { type Waiting, waitingPromotions } from '../../desk/models.state';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { duration } from '../../lib/format';

/** Promotions that wait for a yes, each with what this operator may answer. */
export function Requests({ view, now }: { view: DeskView; now: number }) {
  return waitingPromotions(view).map((waiting) => (
    <RequestBox key={waiting.request.id} waiting={waiting} now={now} />
  ));
}

function RequestBox({ waiting, now }: { waiting: Waiting; now: number }) {
  const t = useT();
  const [reason, setReason] = useState('');
  const { request, missing, mayApprove, isMine } = waiting;
  const params = { request: request.id, reason: reason.trim(), origin: 'console' } as const;
  const ready = params.reason !== '';
  const needs = missing.map((one) => t(`capacity.${one as 'model-owner'}`)).join(', ');
  return (
    <section className="mb-2 rounded-md border border-amber p-2 text-[12px]">
      <h2 className="font-semibold">
        {t('request.title', { stage: t(`stage.${request.target}`) })}:{' '}
        <Hostile text={request.model} max={48} />
      </h2>
      <p>
        <Hostile text={request.by.id} max={40} />:{' '}
        <Hostile text={request.reason ?? '—'} max={240} />
      </p>
      {request.emergency && (
        <p className="text-amber">
          {t('request.emergency', {
            gates: request.emergency.waived.map((gate) => t(`gate.${gate}`)).join(', '),
          })}{' '}
          <Hostile text={request.emergency.justification} max={240} />
        </p>
      )}
      <p className="text-muted">
        {t('request.waits', { needs, time: duration(request.expiresAt - now) })}
        {request.approvals.length > 0 &&
          ` · ${t('request.approved', { names: request.approvals.map(({ by }) => by.id).join(', ') })}`}
      </p>
      {request.voidedBecause && <p className="text-amber">{t('request.voided')}</p>}
      <input
        className={`${INPUT} my-1`}
        aria-label={t('request.reason')}
        placeholder={t('request.reason')}
        maxLength={4_000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="flex gap-2">
        <Button
          disabled={!mayApprove || !ready}
          onClick={() => void call('model.command', { name: 'promotion.approve', params })}
        >
          {t('request.approve')}
        </Button>
        {isMine ? (
          <Button
            disabled={!ready}
            onClick={() => void call('model.command', { name: 'promotion.withdraw', params })}
          >
            {t('request.withdraw')}
          </Button>
        ) : (
          <Button
            disabled={!mayApprove || !ready}
            onClick={() => void call('model.command', { name: 'promotion.reject', params })}
          >
            {t('request.reject')}
          </Button>
        )}
      </div>
    </section>
  );
}
