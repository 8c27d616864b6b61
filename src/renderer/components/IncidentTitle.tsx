import { incidentTitle } from '@shared/incidents/title';
import type { AnyIncident } from '../desk/incidents.state';
import { useLanguage } from '../lib/useSaid';
import { Hostile } from './ui';

/** What an incident is called: its number, its cause, and its title in the reader's language. */
export function IncidentTitle({ incident, max }: { incident: AnyIncident; max: number }) {
  const language = useLanguage();
  return (
    <>
      <span className="figure">#{incident.number}</span>{' '}
      <Hostile text={incidentTitle(incident, language)} max={max} />
    </>
  );
}
