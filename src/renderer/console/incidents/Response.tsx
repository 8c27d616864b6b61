import { severitySchema } from '@shared/alerts/events';
import { nextStage } from '@shared/incidents/lifecycle';
import type { Incident } from '@shared/incidents/state';
import type { DeskView } from '@shared/view/desk';
import { useCallback, useState } from 'react';
import { Standing } from '../../components/Standing';
import { Field, Hostile, INPUT } from '../../components/ui';
import { clockOf, whyNot } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { NO_FIGURE } from '../../lib/format';
import { useIncidentCommand } from '../../lib/useCommand';
import { Countdown, MayButton, Section, Why } from './parts';

interface Props {
  readonly view: DeskView;
  readonly incident: Incident;
  readonly now: number;
}

/** The state and the one that may follow, who commands, and how grave it is. */
export function Response({ view, incident, now }: Props) {
  const t = useT();
  const { responseLeftMs } = clockOf(view, incident, now);
  return (
    <Section
      title="incident.response"
      aside={responseLeftMs !== null && <Countdown leftMs={responseLeftMs} />}
    >
      <NextStage view={view} incident={incident} />
      {(incident.rootCause || incident.resolution) && (
        <dl className="my-2 grid grid-cols-[110px_1fr] gap-y-1 text-[12px]">
          <dt className="text-muted">{t('incident.rootCause')}</dt>
          <dd className="select-text">
            <Hostile text={incident.rootCause ?? NO_FIGURE} max={4_000} />
          </dd>
          <dt className="text-muted">{t('incident.resolution')}</dt>
          <dd className="select-text">
            <Hostile text={incident.resolution ?? NO_FIGURE} max={4_000} />
          </dd>
        </dl>
      )}
      <div className="mt-2 grid grid-cols-2 gap-3 border-t border-line pt-2">
        <Commander view={view} incident={incident} />
        {incident.resolved === null && <SeverityChange view={view} incident={incident} />}
      </div>
    </Section>
  );
}

/** The one stage that may follow, with what it asks for. */
function NextStage({ view, incident }: Omit<Props, 'now'>) {
  const t = useT();
  const [reason, setReason] = useState('');
  const [rootCause, setRootCause] = useState('');
  const clear = useCallback(() => setReason(''), []);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const { permissions } = view.incidentsPolicy;
  const next = nextStage(incident.stage);
  const { id } = incident;
  if (next === null || next === 'open') {
    return <p className="text-[12px] text-muted">{t('incident.over')}</p>;
  }
  const roles = {
    acknowledged: permissions.acknowledge,
    mitigating: permissions.handle,
    resolved: permissions.resolve,
    closed: permissions.close,
  }[next];
  const why = whyNot(view, roles);
  const text = reason.trim();
  const ready =
    !busy &&
    (next === 'acknowledged' || (text !== '' && (next !== 'resolved' || rootCause.trim() !== '')));

  function go(): void {
    if (next === 'acknowledged') {
      void give({ name: 'incident.acknowledge', params: { incident: id, via: 'console' } });
    } else if (next === 'mitigating') {
      void give({ name: 'incident.mitigate', params: { incident: id, reason: text } });
    } else if (next === 'resolved') {
      const params = { incident: id, rootCause: rootCause.trim(), resolution: text };
      void give({ name: 'incident.resolve', params });
    } else {
      void give({ name: 'incident.close', params: { incident: id, reason: text } });
    }
  }

  return (
    <form
      className="space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && why === null) go();
      }}
    >
      {next === 'resolved' && (
        <Field label={t('incident.rootCause')}>
          <textarea
            className={INPUT}
            rows={2}
            maxLength={4_000}
            value={rootCause}
            onChange={(event) => setRootCause(event.target.value)}
          />
        </Field>
      )}
      {next !== 'acknowledged' && (
        <Field label={t(next === 'resolved' ? 'incident.resolution' : `incident.why.${next}`)}>
          <textarea
            className={INPUT}
            rows={2}
            maxLength={4_000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
      )}
      <div className="flex items-center gap-2">
        <MayButton why={why} ready={ready} submit>
          {t(`incident.to.${next}`)}
        </MayButton>
        <Why why={why} />
        <Standing standing={standing} />
      </div>
    </form>
  );
}

function Commander({ view, incident }: Omit<Props, 'now'>) {
  const t = useT();
  const [name, setName] = useState('');
  const clear = useCallback(() => setName(''), []);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const closed = incident.closed !== null;
  const why = whyNot(view, view.incidentsPolicy.permissions.handle);
  const set = (commander: string) =>
    void give({ name: 'incident.set_commander', params: { incident: incident.id, commander } });
  const self = view.operator?.id;
  return (
    <form
      className="text-[12px]"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '') set(name.trim());
      }}
    >
      <p>
        <span className="text-muted">{t('incident.commander')}</span>{' '}
        <strong>
          <Hostile text={incident.commander ?? t('incident.nobody')} max={40} />
        </strong>
      </p>
      {!closed && (
        <div className="mt-1 flex gap-1">
          <input
            className={INPUT}
            aria-label={t('incident.commander')}
            placeholder={t('incident.commanderId')}
            maxLength={128}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <MayButton why={why} ready={!busy && name.trim() !== ''} submit>
            {t('incident.setCommander')}
          </MayButton>
          {self && incident.commander !== self && (
            <MayButton why={why} ready={!busy} onClick={() => set(self)}>
              {t('incident.take')}
            </MayButton>
          )}
        </div>
      )}
      <Standing standing={standing} />
    </form>
  );
}

function SeverityChange({ view, incident }: Omit<Props, 'now'>) {
  const t = useT();
  const [severity, setSeverity] = useState(incident.severity);
  const [reason, setReason] = useState('');
  const clear = useCallback(() => setReason(''), []);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const why = whyNot(view, view.incidentsPolicy.permissions.setSeverity);
  const ready = !busy && severity !== incident.severity && reason.trim() !== '';
  return (
    <form
      className="text-[12px]"
      onSubmit={(event) => {
        event.preventDefault();
        const params = { incident: incident.id, severity, reason: reason.trim() };
        if (ready) void give({ name: 'incident.set_severity', params });
      }}
    >
      <p className="text-muted">{t('incident.changeSeverity')}</p>
      <div className="mt-1 grid grid-cols-[72px_minmax(0,1fr)_auto] gap-1">
        <select
          className={INPUT}
          aria-label={t('incidents.severity')}
          value={severity}
          onChange={(event) => setSeverity(severitySchema.parse(event.target.value))}
        >
          {severitySchema.options.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        <input
          className={INPUT}
          aria-label={t('incident.severityReason')}
          placeholder={t('incident.severityReason')}
          maxLength={4_000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <MayButton why={why} ready={ready} submit>
          {t('incident.change')}
        </MayButton>
      </div>
      <Standing standing={standing} />
    </form>
  );
}
