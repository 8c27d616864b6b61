import type { Alert } from '../alerts/state';
import type { Playbooks } from '../policy/playbooks';
import { timeOfDay, tradingDay } from '../time';
import type { Language } from './events';
import { fill, markdownText } from './fill';
import { durationText, type Impact, impactLines, momentText } from './impact';
import type { ActionItem, Incident } from './state';
import { incidentTitle } from './title';

export interface PostMortemContext {
  readonly impact: Impact;
  /** Alerts that are, or were, linked to the incident, as far as they are known. */
  readonly alerts: readonly Alert[];
  readonly actionItems: readonly ActionItem[];
  /** Names an event's type in the reader's language. */
  readonly eventName: (type: string) => string;
  readonly author: string;
}

const WORDS = {
  es: {
    none: 'n/d',
    summary: 'Qué pasó, en pocas palabras.',
    detected: 'Detección',
    omitted: 'eventos omitidos; el registro los tiene todos',
    note: 'nota',
    decision: 'decisión',
    log: 'Registro: secuencias',
    alerts: 'Alertas',
  },
  en: {
    none: 'n/a',
    summary: 'Brief description of what happened.',
    detected: 'Detection',
    omitted: 'events left out; the log has them all',
    note: 'note',
    decision: 'decision',
    log: 'Log: sequences',
    alerts: 'Alerts',
  },
} as const;

/**
 * A post-mortem as Markdown in the plan's form, with all that the log knows filled in: timeline,
 * durations, impact, alerts. What only people know is left to them.
 */
export function draftPostMortem(
  templates: Playbooks['templates'],
  language: Language,
  incident: Incident,
  context: PostMortemContext,
): string {
  const words = WORDS[language];
  const { impact } = context;
  const { opened, resolved } = incident;
  const end = resolved ? momentText(resolved.at) : words.none;
  const factors = context.alerts.map(({ severity, kind, detail, count }) =>
    markdownText(`${severity} ${kind}: ${detail}${count > 1 ? ` (×${count})` : ''}`),
  );
  return fill(templates.postMortem[language], {
    title: markdownText(`${incidentTitle(incident, language)} (#${incident.number})`),
    date: tradingDay(opened.at),
    span: `${momentText(opened.at)} – ${end} COT (${durationText(impact.durationMs)})`,
    severity: incident.severity,
    author: markdownText(context.author),
    reviewers: '',
    summary: incident.reason ? markdownText(incident.reason) : words.summary,
    impact: list(impactLines(impact, language).map(markdownText)),
    timeline: list(timelineLines(incident, language, context.eventName)),
    rootCause: incident.rootCause ? markdownText(incident.rootCause) : words.none,
    factors: list(factors.length > 0 ? factors : [words.none]),
    resolution: incident.resolution ? markdownText(incident.resolution) : words.none,
    actionItems: actionRows(incident, context.actionItems),
    appendix: appendix(incident, words),
  });
}

/** `HH:MM:SS what, who`, by time; notes and decisions in their own words. */
function timelineLines(
  incident: Incident,
  language: Language,
  eventName: (type: string) => string,
): readonly string[] {
  const words = WORDS[language];
  const notes = new Map(incident.entries.map((entry) => [entry.seq, entry]));
  const day = tradingDay(incident.opened.at);
  const when = (at: number) =>
    tradingDay(at) === day ? timeOfDay(at) : `${tradingDay(at)} ${timeOfDay(at)}`;
  const lines = incident.timeline.map(({ seq, ts, type }) => {
    const entry = notes.get(seq);
    const what = entry
      ? `${words[entry.kind]}, ${entry.by.id}: ${entry.text}`
      : `${eventName(type)} (#${seq})`;
    return `${when(ts)} - ${markdownText(what)}`;
  });
  const { detectedFrom, timelineOmitted } = incident;
  return [
    ...(detectedFrom === null ? [] : [`${when(detectedFrom)} - ${words.detected}`]),
    ...lines,
    ...(timelineOmitted > 0 ? [`… ${timelineOmitted} ${words.omitted}`] : []),
  ];
}

function actionRows({ id }: Incident, items: readonly ActionItem[]): string {
  const own = items.filter(({ incident }) => incident === id);
  if (own.length === 0) return '|  |  |  |  |';
  return own
    .map(({ text, owner, due, status }) =>
      [markdownText(text), markdownText(owner), due, status].join(' | '),
    )
    .map((row) => `| ${row} |`)
    .join('\n');
}

function appendix(incident: Incident, words: (typeof WORDS)[Language]): string {
  const first = incident.timeline[0]?.seq ?? incident.opened.seq;
  const last = incident.timeline.at(-1)?.seq ?? incident.opened.seq;
  const alerts = incident.alerts.map(markdownText).join(', ') || words.none;
  return list([`${words.log} ${first}–${last}`, `${words.alerts}: ${alerts}`]);
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
