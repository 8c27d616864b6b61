import type { Incident } from '@shared/incidents/state';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useCallback, useState } from 'react';
import { Standing } from '../../components/Standing';
import { Hostile, INPUT } from '../../components/ui';
import { timelineOf, whyNot } from '../../desk/incidents.state';
import { playbookOf } from '../../desk/playbook.state';
import { useT } from '../../i18n';
import { eventName } from '../../i18n/events';
import { useIncidentCommand } from '../../lib/useCommand';
import { useLanguage } from '../../lib/useSaid';
import { MayButton, Section, Why } from './parts';

/** Everything of the log that belongs to the incident, the newest first, and what people wrote. */
export function Timeline({ view, incident }: { view: DeskView; incident: Incident }) {
  const t = useT();
  const language = useLanguage();
  const rows = timelineOf(incident).toReversed();
  const steps = playbookOf(view, incident)?.sections.flatMap((section) => section.steps) ?? [];
  const stepText = (id: string) => steps.find((one) => one.id === id)?.text[language] ?? id;
  return (
    <Section title="incident.tab.timeline">
      {incident.closed === null && <Note view={view} incident={incident} />}
      {incident.timelineOmitted > 0 && (
        <p className="text-[12px] text-muted">
          {t('timeline.omitted', { count: incident.timelineOmitted })}
        </p>
      )}
      <ol className="text-[12px]">
        {rows.map(({ seq, ts, type, entry, step, said, by }) => (
          <li
            key={seq}
            className="grid min-h-7 grid-cols-[142px_170px_minmax(0,1fr)_64px] items-start gap-2 border-t border-line py-1"
          >
            <span className="figure text-muted">{timestamp(ts).slice(0, 19)}</span>
            <span className={entry?.kind === 'decision' ? 'font-semibold' : ''}>
              {entry ? (
                t(`timeline.${entry.kind}`)
              ) : (
                <Hostile text={eventName(type, language)} max={48} />
              )}
            </span>
            <span className="min-w-0 whitespace-pre-wrap select-text">
              {step && (
                <span className="text-muted">
                  <Hostile text={stepText(step)} max={200} />
                  {said && ': '}
                </span>
              )}
              {(entry || said) && <Hostile text={entry?.text ?? said ?? ''} max={4_000} />}
              {by && (
                <span className="text-muted">
                  {' '}
                  <Hostile text={by} max={24} />
                </span>
              )}
            </span>
            <span className="figure text-right text-muted">#{seq}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Note({ view, incident }: { view: DeskView; incident: Incident }) {
  const t = useT();
  const [text, setText] = useState('');
  const [kind, setKind] = useState<'note' | 'decision'>('note');
  const clear = useCallback(() => setText(''), []);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const why = whyNot(view, view.incidentsPolicy.permissions.handle);
  const ready = !busy && text.trim() !== '';
  return (
    <form
      className="mb-2 space-y-1"
      onSubmit={(event) => {
        event.preventDefault();
        const params = { incident: incident.id, kind, text: text.trim() };
        if (ready) void give({ name: 'incident.note', params });
      }}
    >
      <div className="grid grid-cols-[120px_minmax(0,1fr)_auto] gap-1">
        <select
          className={INPUT}
          aria-label={t('timeline.kind')}
          value={kind}
          onChange={(event) => setKind(event.target.value === 'decision' ? 'decision' : 'note')}
        >
          <option value="note">{t('timeline.note')}</option>
          <option value="decision">{t('timeline.decision')}</option>
        </select>
        <input
          className={INPUT}
          aria-label={t('timeline.text')}
          placeholder={t('timeline.text')}
          maxLength={4_000}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <MayButton why={why} ready={ready} submit>
          {t('timeline.add')}
        </MayButton>
      </div>
      <Why why={why} />
      <Standing standing={standing} />
    </form>
  );
}
