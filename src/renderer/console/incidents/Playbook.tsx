import { assertNever } from '@shared/assert';
import type { Incident } from '@shared/incidents/state';
import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Copy } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { Standing } from '../../components/Standing';
import { Button, Hostile, INPUT } from '../../components/ui';
import { whyNot } from '../../desk/incidents.state';
import { type PlaybookAction, playbookOf, standingNow } from '../../desk/playbook.state';
import { canResume } from '../../desk/resume.state';
import { type Translate, useT } from '../../i18n';
import { call } from '../../lib/call';
import { NO_FIGURE } from '../../lib/format';
import { openDialog, openKillDialog } from '../../lib/store';
import { useIncidentCommand } from '../../lib/useCommand';
import { useLanguage } from '../../lib/useSaid';
import { MayButton, Section, Why } from './parts';
import { useStepRun } from './useStepRun';

interface Props {
  readonly view: DeskView;
  readonly incident: Incident;
}

/** The incident's procedure: steps to tick, commands to copy, and buttons that run ours. */
export function Playbook({ view, incident }: Props) {
  const t = useT();
  const language = useLanguage();
  const playbook = playbookOf(view, incident);
  const { standing, busy, give } = useIncidentCommand(view);
  const why = whyNot(view, view.incidentsPolicy.permissions.handle);
  const run = useStepRun(view, incident);
  if (!playbook) return <p className="text-muted">{t('playbook.none')}</p>;

  const tick = (step: string, done: boolean, outcome: string | null): void => {
    const params = { incident: incident.id, step, done, outcome };
    void give({ name: 'incident.step', params });
  };
  const act = (step: string, action: PlaybookAction): void => {
    switch (action) {
      case 'acknowledge':
        tick(step, true, t('playbook.acknowledged'));
        void call('incident.command', {
          name: 'incident.acknowledge',
          params: { incident: incident.id, via: 'console' },
        });
        return;
      case 'check_status':
        tick(step, true, statusText(view, t));
        return;
      case 'kill':
        run.begin(step, 'kill');
        openKillDialog('console');
        return;
      case 'rollback':
        run.begin(step, 'rollback');
        openDialog({ kind: 'rollback' });
        return;
      case 'resume':
        run.begin(step, 'resume');
        openDialog({ kind: 'resume' });
        return;
      case 'pause':
        run.begin(step, 'pause');
        void call('ops.pause', {
          ...{ scope: { kind: 'all' }, origin: 'console' },
          reason: t('playbook.pauseReason', { number: incident.number }),
        });
        return;
      default:
        assertNever(action);
    }
  };
  const mayAct = (action: PlaybookAction): boolean => {
    if (action === 'acknowledge') return incident.stage === 'open';
    if (action === 'resume') return canResume(view.ops);
    return true;
  };

  return (
    <div className="space-y-2">
      <p className="text-[12px] text-muted">
        {playbook.title[language]} · {playbook.symptoms.map((one) => one[language]).join(' · ')}
      </p>
      <Why why={why} />
      <Standing standing={standing} />
      {run.waiting && (
        <p role="status" className="text-[12px] text-amber">
          {t('playbook.waiting')}
        </p>
      )}
      {playbook.sections.map((section) => (
        <section key={section.id} className="rounded-md border border-line p-2">
          <h3 className="mb-1 text-[13px] font-semibold">{section.title[language]}</h3>
          <ul className="text-[12px]">
            {section.steps.map(({ id, text, command, action }) => (
              <li key={id} className="border-t border-line py-1 first:border-0">
                <div className="flex items-center gap-2">
                  <label className="flex min-w-0 flex-1 items-center gap-2">
                    <input
                      type="checkbox"
                      checked={incident.steps[id]?.done ?? false}
                      disabled={why !== null || busy || incident.closed !== null}
                      onChange={(event) => tick(id, event.target.checked, null)}
                    />
                    <span>{text[language]}</span>
                  </label>
                  {action && (
                    <MayButton
                      why={action === 'kill' ? null : why}
                      ready={incident.closed === null && mayAct(action)}
                      onClick={() => act(id, action)}
                    >
                      {t(`playbook.do.${action}`)}
                    </MayButton>
                  )}
                </div>
                {command && <Command text={command} />}
                <Tick
                  view={view}
                  incident={incident}
                  step={id}
                  onSay={(text) => tick(id, true, text)}
                />
              </li>
            ))}
          </ul>
        </section>
      ))}
      <Section title="escalation.title">
        <ul className="list-disc pl-4 text-[12px]">
          {playbook.escalation.map((one) => (
            <li key={one.es}>{one[language]}</li>
          ))}
        </ul>
      </Section>
    </div>
  );
}

/** Copied, never run from here. */
function Command({ text }: { text: string }) {
  const t = useT();
  return (
    <div className="ml-6 flex items-start gap-1">
      <code className="figure min-w-0 flex-1 rounded bg-raised px-1 break-all text-muted select-text">
        <Hostile text={text} max={1_000} />
      </code>
      <Button
        tone="icon"
        aria-label={t('playbook.copy')}
        title={t('playbook.copy')}
        onClick={() => {
          void navigator.clipboard.writeText(text).then(
            () => toast(t('playbook.copied')),
            () => toast.error(t('playbook.notCopied')),
          );
        }}
      >
        <Copy size={14} aria-hidden />
      </Button>
    </div>
  );
}

/** Who ticked a step and what came of it; a place to say it. */
function Tick(props: Props & { readonly step: string; readonly onSay: (text: string) => void }) {
  const t = useT();
  const [text, setText] = useState('');
  const { view, incident, step } = props;
  const tick = incident.steps[step];
  if (!tick?.done) return null;
  const why = whyNot(view, view.incidentsPolicy.permissions.handle);
  return (
    <div className="ml-6 text-muted">
      <p className="whitespace-pre-wrap">
        {timeOfDay(tick.at)} COT · <Hostile text={tick.by.id} max={32} />
        {tick.outcome && (
          <>
            {' · '}
            <span className="text-text select-text">
              <Hostile text={tick.outcome} max={1_000} />
            </span>
          </>
        )}
      </p>
      {tick.outcome === null && incident.closed === null && (
        <form
          className="flex gap-1"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== '') props.onSay(text.trim());
          }}
        >
          <input
            className={INPUT}
            aria-label={t('playbook.outcome')}
            placeholder={t('playbook.outcome')}
            maxLength={4_000}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <MayButton why={why} ready={text.trim() !== ''} submit>
            {t('playbook.say')}
          </MayButton>
        </form>
      )}
    </div>
  );
}

function statusText(view: DeskView, t: Translate): string {
  const { mode, engines, connected, killed, flat, positions, model, seq } = standingNow(view);
  return t('playbook.status', {
    ...{ mode: t(`mode.${mode}`), engines, connected, killed, flat, seq },
    positions: positions ?? t('impact.unknown'),
    model: model ?? NO_FIGURE,
  });
}
