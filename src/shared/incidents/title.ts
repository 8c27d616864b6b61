import { sayAll, sayWord } from '../words/phrase';
import type { IncidentCause, Language } from './events';
import type { Incident } from './state';

const CAUSES: Readonly<Record<IncidentCause, Readonly<Record<Language, string>>>> = {
  kill: { es: 'Parada', en: 'Kill' },
  rollback_failed: { es: 'Rollback incompleto', en: 'Rollback incomplete' },
  alert: { es: 'Alerta', en: 'Alert' },
  engine_lost: { es: 'Motor perdido con posiciones', en: 'Engine lost with positions' },
  manual: { es: '', en: '' },
};

/** What people call an incident: its cause in their language and what it is about. */
export function incidentTitle(
  { cause, title, said }: Pick<Incident, 'cause' | 'title' | 'said'>,
  language: Language,
): string {
  const about = said ? sayAll(said, language) : titleOf(cause, title, language);
  const word = CAUSES[cause][language];
  return word === '' ? about : `${word}: ${about}`;
}

/** A title as it stands; earlier versions began an alert's with the kind's own name. */
function titleOf(cause: IncidentCause, title: string, language: Language): string {
  const [, kind, rest] = /^(\w+): (.*)$/s.exec(title) ?? [];
  if (cause !== 'alert' || kind === undefined) return title;
  return `${sayWord(`alert.${kind}`, language)}: ${rest}`;
}
