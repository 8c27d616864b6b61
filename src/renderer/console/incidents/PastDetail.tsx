import { timestamp } from '@shared/time';
import { IncidentTitle } from '../../components/IncidentTitle';
import { SeverityMark } from '../../components/Severity';
import { Hostile } from '../../components/ui';
import type { AnyIncident } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import type { Key } from '../../i18n/es';
import { duration, NO_FIGURE } from '../../lib/format';

/** What is kept of an incident of long ago; all of it stands in the log. */
export function PastDetail({ incident }: { incident: AnyIncident }) {
  const t = useT();
  const { opened, acknowledged, resolved, closed, stoppedMs, commander, cause } = incident;
  const at = (stamp: { readonly at: number; readonly seq: number } | null) =>
    stamp ? `${timestamp(stamp.at).slice(0, 19)} COT · #${stamp.seq}` : NO_FIGURE;
  const rows: readonly (readonly [Key, string])[] = [
    ['incidents.cause', t(`cause.${cause}`)],
    ['incidents.opened', at(opened)],
    ['incident.acknowledged', at(acknowledged)],
    ['incident.resolved', at(resolved)],
    ['incident.closed', at(closed)],
    ['incident.commander', commander ?? NO_FIGURE],
    ['impact.stopped', duration(stoppedMs)],
  ];
  return (
    <section className="rounded-md border border-line p-3">
      <h2 className="flex items-center gap-2 text-[15px] font-semibold">
        <SeverityMark severity={incident.severity} />
        <IncidentTitle incident={incident} max={120} />
      </h2>
      <dl className="mt-2 grid grid-cols-[180px_1fr] gap-y-1 text-[12px]">
        {rows.map(([name, text]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{t(name)}</dt>
            <dd className="figure">
              <Hostile text={text} max={80} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="mt-2 text-[12px] text-muted">{t('incidents.past')}</p>
    </section>
  );
}
