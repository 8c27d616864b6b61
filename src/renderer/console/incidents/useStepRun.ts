import type { Incident } from '@shared/incidents/state';
import type { DeskView } from '@shared/view/desk';
import { useEffect, useState } from 'react';
import { commandIds, outcomeOf, type StepRun } from '../../desk/playbook.state';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { useLanguage } from '../../lib/useSaid';

/**
 * A playbook's button that runs an order: follows the order it led to, takes its events into the
 * incident and writes what became of it beside the step. An order that is never given writes nothing.
 */
export function useStepRun(
  view: DeskView,
  incident: Incident,
): {
  readonly waiting: boolean;
  begin(step: string, action: StepRun['action']): void;
} {
  const t = useT();
  const language = useLanguage();
  const [run, setRun] = useState<StepRun | null>(null);
  const outcome = run ? outcomeOf(view, run, language) : null;
  const stage = outcome?.stage;
  const { id: incidentId, correlations } = incident;
  useEffect(() => {
    if (!run || !outcome || stage === 'running') return;
    setRun(null);
    const { id, message } = outcome;
    const words = { action: t(`playbook.do.${run.action}`), id };
    const text =
      stage === 'taken'
        ? t('playbook.taken', words)
        : t('playbook.refused', { ...words, cause: message ?? '' });
    void (async () => {
      if (stage === 'taken' && !correlations.includes(id)) {
        const params = { incident: incidentId, correlation: id };
        await call('incident.command', { name: 'incident.correlate', params });
      }
      const params = {
        ...{ incident: incidentId, step: run.step, done: stage === 'taken' },
        outcome: text.slice(0, 4_000),
      };
      await call('incident.command', { name: 'incident.step', params });
    })();
  }, [run, outcome, stage, incidentId, correlations, t]);
  return {
    waiting: outcome !== null,
    begin: (step, action) => setRun({ step, action, before: commandIds(view) }),
  };
}
