import { incidentTitle } from '@shared/incidents/title';
import type { AnyIncident } from '../desk/incidents.state';
import { useT } from '../i18n';
import { useApp } from '../lib/store';
import { alertName } from './Alerts';
import { Hostile } from './ui';

/** What an incident is called: its number, its cause, and its title with the alert's kind in words. */
export function IncidentTitle({ incident, max }: { incident: AnyIncident; max: number }) {
  const t = useT();
  const language = useApp((state) => state.settings?.language ?? 'es');
  const [, kind, rest] = /^(\w+): (.*)$/s.exec(incident.title) ?? [];
  const title =
    incident.cause === 'alert' && kind !== undefined
      ? `${alertName(kind, t)}: ${rest}`
      : incident.title;
  return (
    <>
      <span className="figure">#{incident.number}</span>{' '}
      <Hostile text={incidentTitle({ cause: incident.cause, title }, language)} max={max} />
    </>
  );
}
