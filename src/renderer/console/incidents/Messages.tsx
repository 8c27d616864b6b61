import { impactOf } from '@shared/incidents/impact';
import { fillMessage, type MessageTemplate } from '@shared/incidents/messages';
import type { Incident } from '@shared/incidents/state';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useCallback, useState } from 'react';
import { Standing } from '../../components/Standing';
import { Button, Field, Hostile, INPUT } from '../../components/ui';
import { booksOf, unreached, whyNot } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { changeDraft, useApp } from '../../lib/store';
import { useIncidentCommand } from '../../lib/useCommand';
import { useLanguage } from '../../lib/useSaid';
import { MayButton, Section, Why } from './parts';

const TEMPLATES = ['start', 'update', 'resolved'] as const;
const CHANNELS = ['slack', 'email'] as const;
const MAX = 4_000;

/** Messages about the incident: filled from the log, edited by a person, for the channels chosen. */
export function Messages(props: {
  readonly view: DeskView;
  readonly incident: Incident;
  readonly now: number;
}) {
  const t = useT();
  const spoken = useLanguage();
  const { view, incident, now } = props;
  const [template, setTemplate] = useState<MessageTemplate>(
    incident.resolved ? 'resolved' : incident.messages.length > 0 ? 'update' : 'start',
  );
  const [language, setLanguage] = useState(spoken);
  const [channels, setChannels] = useState<readonly (typeof CHANNELS)[number][]>(['slack']);
  const name = `message:${incident.id}:${template}:${language}`;
  const draft = useApp((state) => state.drafts[name]);
  const filled = (): string =>
    fillMessage(
      view.playbooks.templates.messages,
      template,
      language,
      incident,
      impactOf(incident, booksOf(view), now),
    );
  const text = draft ?? filled();
  const clear = useCallback(() => changeDraft(name, null), [name]);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const missing = unreached(view, channels);
  const why = whyNot(view, view.incidentsPolicy.permissions.sendMessage);
  const ready = !busy && text.trim() !== '' && channels.length > 0;
  return (
    <div className="space-y-2">
      <Section title="messages.title">
        <form
          className="space-y-2"
          onSubmit={(event) => {
            event.preventDefault();
            const params = {
              ...{ incident: incident.id, template, language, text: text.trim() },
              channels: [...channels],
            };
            if (ready) void give({ name: 'incident.send_message', params });
          }}
        >
          <div className="grid grid-cols-2 gap-2">
            <Field label={t('messages.template')}>
              <select
                className={INPUT}
                value={template}
                onChange={(event) => setTemplate(event.target.value as MessageTemplate)}
              >
                {TEMPLATES.map((one) => (
                  <option key={one} value={one}>
                    {t(`messages.${one}`)}
                  </option>
                ))}
              </select>
            </Field>
            <Field label={t('settings.language')}>
              <select
                className={INPUT}
                value={language}
                onChange={(event) => setLanguage(event.target.value === 'en' ? 'en' : 'es')}
              >
                <option value="es">Español</option>
                <option value="en">English</option>
              </select>
            </Field>
          </div>
          <Field label={t('messages.text')}>
            <textarea
              className={`${INPUT} figure text-[12px]`}
              rows={8}
              maxLength={MAX}
              value={text}
              onChange={(event) => changeDraft(name, event.target.value)}
            />
          </Field>
          <fieldset className="flex items-center gap-3 text-[12px]">
            <legend className="sr-only">{t('messages.channels')}</legend>
            <span className="text-muted" aria-hidden>
              {t('messages.channels')}
            </span>
            {CHANNELS.map((one) => (
              <label key={one} className="flex items-center gap-1">
                <input
                  type="checkbox"
                  checked={channels.includes(one)}
                  onChange={(event) =>
                    setChannels(
                      event.target.checked
                        ? [...channels, one]
                        : channels.filter((channel) => channel !== one),
                    )
                  }
                />
                {t(`channel.${one}`)}
              </label>
            ))}
            <span className="flex-1" />
            <Button disabled={draft === undefined} onClick={clear}>
              {t('messages.refill')}
            </Button>
            <MayButton why={why} ready={ready} submit>
              {t('messages.send')}
            </MayButton>
          </fieldset>
          {missing.length > 0 && (
            <p className="text-[12px] text-amber">
              {t('messages.unreached', {
                channels: missing.map((one) => t(`channel.${one}`)).join(', '),
              })}
            </p>
          )}
          <Why why={why} />
          <Standing standing={standing} />
        </form>
      </Section>
      <Section title="messages.sent">
        {incident.messages.length === 0 && (
          <p className="text-[12px] text-muted">{t('messages.none')}</p>
        )}
        <ol className="text-[12px]">
          {incident.messages.toReversed().map((one) => (
            <li key={one.seq} className="border-t border-line py-1 first:border-0">
              <p className="text-muted">
                <span className="figure">{timestamp(one.at).slice(0, 19)} COT</span> ·{' '}
                {t(`messages.${one.template}`)} ·{' '}
                <Hostile text={`${one.channels.join(', ')} · ${one.by.id}`} max={80} />
              </p>
              <p className="select-text">
                {linesOf(one.text).map(({ place, line }) => (
                  <span key={place} className="block">
                    <Hostile text={line} max={MAX} />
                  </span>
                ))}
              </p>
            </li>
          ))}
        </ol>
      </Section>
    </div>
  );
}

/** What was sent does not change: its lines are known by their places. */
const linesOf = (text: string) => text.split('\n').map((line, place) => ({ place, line }));
