import { severitySchema } from '@shared/alerts/events';
import type { DeskView } from '@shared/view/desk';
import { useCallback, useState } from 'react';
import { useAlertDetail } from '../../components/Alerts';
import { Standing } from '../../components/Standing';
import { Button, Field, Hostile, INPUT } from '../../components/ui';
import { activeAlerts, whyNot } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { clip } from '../../lib/format';
import { useIncidentCommand } from '../../lib/useCommand';
import { useLanguage } from '../../lib/useSaid';
import { MayButton, Section, Why } from './parts';

/** Opens an incident that no rule opened. */
export function OpenForm({ view, onDone }: { view: DeskView; onDone: (open: boolean) => void }) {
  const t = useT();
  const detail = useAlertDetail();
  const language = useLanguage();
  const [severity, setSeverity] = useState<'P0' | 'P1' | 'P2' | 'P3'>('P2');
  const [title, setTitle] = useState('');
  const [playbook, setPlaybook] = useState('');
  const [alerts, setAlerts] = useState<readonly string[]>([]);
  const [reason, setReason] = useState('');
  const close = useCallback(() => onDone(false), [onDone]);
  const { standing, busy, give } = useIncidentCommand(view, close);
  const why = whyNot(view, view.incidentsPolicy.permissions.open);
  const ready = !busy && title.trim() !== '' && reason.trim() !== '';
  const rule = view.incidentsPolicy.severities[severity];
  return (
    <Section title="incidents.open">
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          const params = {
            ...{ severity, title: title.trim(), alerts: [...alerts], reason: reason.trim() },
            playbook: playbook || null,
          };
          void give({ name: 'incident.open', params });
        }}
      >
        <Field label={t('incidents.severity')}>
          <select
            className={INPUT}
            value={severity}
            onChange={(event) => setSeverity(severitySchema.parse(event.target.value))}
          >
            {severitySchema.options.map((one) => (
              <option key={one} value={one}>
                {`${one} · ${view.incidentsPolicy.severities[one].criteria[language]}`}
              </option>
            ))}
          </select>
        </Field>
        <p className="text-[12px] text-muted">
          {t('open.calls', { roles: rule.escalation.map(({ role }) => role).join(' → ') })}
        </p>
        <Field label={t('open.title')}>
          <input
            className={INPUT}
            maxLength={256}
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </Field>
        <Field label={t('incident.playbook')}>
          <select
            className={INPUT}
            value={playbook}
            onChange={(event) => setPlaybook(event.target.value)}
          >
            <option value="">{t('open.noPlaybook')}</option>
            {view.playbooks.playbooks.map((one) => (
              <option key={one.id} value={one.id}>
                {one.title[language]}
              </option>
            ))}
          </select>
        </Field>
        {activeAlerts(view).length > 0 && (
          <fieldset className="text-[12px]">
            <legend className="text-muted">{t('open.alerts')}</legend>
            {activeAlerts(view).map((alert) => (
              <label key={alert.id} className="flex items-center gap-2">
                <input
                  type="checkbox"
                  checked={alerts.includes(alert.id)}
                  onChange={(event) =>
                    setAlerts(
                      event.target.checked
                        ? [...alerts, alert.id]
                        : alerts.filter((one) => one !== alert.id),
                    )
                  }
                />
                <Hostile text={`${alert.severity} · ${clip(detail(alert), 80)}`} max={90} />
              </label>
            ))}
          </fieldset>
        )}
        <Field label={t('incident.reason')}>
          <textarea
            className={INPUT}
            rows={2}
            maxLength={4_000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
        <Why why={why} />
        <Standing standing={standing} />
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{t('dialog.cancel')}</Button>
          <MayButton why={why} ready={ready} submit>
            {t('open.go')}
          </MayButton>
        </div>
      </form>
    </Section>
  );
}
