import type { Alert, ClearedAlert } from '@shared/alerts/state';
import { timeOfDay, timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useCallback, useState } from 'react';
import { alertName, useAlertDetail } from '../../components/Alerts';
import { type Column, DataTable } from '../../components/DataTable';
import { DrillMark, SeverityMark } from '../../components/Severity';
import { Standing } from '../../components/Standing';
import { Hostile, INPUT } from '../../components/ui';
import { activeAlerts, flaps, whyNot } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { amount, duration } from '../../lib/format';
import { useIncidentCommand } from '../../lib/useCommand';
import { useSaid } from '../../lib/useSaid';
import { MayButton, Why } from './parts';

/** Alerts that are not over, counted and marked where they come and go, and the latest that are. */
export function AlertsTab({ view, now }: { view: DeskView; now: number }) {
  const t = useT();
  const say = useSaid();
  const detail = useAlertDetail();
  const [reason, setReason] = useState('');
  const clear = useCallback(() => setReason(''), []);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const why = whyNot(view, view.incidentsPolicy.permissions.acknowledge);
  const acknowledge = (alert: string) =>
    void give({ name: 'alert.acknowledge', params: { alert, reason: reason.trim() } });
  const active: readonly Column<Alert>[] = [
    ...shared(t, detail),
    {
      key: 'alerts.age',
      value: ({ raisedAt }) => raisedAt,
      cell: ({ raisedAt }) => <span className="figure">{duration(now - raisedAt)}</span>,
    },
    {
      key: 'alerts.count',
      value: ({ count }) => count,
      cell: (alert) => (
        <span className="whitespace-nowrap">
          <span className="figure">{amount(alert.count, 0)}×</span>{' '}
          {flaps(view, alert, now) && (
            <strong className="text-amber">{t('alerts.flapping')}</strong>
          )}
        </span>
      ),
    },
    {
      key: 'alerts.acknowledged',
      value: ({ acknowledged }) => acknowledged?.at ?? null,
      cell: ({ id, acknowledged }) =>
        acknowledged ? (
          <span className="whitespace-nowrap">
            <Hostile text={acknowledged.by.id} max={24} />{' '}
            <span className="figure text-muted">{timeOfDay(acknowledged.at)}</span>
          </span>
        ) : (
          <MayButton
            why={why}
            ready={!busy && reason.trim() !== ''}
            onClick={() => acknowledge(id)}
          >
            {t('alerts.acknowledge')}
          </MayButton>
        ),
    },
  ];
  const over: readonly Column<ClearedAlert>[] = [
    ...shared(t, detail),
    {
      key: 'alerts.cleared',
      value: ({ clearedAt }) => clearedAt,
      cell: ({ clearedAt }) => (
        <span className="figure whitespace-nowrap">{timestamp(clearedAt).slice(0, 19)}</span>
      ),
    },
    {
      key: 'alerts.because',
      value: ({ clearedBecause }) => clearedBecause,
      cell: ({ clearedBecause }) => <Hostile text={say(null, clearedBecause)} max={80} />,
    },
  ];
  return (
    <div className="space-y-4">
      <div className="flex items-center gap-2">
        <input
          className={`${INPUT} max-w-md`}
          aria-label={t('alerts.reason')}
          placeholder={t('alerts.reason')}
          maxLength={4_000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <Why why={why} />
        <Standing standing={standing} />
      </div>
      <DataTable
        name="alerts"
        title="alerts.active"
        empty="alerts.none"
        rows={activeAlerts(view)}
        rowKey={({ id }) => id}
        columns={active}
      />
      <DataTable
        name="alerts-over"
        title="alerts.over"
        empty="alerts.noneOver"
        rows={view.ops.alerts.cleared}
        rowKey={({ id, clearedAt }) => `${id} ${clearedAt}`}
        columns={over}
      />
    </div>
  );
}

function shared(
  t: ReturnType<typeof useT>,
  detail: ReturnType<typeof useAlertDetail>,
): readonly Column<Alert>[] {
  return [
    {
      key: 'incidents.severity',
      value: ({ severity }) => severity,
      cell: ({ severity, id }) => (
        <span className="flex items-center gap-1">
          <SeverityMark severity={severity} short />
          {id.startsWith('drill:') && <DrillMark />}
        </span>
      ),
    },
    {
      key: 'alerts.what',
      value: ({ kind }) => kind,
      cell: (alert) => (
        <>
          <strong>{alertName(alert.kind, t)}</strong>{' '}
          <span className="text-muted">
            <Hostile text={detail(alert)} max={160} />
          </span>
        </>
      ),
    },
    {
      key: 'alerts.source',
      value: ({ source }) => source,
      cell: ({ source, model, engine }) => (
        <>
          {t(`source.${source}`)}{' '}
          <span className="text-muted">
            <Hostile text={model ?? engine ?? ''} max={32} />
          </span>
        </>
      ),
    },
  ];
}
