import type { Alert } from '@shared/alerts/state';
import type { DeskView } from '@shared/view/desk';
import { type Translate, useT } from '../i18n';
import { es, type Key } from '../i18n/es';
import { clip, duration } from '../lib/format';
import { useSaid } from '../lib/useSaid';
import { Hostile } from './ui';

/** What a kind of alert is called; one that this version does not know names itself. */
export function alertName(kind: string, t: Translate): string {
  const key = `alert.${kind}`;
  return Object.hasOwn(es, key) ? t(key as Key) : clip(kind, 40);
}

/** What an alert tells of, in the reader's language; what another system said as it said it. */
export function useAlertDetail(): (alert: Alert) => string {
  const say = useSaid();
  return ({ outside, said, detail }) => outside?.summary || say(said, detail);
}

/** Alerts shown one by one; a storm of them hides nothing else. */
const SHOWN = 6;

/** Alerts that are not over, the worst first and of these the latest. @param brief those of P0 and P1, and how many more there are. */
export function Alerts({ view, now, brief }: { view: DeskView; now: number; brief?: boolean }) {
  const t = useT();
  const detail = useAlertDetail();
  const all = Object.values(view.ops.alerts.active).sort(
    (a, b) => a.severity.localeCompare(b.severity) || b.raisedAt - a.raisedAt,
  );
  const alerts = all.filter(({ severity }) => !brief || severity < 'P2').slice(0, SHOWN);
  const more = all.length - alerts.length;
  return (
    <>
      {alerts.map((alert) => (
        <p key={alert.id} role="status" className="rounded-md border border-amber p-2 text-[12px]">
          <strong className="text-amber">
            {alert.severity} · {alertName(alert.kind, t)}
          </strong>{' '}
          <span className="text-muted">
            {duration(now - alert.raisedAt)}
            {alert.count > 1 && ` ${t('alert.times', { count: alert.count })}`}
          </span>
          <br />
          <Hostile text={detail(alert)} max={240} />
        </p>
      ))}
      {more > 0 && (
        <p role="status" className="p-2 text-[12px] text-muted">
          {t('alert.more', { count: String(more) })}
        </p>
      )}
    </>
  );
}
