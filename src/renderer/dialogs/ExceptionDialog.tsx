import { type GateId, gateIdSchema } from '@shared/models/gateId';
import { UNWAIVABLE } from '@shared/models/gates';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Standing } from '../components/Standing';
import { Button, Field, INPUT } from '../components/ui';
import { mayDo } from '../desk/may';
import { useT } from '../i18n';
import { closeDialog } from '../lib/store';
import { useCommand } from '../lib/useCommand';
import { useNow } from '../lib/useNow';
import { DialogFrame } from './DialogFrame';

const DAY_MS = 86_400_000;
/** The longest exception ends this much early, so that a slow command is not over the limit. */
const MARGIN_MS = 60_000;
const GATES = gateIdSchema.options.filter((gate) => !UNWAIVABLE.has(gate));

/** Lifts requirements for one model for a time, with grounds in writing. */
export default function ExceptionDialog({ view, model }: { view: DeskView; model: string }) {
  const t = useT();
  const now = useNow();
  const { permissions, exceptions } = view.modelsPolicy;
  const most = Math.floor(exceptions.maxMs / DAY_MS);
  const [gates, setGates] = useState<readonly GateId[]>([]);
  const [days, setDays] = useState('7');
  const [grounds, setGrounds] = useState('');
  const { standing, give } = useCommand(view, closeDialog);
  const may = mayDo(view, permissions.grantException);
  const length = Number(days);
  const fits = Number.isInteger(length) && length >= 1 && length <= most;
  const wait = Math.min(length * DAY_MS, exceptions.maxMs - MARGIN_MS);
  // By the gateway's clock, which decides when it is over.
  const until = now + (view.link.clockOffsetMs ?? 0) + wait;
  const ready = may && fits && gates.length > 0 && grounds.trim() !== '';

  function toggle(gate: GateId): void {
    setGates(gates.includes(gate) ? gates.filter((one) => one !== gate) : [...gates, gate]);
  }

  return (
    <DialogFrame
      title={t('exception.grantTitle', { model })}
      description={t('exception.what', { days: most })}
    >
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready || standing.kind === 'sent') return;
          const params = { model, gates: [...gates], until, reason: grounds.trim() };
          void give({ name: 'exception.grant', params });
        }}
      >
        <fieldset>
          <legend className="mb-1 text-[12px] text-muted">{t('exception.gates')}</legend>
          <div className="grid grid-cols-2 gap-x-3">
            {GATES.map((gate) => (
              <label key={gate} className="flex items-center gap-2 py-0.5">
                <input
                  type="checkbox"
                  checked={gates.includes(gate)}
                  onChange={() => toggle(gate)}
                />
                {t(`gate.${gate}`)}
              </label>
            ))}
          </div>
        </fieldset>
        <Field label={t('exception.days', { days: most })}>
          <input
            className={INPUT}
            inputMode="numeric"
            aria-invalid={!fits}
            value={days}
            onChange={(event) => setDays(event.target.value)}
          />
        </Field>
        <p className={`text-[12px] ${fits ? 'text-muted' : 'text-amber'}`}>
          {fits
            ? t('exception.ends', { time: timestamp(until).slice(0, 16) })
            : t('exception.badDays', { days: most })}
        </p>
        <Field label={t('exception.grounds')}>
          <textarea
            className={INPUT}
            rows={3}
            maxLength={4_000}
            value={grounds}
            onChange={(event) => setGrounds(event.target.value)}
          />
        </Field>
        {!may && (
          <p className="text-amber">
            {t('standing.may', { roles: permissions.grantException.join(', ') })}
          </p>
        )}
        <Standing standing={standing} />
        <div className="flex justify-end gap-2">
          <Button onClick={closeDialog}>{t('dialog.cancel')}</Button>
          <Button type="submit" disabled={!ready || standing.kind === 'sent'}>
            {t('exception.grant')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}
