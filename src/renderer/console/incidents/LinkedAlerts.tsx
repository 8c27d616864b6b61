import type { Incident } from '@shared/incidents/state';
import type { DeskView } from '@shared/view/desk';
import { useCallback, useState } from 'react';
import { alertName, useAlertDetail } from '../../components/Alerts';
import { SeverityMark } from '../../components/Severity';
import { Standing } from '../../components/Standing';
import { Hostile, INPUT } from '../../components/ui';
import { activeAlerts, whyNot } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { clip } from '../../lib/format';
import { useIncidentCommand } from '../../lib/useCommand';
import { MayButton, Section } from './parts';

/** The alerts of the incident, over or not, and a way to link another. */
export function LinkedAlerts({ view, incident }: { view: DeskView; incident: Incident }) {
  const t = useT();
  const detail = useAlertDetail();
  const [chosen, setChosen] = useState('');
  const clear = useCallback(() => setChosen(''), []);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const { active, cleared } = view.ops.alerts;
  const others = activeAlerts(view).filter(({ id }) => !incident.alerts.includes(id));
  const why = whyNot(view, view.incidentsPolicy.permissions.handle);
  return (
    <Section title="incident.alerts">
      {incident.alerts.length === 0 && <p className="text-[12px] text-muted">{t('linked.none')}</p>}
      <ul className="text-[12px]">
        {incident.alerts.map((id) => {
          const alert = active[id] ?? cleared.find((one) => one.id === id);
          return (
            <li
              key={id}
              className="flex min-h-7 items-center gap-2 border-t border-line first:border-0"
            >
              {alert ? (
                <>
                  <SeverityMark severity={alert.severity} short />
                  <span className="whitespace-nowrap">{alertName(alert.kind, t)}</span>
                  <span className="min-w-0 flex-1 truncate text-muted">
                    <Hostile text={detail(alert)} max={120} />
                  </span>
                  <span className={id in active ? 'text-amber' : 'text-muted'}>
                    {t(id in active ? 'linked.active' : 'linked.over')}
                  </span>
                </>
              ) : (
                <Hostile text={id} max={80} />
              )}
            </li>
          );
        })}
      </ul>
      {incident.closed === null && others.length > 0 && (
        <form
          className="mt-1 flex gap-1"
          onSubmit={(event) => {
            event.preventDefault();
            const params = { incident: incident.id, alert: chosen };
            if (chosen !== '') void give({ name: 'incident.link_alert', params });
          }}
        >
          <select
            className={INPUT}
            aria-label={t('linked.other')}
            value={chosen}
            onChange={(event) => setChosen(event.target.value)}
          >
            <option value="">{t('linked.other')}</option>
            {others.map((alert) => (
              <option key={alert.id} value={alert.id}>
                {`${alert.severity} · ${alertName(alert.kind, t)} · ${clip(detail(alert), 60)}`}
              </option>
            ))}
          </select>
          <MayButton why={why} ready={!busy && chosen !== ''} submit>
            {t('linked.link')}
          </MayButton>
        </form>
      )}
      <Standing standing={standing} />
    </Section>
  );
}
