import { allPass, UNWAIVABLE } from '@shared/models/gates';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { GateList } from '../components/GateList';
import { Button, Field, INPUT } from '../components/ui';
import { promotionOf } from '../desk/models.state';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { closeDialog } from '../lib/store';
import { useNow } from '../lib/useNow';
import { DialogFrame } from './DialogFrame';

const CHECKS = ['backtest', 'metrics', 'team'] as const;

/** Asks for a model's next stage. What is shown as passed is measured again at the gateway. */
export default function PromotionDialog({ view, model: id }: { view: DeskView; model: string }) {
  const t = useT();
  const now = useNow();
  const [checked, setChecked] = useState<readonly string[]>([]);
  const [reason, setReason] = useState('');
  const [emergency, setEmergency] = useState(false);
  const [justification, setJustification] = useState('');
  const [busy, setBusy] = useState(false);
  const model = view.ops.models.models[id];
  const promotion = model ? promotionOf(view, model, now) : null;
  if (!model || !promotion) return null;
  const { target, gates } = promotion;
  const standing = gates.filter(({ outcome }) => outcome === 'failed' || outcome === 'missing');
  const waivable = standing.map((gate) => gate.id).filter((gate) => !UNWAIVABLE.has(gate));
  const waives = emergency && waivable.length === standing.length && justification.trim() !== '';
  const ready =
    reason.trim() !== '' && checked.length === CHECKS.length && (allPass(gates) || waives);

  async function ask(): Promise<void> {
    if (!ready || busy) return;
    setBusy(true);
    const params = {
      model: id,
      target,
      checklist: { backtestReviewed: true, metricsAcceptable: true, teamNotified: true },
      reason: reason.trim(),
      emergency: waives ? { waived: waivable, justification: justification.trim() } : null,
      origin: 'console',
    } as const;
    const given = await call('model.command', { name: 'model.promote', params });
    setBusy(false);
    if (given) closeDialog();
  }

  return (
    <DialogFrame
      title={t('promotion.title', { model: id, stage: t(`stage.${target}`) })}
      description={t('promotion.what')}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <GateList gates={gates} />
        <fieldset className="mt-3">
          <legend className="mb-1 font-semibold">{t('promotion.checklist')}</legend>
          {CHECKS.map((check) => (
            <label key={check} className="flex items-center gap-2 py-0.5">
              <input
                type="checkbox"
                checked={checked.includes(check)}
                onChange={(event) =>
                  setChecked((all) =>
                    event.target.checked ? [...all, check] : all.filter((one) => one !== check),
                  )
                }
              />
              {t(`promotion.check.${check}`)}
            </label>
          ))}
        </fieldset>
        <div className="mt-3">
          <Field label={t('promotion.reason')}>
            <textarea
              className={INPUT}
              rows={2}
              maxLength={4_000}
              placeholder={t('promotion.example')}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </Field>
        </div>
        {waivable.length > 0 && (
          <div className="mt-2 rounded-md border border-amber p-2">
            <label className="flex items-center gap-2">
              <input
                type="checkbox"
                checked={emergency}
                onChange={(event) => setEmergency(event.target.checked)}
              />
              {t('promotion.emergency')}
            </label>
            {emergency && (
              <Field label={t('promotion.justification')}>
                <textarea
                  className={INPUT}
                  rows={2}
                  maxLength={4_000}
                  value={justification}
                  onChange={(event) => setJustification(event.target.value)}
                />
              </Field>
            )}
          </div>
        )}
        <div className="mt-3 flex justify-end gap-2">
          <Button onClick={closeDialog}>{t('dialog.cancel')}</Button>
          <Button type="submit" disabled={!ready || busy}>
            {t('promotion.go')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}
