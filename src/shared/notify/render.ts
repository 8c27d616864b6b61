import type { NotificationsPolicy } from '../policy/notifications';
import type { Environment } from '../protocol/engine';
import { timestamp } from '../time';
import {
  type Language,
  LEVEL_RANK,
  type Level,
  type Message,
  type Rendered,
  VALUE_MAX,
  type Value,
} from './message';
import { line, plain } from './text';
import {
  ENVIRONMENT_TEXTS,
  GROUP_TEXTS,
  KIND_TEXTS,
  LABEL_TEXTS,
  LEVEL_TEXTS,
  TEST_TEXTS,
} from './texts';

/** Where a message comes from and in which words. */
export interface Context {
  readonly deskName: string;
  readonly environment: Environment;
  readonly language: Language;
  readonly runbook: NotificationsPolicy['runbook'];
}

/** Kinds named one by one in a group. */
const GROUP_KINDS = 8;

/** `YYYY-MM-DD HH:MM:SS COT`. */
export const cot = (at: number): string => `${timestamp(at).slice(0, 19)} COT`;

/** Writes a message in a language. Nothing is escaped yet: that is each channel's own. */
export function render(message: Message, context: Context): Rendered {
  const { language, runbook } = context;
  const { title, lead } = KIND_TEXTS[message.kind];
  const level = message.level ?? 'info';
  return {
    ...frame(context, level, title[language]),
    ...{ key: message.key, kind: message.kind, at: message.at, time: cot(message.at) },
    lead: lead[language],
    fields: message.fields.map(({ label, value }) => ({
      label: LABEL_TEXTS[label][language],
      value: plain(valueText(value, language), VALUE_MAX),
    })),
    runbook: message.runbook ?? linkTo(runbook, message.kind),
    ...{ to: message.to ?? [], toAlone: message.toAlone ?? false },
  };
}

/** Writes many messages as one: how many of each kind, as urgent as the worst of them. */
export function renderGroup(messages: readonly Message[], context: Context): Rendered {
  const { language } = context;
  const counts = new Map<string, number>();
  for (const { kind, fields } of messages) {
    const what = fields.find(({ label }) => label === 'title');
    const title = KIND_TEXTS[kind].title[language];
    const name = what ? `${title}: ${line(valueText(what.value, language), 80)}` : title;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const named = [...counts].sort((a, b) => b[1] - a[1]).slice(0, GROUP_KINDS);
  const times = messages.map(({ at }) => at);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const level = messages.reduce<Level>(
    (worst, { level }) => (level && LEVEL_RANK[level] > LEVEL_RANK[worst] ? level : worst),
    'info',
  );
  return {
    ...frame(context, level, `${messages.length} ${GROUP_TEXTS.title[language]}`),
    key: `group:${messages[0]?.key ?? ''}`.slice(0, 255),
    kind: 'group',
    at: first,
    time: cot(last),
    lead: GROUP_TEXTS.lead[language],
    fields: [
      ...named.map(([name, count]) => ({ label: `${count} ×`, value: name })),
      { label: GROUP_TEXTS.first[language], value: cot(first) },
      { label: GROUP_TEXTS.last[language], value: cot(last) },
    ],
    runbook: null,
    to: [...new Set(messages.flatMap(({ to }) => to ?? []))],
    toAlone: messages.every(({ toAlone }) => toAlone ?? false),
  };
}

/** The message of "send test". */
export function renderTest(key: string, at: number, by: string, context: Context): Rendered {
  const { language } = context;
  return {
    ...frame(context, 'info', TEST_TEXTS.title[language]),
    ...{ key, kind: 'test', at, time: cot(at), runbook: null },
    ...{ to: [], toAlone: false },
    lead: TEST_TEXTS.lead[language],
    fields: [{ label: LABEL_TEXTS.by[language], value: plain(by, 128) }],
  };
}

function linkTo({ base, anchors }: Context['runbook'], kind: Message['kind']): string | null {
  return base === null ? null : `${base}#${anchors[kind]}`;
}

function frame(context: Context, level: Level, title: string) {
  const { language, environment } = context;
  const desk = line(context.deskName, 40);
  const mark = ENVIRONMENT_TEXTS[environment][language];
  return {
    ...{ level, language },
    source: `${desk} · ${mark}`,
    title: `[${LEVEL_TEXTS[level][language]}] ${title} · ${desk} · ${mark}`,
  };
}

function valueText(value: Value, language: Language): string {
  if (typeof value === 'string') return value;
  return 'at' in value ? cot(value.at) : value[language];
}
