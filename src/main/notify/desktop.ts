import type { LogEvent } from '../../shared/log/event';
import {
  type Language,
  LEVEL_RANK,
  type Level,
  type Message,
  type Rendered,
} from '../../shared/notify/message';
import { type Context, render, renderGroup } from '../../shared/notify/render';
import { line } from '../../shared/notify/text';
import { messageFor } from '../../shared/notify/told';
import type { OpsState } from '../../shared/ops/state';
import type { NotificationsPolicy } from '../../shared/policy/notifications';
import type { Clock } from '../../shared/time';

export interface DesktopDeps {
  readonly policy: () => NotificationsPolicy;
  /** The least level that is shown; null shows none. */
  readonly least: () => Level | null;
  readonly context: (language: Language) => Context;
  readonly language: () => Language;
  readonly show: (title: string, body: string, urgent: boolean) => void;
  /** Has the panel sound. */
  readonly sound: (level: Level) => void;
  readonly clock: Clock;
}

const BODY_FIELDS = 3;

/** Shows what is told of fresh events on this desktop. A replay of old ones is no news. */
export function createDesktopNotices(deps: DesktopDeps): {
  fresh(events: readonly LogEvent[], ops: OpsState): void;
} {
  let shown: ReadonlySet<string> = new Set();

  function show(message: Rendered): void {
    const fields = message.fields.slice(0, BODY_FIELDS);
    const body = [
      message.lead,
      ...fields.map(({ label, value }) => `${label}: ${line(value, 120)}`),
    ];
    deps.show(line(message.title, 120), body.join('\n'), message.level === 'p0');
  }

  return {
    fresh(events, ops) {
      const least = deps.least();
      if (least === null) return;
      const policy = deps.policy();
      const since = deps.clock() - policy.desktopFreshMs;
      const news = events
        .filter(({ ts }) => ts >= since)
        .flatMap((event) => messageFor(event, ops, policy) ?? [])
        .filter(({ level, key }) => level !== null && reaches(level, least) && !shown.has(key));
      if (news.length === 0) return;
      shown = new Set([...shown, ...news.map(({ key }) => key)].slice(-500));
      const context = deps.context(deps.language());
      const [urgent, rest] = [news.filter(isP0), news.filter((one) => !isP0(one))];
      for (const one of urgent) show(render(one, context));
      if (rest.length > policy.group.count) show(renderGroup(rest, context));
      else for (const one of rest) show(render(one, context));
      deps.sound(worst(news));
    },
  };
}

const isP0 = ({ level }: Message): boolean => level === 'p0';

function reaches(level: Level, least: Level): boolean {
  return LEVEL_RANK[level] >= LEVEL_RANK[least];
}

function worst(messages: readonly Message[]): Level {
  return messages.reduce<Level>(
    (most, { level }) => (level !== null && reaches(level, most) ? level : most),
    'info',
  );
}
