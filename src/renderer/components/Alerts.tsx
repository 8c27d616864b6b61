import type { DeskView } from '@shared/view/desk';
import { useT } from '../i18n';
import { duration } from '../lib/format';
import { Hostile } from './ui';

/** Alerts that are not over, the worst first. */
export function Alerts({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const alerts = Object.values(view.ops.models.alerts).sort((a, b) =>
    a.severity.localeCompare(b.severity),
  );
  return alerts.map((alert) => (
    <p key={alert.id} role="status" className="rounded-md border border-amber p-2 text-[12px]">
      <strong className="text-amber">
        {alert.severity} · {t(`alert.${alert.kind as 'deployment_incomplete'}`)}
      </strong>{' '}
      <span className="text-muted">{duration(now - alert.raisedAt)}</span>
      <br />
      <Hostile text={alert.detail} max={240} />
    </p>
  ));
}
