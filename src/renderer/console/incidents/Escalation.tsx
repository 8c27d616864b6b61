import { contactFor, waitingSteps } from '@shared/incidents/escalation';
import type { Contact } from '@shared/incidents/events';
import type { EscalationStep, Incident } from '@shared/incidents/state';
import type { Hours } from '@shared/policy/incidents';
import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Circle, CircleDot, CircleMinus, PhoneCall } from 'lucide-react';
import { Hostile } from '../../components/ui';
import { callsReach } from '../../desk/incidents.state';
import { type Translate, useT } from '../../i18n';
import { NO_FIGURE } from '../../lib/format';
import { Countdown, Section } from './parts';

/** The ladder: who was called, who is next and when, and how each is reached. */
export function Escalation(props: {
  readonly view: DeskView;
  readonly incident: Incident;
  readonly now: number;
}) {
  const t = useT();
  const { view, incident, now } = props;
  const waiting = waitingSteps(incident);
  // A call is a message by the desk's channels: without one nobody was reached.
  const mute = incident.escalation.length > 0 && !callsReach(view, incident.severity);
  const steps = [...incident.escalation].sort((a, b) => a.dueAt - b.dueAt);
  return (
    <Section title="escalation.title">
      {mute && <p className="text-[12px] text-amber">{t('escalation.noChannel')}</p>}
      {steps.length === 0 && <p className="text-[12px] text-muted">{t('escalation.none')}</p>}
      <ol className="text-[12px]">
        {steps.map((step) => (
          <li
            key={`${step.step}:${step.dueAt}`}
            className="grid min-h-7 grid-cols-[16px_130px_minmax(0,1fr)_150px] items-center gap-2 border-t border-line first:border-0"
          >
            <Shape step={step} waiting={waiting} />
            <Hostile text={step.role} max={24} />
            <Who view={view} step={step} now={now} />
            <span className="text-right">
              {step.firedAt !== null ? (
                t('escalation.called', { time: timeOfDay(step.firedAt) })
              ) : waiting.includes(step) ? (
                <Countdown leftMs={step.dueAt - now} />
              ) : (
                <span className="text-muted">{t(`escalation.until.${step.until}`)}</span>
              )}
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** Called, next, later, or needless by now. */
function Shape(props: {
  readonly step: EscalationStep;
  readonly waiting: readonly EscalationStep[];
}) {
  const { step, waiting } = props;
  if (step.firedAt !== null) return <PhoneCall size={14} className="text-amber" aria-hidden />;
  if (waiting[0] === step) return <CircleDot size={14} aria-hidden />;
  const Later = waiting.includes(step) ? Circle : CircleMinus;
  return <Later size={14} className="text-muted" aria-hidden />;
}

function Who({ view, step, now }: { view: DeskView; step: EscalationStep; now: number }) {
  const t = useT();
  const { contact, onDuty } = contactFor(step.role, view.incidentsPolicy, view.calendar, now);
  const known = step.contact ?? contact;
  const hours = view.incidentsPolicy.contacts.find(({ role }) => role === step.role)?.hours;
  if (!known) return <span className="text-amber">{t('escalation.nobody')}</span>;
  return (
    <span className="min-w-0">
      <Hostile text={reach(known)} max={120} />
      {hours && (
        <span className={onDuty ? 'text-muted' : 'text-amber'}>
          {' · '}
          {hoursText(hours, t)}
          {!onDuty && ` · ${t('escalation.offDuty')}`}
        </span>
      )}
    </span>
  );
}

/** Name, telephone and address, of which each desk fills in what it has. */
function reach({ name, phone, email, slack }: Contact): string {
  const known = [name, phone, email, slack].filter((one) => one !== null);
  return known.length > 0 ? known.join(' · ') : NO_FIGURE;
}

function hoursText(hours: Hours, t: Translate): string {
  if (hours.kind !== 'office') return t(`hours.${hours.kind}`);
  const days = hours.days.map((day) => t(`day.${day as 1}`)).join(' ');
  return `${days} ${hours.from}–${hours.to} COT`;
}
