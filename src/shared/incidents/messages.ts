import type { Bilingual, Playbooks } from '../policy/playbooks';
import type { IncidentStage, Language } from './events';
import { fill } from './fill';
import { durationText, type Impact, impactLines } from './impact';
import type { Incident } from './state';
import { incidentTitle } from './title';

export type MessageTemplate = keyof Playbooks['templates']['messages'];

const STATUS: Readonly<Record<IncidentStage, Bilingual>> = {
  open: { es: 'Investigando', en: 'Investigating' },
  acknowledged: { es: 'Investigando', en: 'Investigating' },
  mitigating: { es: 'Mitigando', en: 'Mitigating' },
  resolved: { es: 'Resuelto', en: 'Resolved' },
  closed: { es: 'Resuelto', en: 'Resolved' },
};

const UNKNOWN: Bilingual = { es: 'por confirmar', en: 'to be confirmed' };

/**
 * A message about an incident, filled in from the log and to be edited before it is sent. It is
 * plain text: each channel escapes it as its own markup asks.
 */
export function fillMessage(
  templates: Playbooks['templates']['messages'],
  which: MessageTemplate,
  language: Language,
  incident: Incident,
  impact: Impact,
): string {
  const unknown = UNKNOWN[language];
  const latest = incident.entries.at(-1)?.text ?? unknown;
  return fill(templates[which][language], {
    title: `${incidentTitle(incident, language)} (#${incident.number})`,
    severity: incident.severity,
    status: STATUS[incident.stage][language],
    impact: impactLines(impact, language).join('; '),
    progress: latest,
    eta: unknown,
    duration: durationText(impact.durationMs),
    rootCause: incident.rootCause ?? unknown,
    postMortem: incident.postMortem?.published ? `#${incident.number}` : unknown,
  }).trimEnd();
}
