import type { IncidentCause, Language } from './events';
import type { Incident } from './state';

const CAUSES: Readonly<Record<IncidentCause, Readonly<Record<Language, string>>>> = {
  kill: { es: 'Parada', en: 'Kill' },
  rollback_failed: { es: 'Rollback incompleto', en: 'Rollback incomplete' },
  alert: { es: 'Alerta', en: 'Alert' },
  engine_lost: { es: 'Motor perdido con posiciones', en: 'Engine lost with positions' },
  manual: { es: '', en: '' },
};

/** What people call an incident: its cause in their language and what the log has as its title. */
export function incidentTitle(
  { cause, title }: Pick<Incident, 'cause' | 'title'>,
  language: Language,
): string {
  const word = CAUSES[cause][language];
  return word === '' ? title : `${word}: ${title}`;
}
