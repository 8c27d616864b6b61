import type { RollbackTarget } from '@shared/models/rollback';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Compare, metricText } from '../components/Compare';
import { Button, Field, Hostile, INPUT } from '../components/ui';
import { ineligibleText } from '../desk/ineligible';
import { figuresOf, logIsKnown, rollbackChoice } from '../desk/models.state';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { closeDialog } from '../lib/store';
import { useNow } from '../lib/useNow';
import { DialogFrame } from './DialogFrame';

/** Two steps by keyboard: which model and why; then both side by side, and the order. */
export function RollbackDialog({ view, origin }: { view: DeskView; origin: 'panel' | 'console' }) {
  const t = useT();
  const now = useNow();
  const { live, targets, recommended } = rollbackChoice(view, now);
  const [chosen, setChosen] = useState<string | null>(recommended?.model ?? null);
  const [reason, setReason] = useState('');
  const [confirming, setConfirming] = useState(false);
  const [busy, setBusy] = useState(false);
  // The engines' reports may come after the dialog; what was chosen is never changed under the hand.
  if (chosen === null && recommended) setChosen(recommended.model);
  const target = targets.find(({ model }) => model === chosen) ?? null;
  const takes = target !== null && target.ineligible.length === 0;
  const ready = takes && reason.trim() !== '';

  async function go(): Promise<void> {
    if (!ready || busy || !target) return;
    if (!confirming) {
      setConfirming(true);
      return;
    }
    setBusy(true);
    const params = { target: target.model, reason: reason.trim(), origin };
    const given = await call('model.command', { name: 'model.rollback', params });
    setBusy(false);
    if (given) closeDialog();
  }

  return (
    <DialogFrame title={t('rollback.title')} description={t('rollback.what')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        {confirming && target ? (
          <>
            <Compare
              left={live ? (figuresOf(live)?.metrics ?? null) : null}
              right={figuresOf(target)?.metrics ?? null}
              leftName={t('rollback.now', { model: live?.model ?? t('models.none') })}
              rightName={t('rollback.then', { model: target.model })}
            />
            <p className="mt-2 text-[12px] text-muted">
              {t('rollback.reason')}: <Hostile text={reason} max={240} />
            </p>
            <p className="mt-3 rounded-md border border-amber p-2 text-[13px]">
              <strong className="text-amber">{t('rollback.warning')}</strong>{' '}
              {t('rollback.warningText')}
            </p>
          </>
        ) : (
          <>
            <fieldset>
              <legend className="mb-1 text-[12px] text-muted">{t('rollback.choose')}</legend>
              {targets.length === 0 && (
                <p className="text-amber">
                  {t(logIsKnown(view) ? 'rollback.noTarget' : 'log.unknown')}
                </p>
              )}
              {targets.map((one) => (
                <TargetRow
                  key={one.model}
                  target={one}
                  checked={one.model === chosen}
                  recommended={one.model === recommended?.model}
                  onChoose={() => setChosen(one.model)}
                />
              ))}
            </fieldset>
            <div className="mt-3">
              <Field label={t('rollback.reasonLabel')}>
                <input
                  className={INPUT}
                  maxLength={4_000}
                  placeholder={t('rollback.example')}
                  data-first-focus
                  value={reason}
                  onChange={(event) => setReason(event.target.value)}
                />
              </Field>
            </div>
          </>
        )}
        <div className="mt-3 flex justify-end gap-2">
          <Button onClick={confirming ? () => setConfirming(false) : closeDialog}>
            {t(confirming ? 'dialog.back' : 'dialog.cancel')}
          </Button>
          <Button
            type="submit"
            disabled={!ready || busy}
            autoFocus={confirming}
            key={String(confirming)}
          >
            {t(confirming ? 'rollback.go' : 'rollback.next')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}

function TargetRow(props: {
  readonly target: RollbackTarget;
  readonly checked: boolean;
  readonly recommended: boolean;
  readonly onChoose: () => void;
}) {
  const t = useT();
  const { target } = props;
  const barred = target.ineligible.length > 0;
  const figures = figuresOf(target);
  return (
    <label
      className={`mb-1 flex items-start gap-2 rounded-md border p-2 ${props.checked ? 'border-blue' : 'border-line'} ${barred ? 'text-muted' : ''}`}
    >
      <input
        type="radio"
        name="rollback-target"
        className="mt-0.5"
        checked={props.checked}
        disabled={barred}
        onChange={props.onChoose}
      />
      <span className="min-w-0 flex-1">
        <span className="flex justify-between gap-2">
          <Hostile text={`${target.model} · v${target.version}`} max={48} />
          {props.recommended && <span className="text-blue">{t('rollback.recommended')}</span>}
        </span>
        <span className="block text-[12px] text-muted">
          {t('rollback.archived', { time: timestamp(target.archivedAt).slice(0, 16) })}
          {' · '}
          {figures
            ? t('rollback.figures', {
                phase: t(`models.${figures.phase}`),
                sharpe: metricText('sharpe', figures.metrics.sharpe),
                winRate: metricText('winRate', figures.metrics.winRate),
                maxDrawdown: metricText('maxDrawdown', figures.metrics.maxDrawdown),
                trades: metricText('trades', figures.metrics.trades),
              })
            : t('models.noFigures')}
        </span>
        {props.recommended && (
          <span className="block text-[12px] text-blue">{t('rollback.recommendedWhy')}</span>
        )}
        {target.ineligible.map((why) => (
          <span key={why.code} className="block text-[12px] text-amber">
            {ineligibleText(t, why)}
          </span>
        ))}
      </span>
    </label>
  );
}
