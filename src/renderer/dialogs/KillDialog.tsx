import type { Origin } from '@shared/protocol/commands';
import type { DeskView } from '@shared/view/desk';
import { useEffect, useRef, useState } from 'react';
import { notionalText } from '../components/Notional';
import { Button, Field, INPUT } from '../components/ui';
import { scopeTotals } from '../desk/figures.state';
import { environmentKey } from '../desk/scope.state';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { changeKillDraft, closeDialog, EMPTY_KILL_DRAFT, useApp } from '../lib/store';
import { useNow } from '../lib/useNow';
import { DialogFrame } from './DialogFrame';
import { ScopePicker } from './ScopePicker';

/** Says what a kill will do, asks why, and gives it. Never waits for the link. */
export function KillDialog({ view, origin }: { view: DeskView; origin: Origin }) {
  const t = useT();
  const now = useNow();
  const draft = useApp((state) => state.killDraft);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const reasonBox = useRef<HTMLTextAreaElement>(null);
  // The hotkey's second press fires while this is open: from then on the chain is what to look at.
  const firedByHotkey = view.kills.find((kill) => kill.origin === 'hotkey')?.id;
  const firedBefore = useRef(firedByHotkey);
  useEffect(() => {
    if (firedByHotkey === firedBefore.current) return;
    changeKillDraft(EMPTY_KILL_DRAFT);
    closeDialog();
  }, [firedByHotkey]);

  const totals = scopeTotals(view, draft.scope, now);
  const what = t(draft.closePositions ? 'kill.what' : 'kill.whatKeep', {
    engines: totals.engines,
    positions: totals.positions,
    notional: notionalText(totals.notional, totals.incomplete, t),
  });
  const down = view.link.state !== 'live' ? ` ${t('kill.whatDown')}` : '';

  async function fire(): Promise<void> {
    if (busy) return;
    const reason = draft.reason.trim();
    if (draft.scope.kind === 'engines' && draft.scope.engines.length === 0) {
      return setProblem(t('kill.needEngine'));
    }
    if (reason === '') {
      reasonBox.current?.focus();
      return setProblem(t('kill.needReason'));
    }
    setBusy(true);
    const given = await call('kill.fire', { ...draft, reason, origin });
    setBusy(false);
    if (!given) return;
    changeKillDraft(EMPTY_KILL_DRAFT);
    closeDialog();
  }

  return (
    <DialogFrame
      title={t('kill.title', { env: t(environmentKey(view.environment)) })}
      description={what + down}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void fire();
        }}
      >
        <ScopePicker
          scope={draft.scope}
          engines={Object.values(view.ops.engines)}
          onChange={(scope) => changeKillDraft({ scope })}
        />
        <label className="mb-3 flex items-center gap-2">
          <input
            type="checkbox"
            checked={draft.closePositions}
            onChange={(event) => changeKillDraft({ closePositions: event.target.checked })}
          />
          {t('kill.close')}
        </label>
        <Field label={t('kill.reason')}>
          <textarea
            ref={reasonBox}
            data-first-focus
            className={INPUT}
            rows={2}
            maxLength={4_000}
            required
            value={draft.reason}
            onChange={(event) => {
              setProblem(null);
              changeKillDraft({ reason: event.target.value });
            }}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
              event.preventDefault();
              void fire();
            }}
          />
        </Field>
        <p role="alert" className="min-h-5 text-[12px] text-amber">
          {problem}
        </p>
        <div className="flex gap-2">
          <Button onClick={closeDialog}>{t('dialog.cancel')}</Button>
          <Button tone="kill" type="submit" disabled={busy} className="h-11 flex-1 text-[20px]">
            {t('kill.go')}
          </Button>
        </div>
        <p className="mt-2 text-[12px] text-muted">{t('kill.keys')}</p>
      </form>
    </DialogFrame>
  );
}
