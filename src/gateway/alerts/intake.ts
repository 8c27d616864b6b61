import type { AlertmanagerPayload } from '../../shared/alerts/alertmanager';
import type { Severity } from '../../shared/alerts/events';
import type { EventDataOf } from '../../shared/ops/events';
import type { IncidentsPolicy } from '../../shared/policy/incidents';
import type { Clock } from '../../shared/time';
import { detailOf, phrase, type Sentence } from '../../shared/words/phrase';
import type { Fact } from '../facts';
import type { GatewayLog } from '../log';

type Raised = EventDataOf<'alert.raised'>;
type Item = AlertmanagerPayload['alerts'][number];

export interface AlertIntake {
  /** Takes what Alertmanager sends. @returns how many alerts were taken one by one. */
  take(payload: AlertmanagerPayload): number;
  /** Writes down what waits. */
  stop(): void;
}

export interface AlertIntakeOptions {
  readonly log: GatewayLog;
  readonly policy: () => IncidentsPolicy['alerts'];
  readonly clock: Clock;
}

/** What came for one alert since it was last written down. */
interface Waiting {
  until: number;
  count: number;
  latest: Raised | null;
  clearedBecause: string | null;
}

/** Alerts beyond those that are kept one by one are counted under this name. */
const OVERFLOW = 'alertmanager:overflow';

/**
 * Takes alerts of other systems into the log. One alert is written down at once and then at most
 * once in `coalesceMs`, with its count; all that one request brings is one write.
 */
export function createAlertIntake(options: AlertIntakeOptions): AlertIntake {
  const { log, policy, clock } = options;
  const windows = new Map<string, Waiting>();
  let timer: NodeJS.Timeout | null = null;

  function raise(data: Raised): Fact[] {
    const open = windows.get(data.alert);
    if (!open) {
      begin(data.alert);
      return [{ type: 'alert.raised', data }];
    }
    open.count += data.count ?? 1;
    open.latest = data;
    open.clearedBecause = null;
    return [];
  }

  function clear(alert: string, cause: Sentence): Fact[] {
    const open = windows.get(alert);
    if (open) {
      open.clearedBecause = cause;
      return [];
    }
    if (!(alert in log.state().alerts.active)) return [];
    begin(alert);
    return [{ type: 'alert.cleared', data: { alert, cause } }];
  }

  function begin(alert: string): void {
    const until = clock() + policy().coalesceMs;
    windows.set(alert, { until, count: 0, latest: null, clearedBecause: null });
  }

  function due(all: boolean): Fact[] {
    const now = clock();
    const facts: Fact[] = [];
    for (const [alert, one] of [...windows]) {
      if (!all && one.until > now) continue;
      windows.delete(alert);
      const { latest, count, clearedBecause } = one;
      if (latest) facts.push({ type: 'alert.raised', data: { ...latest, count } });
      if (clearedBecause !== null && (latest || alert in log.state().alerts.active)) {
        facts.push({ type: 'alert.cleared', data: { alert, cause: clearedBecause } });
      }
      // Something came in this window: the next is counted too.
      if (latest && !all) begin(alert);
    }
    return facts;
  }

  function sweep(): void {
    timer = null;
    const facts = due(false);
    if (facts.length > 0) log.append(...facts);
    schedule();
  }

  function schedule(): void {
    if (timer || windows.size === 0) return;
    const next = Math.min(...[...windows.values()].map(({ until }) => until));
    timer = setTimeout(sweep, Math.max(10, next - clock()));
  }

  return {
    take(payload) {
      const rules = policy();
      const { active } = log.state().alerts;
      let outside = Object.values(active).filter(({ source }) => source === 'outside').length;
      const facts: Fact[] = [];
      let taken = 0;
      let left = payload.truncatedAlerts;
      let worst: Severity = left > 0 ? rules.outsideDefault : 'P3';
      for (const item of payload.alerts) {
        const alert = `alertmanager:${item.fingerprint}`;
        if (item.status === 'resolved') {
          facts.push(...clear(alert, 'resolved, says Alertmanager'));
          taken += 1;
          continue;
        }
        const data = raisedBy(item, alert, payload, rules, clock());
        const known = alert in active || windows.has(alert);
        if (!known && outside >= rules.outsideMax) {
          left += 1;
          if (data.severity < worst) worst = data.severity;
          continue;
        }
        if (!known) outside += 1;
        facts.push(...raise(data));
        taken += 1;
      }
      if (left > 0) facts.push(...raise(overflow(left, worst)));
      else if (outside < rules.outsideMax) facts.push(...clear(OVERFLOW, 'there is room again'));
      if (facts.length > 0) log.append(...facts);
      schedule();
      return taken;
    },
    stop() {
      if (timer) clearTimeout(timer);
      const facts = due(true);
      if (facts.length > 0) log.append(...facts);
      windows.clear();
    },
  };
}

function raisedBy(
  item: Item,
  alert: string,
  payload: AlertmanagerPayload,
  rules: IncidentsPolicy['alerts'],
  now: number,
): Raised {
  const { labels, annotations } = item;
  const summary = annotations.summary ?? labels.alertname ?? '';
  const detail = annotations.description ?? annotations.message ?? summary;
  return {
    alert,
    severity: severityOf(labels.severity, rules),
    kind: 'outside',
    model: cut(labels.model, 128) || null,
    engine: cut(labels.engine, 128) || null,
    detail: cut(detail, 2_000),
    source: 'outside',
    count: 1,
    since: Math.min(item.startsAt, now),
    outside: {
      labels: cutAll(labels),
      summary: cut(summary, 512),
      group: cut(payload.groupKey, 512),
      runbook: link(annotations.runbook_url),
      generator: link(item.generatorURL),
      startsAt: item.startsAt,
    },
  };
}

function overflow(count: number, severity: Severity): Raised {
  const about = { kind: 'outside_overflow', model: null, engine: null } as const;
  const said = phrase(
    'alerts of other systems beyond those kept one by one, or left out by their sender',
  );
  return { alert: OVERFLOW, severity, ...about, ...detailOf([said]), source: 'outside', count };
}

function severityOf(label: string | undefined, rules: IncidentsPolicy['alerts']): Severity {
  const key = (label ?? '').toLowerCase();
  const { outsideSeverities: map } = rules;
  return Object.hasOwn(map, key) ? (map[key] as Severity) : rules.outsideDefault;
}

function cut(text: string | undefined, length: number): string {
  return (text ?? '').slice(0, length).toWellFormed();
}

/** Labels kept of one alert. */
const LABELS_KEPT = 32;

function cutAll(labels: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(labels).slice(0, LABELS_KEPT);
  return Object.fromEntries(kept.map(([name, value]) => [cut(name, 128), cut(value, 512)]));
}

/** A link that a person may follow; anything else is left out. */
function link(text: string | undefined): string | null {
  if (!text || text.length > 2_000) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && /^https?:$/.test(url.protocol) ? url.href.slice(0, 2_000) : null;
}
