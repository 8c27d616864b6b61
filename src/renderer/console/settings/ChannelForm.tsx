import type { ChannelSettings } from '@shared/notify/channels';
import { type ReactNode, useState } from 'react';
import { Button, Field, INPUT } from '../../components/ui';
import { blank, readRecipients, writeRecipients } from '../../desk/notify.state';
import { useT } from '../../i18n';
import { clip } from '../../lib/format';

type Change = (settings: ChannelSettings) => void;

/** How a channel is reached. The secret is typed, given away, and never comes back. */
export function ChannelForm(props: {
  readonly settings: ChannelSettings | null;
  readonly channel: ChannelSettings['channel'];
  readonly secretSet: boolean;
  /** A change at the gateway says why. */
  readonly wantsReason: boolean;
  readonly onSave: (settings: ChannelSettings, secret: string | null, reason: string) => void;
  readonly onRemove: ((reason: string) => void) | null;
}) {
  const t = useT();
  const [settings, setSettings] = useState(props.settings ?? blank(props.channel));
  const [secret, setSecret] = useState('');
  const [reason, setReason] = useState('');
  const [bad, setBad] = useState<string | null>(null);
  const ready = bad === null && (!props.wantsReason || reason.trim() !== '');
  return (
    <form
      className="mt-2 grid grid-cols-2 gap-2 border-t border-line pt-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready) return;
        props.onSave(settings, secret === '' ? null : secret, reason.trim());
        setSecret('');
      }}
    >
      <Fields settings={settings} change={setSettings} onBad={setBad} />
      <Field label={t(SECRET_LABEL[settings.channel])}>
        <input
          className={INPUT}
          type="password"
          autoComplete="off"
          spellCheck={false}
          maxLength={2_000}
          placeholder={props.secretSet ? t('channel.secretKept') : undefined}
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
        />
      </Field>
      <Wide>
        <Field label={t('channel.ca')}>
          <textarea
            className={`${INPUT} figure text-[12px]`}
            rows={2}
            spellCheck={false}
            value={settings.ca ?? ''}
            onChange={(event) => {
              const text = event.target.value;
              setSettings({ ...settings, ca: text.trim() === '' ? null : text });
            }}
          />
        </Field>
      </Wide>
      {bad !== null && (
        <Wide>
          <p role="alert" className="text-amber">
            {t('channel.badRecipients', { line: clip(bad, 60) })}
          </p>
        </Wide>
      )}
      {props.wantsReason && (
        <Wide>
          <Field label={t('channel.reason')}>
            <input
              className={INPUT}
              maxLength={4_000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </Field>
        </Wide>
      )}
      <Wide>
        <div className="flex justify-end gap-2">
          {props.onRemove && (
            <Button disabled={!ready} onClick={() => props.onRemove?.(reason.trim())}>
              {t('channel.remove')}
            </Button>
          )}
          <Button type="submit" disabled={!ready}>
            {t('channel.save')}
          </Button>
        </div>
      </Wide>
    </form>
  );
}

const SECRET_LABEL = {
  slack: 'channel.webhook',
  email: 'channel.password',
  pagerduty: 'channel.routingKey',
} as const;

function Wide({ children }: { children: ReactNode }) {
  return <div className="col-span-2">{children}</div>;
}

function Fields(props: {
  readonly settings: ChannelSettings;
  readonly change: Change;
  readonly onBad: (line: string | null) => void;
}) {
  const { settings, change } = props;
  switch (settings.channel) {
    case 'slack':
      return (
        <Text
          label="channel.label"
          value={settings.label}
          max={80}
          change={(label) => change({ ...settings, label })}
        />
      );
    case 'pagerduty':
      return (
        <Text
          label="channel.url"
          value={settings.url}
          max={2_000}
          change={(url) => change({ ...settings, url })}
        />
      );
    case 'email':
      return <MailFields {...props} settings={settings} />;
  }
}

function MailFields({
  settings,
  change,
  onBad,
}: {
  readonly settings: Extract<ChannelSettings, { channel: 'email' }>;
  readonly change: Change;
  readonly onBad: (line: string | null) => void;
}) {
  const t = useT();
  return (
    <>
      <Text
        label="channel.host"
        value={settings.host}
        max={253}
        change={(host) => change({ ...settings, host })}
      />
      <Text
        label="channel.port"
        value={String(settings.port || '')}
        max={5}
        change={(port) => change({ ...settings, port: Number(port.replace(/\D/g, '')) })}
      />
      <Field label={t('channel.security')}>
        <select
          className={INPUT}
          value={settings.security}
          onChange={(event) =>
            change({ ...settings, security: event.target.value as typeof settings.security })
          }
        >
          <option value="starttls">{t('channel.starttls')}</option>
          <option value="tls">{t('channel.tls')}</option>
          <option value="none">{t('channel.plain')}</option>
        </select>
      </Field>
      <Text
        label="channel.from"
        value={settings.from}
        max={254}
        change={(from) => change({ ...settings, from })}
      />
      <Field label={t('channel.recipients')}>
        <textarea
          className={INPUT}
          rows={3}
          spellCheck={false}
          defaultValue={writeRecipients(settings.recipients)}
          onChange={(event) => {
            const read = readRecipients(event.target.value);
            onBad('bad' in read ? read.bad : null);
            if (!('bad' in read)) change({ ...settings, recipients: read });
          }}
        />
      </Field>
      <Text
        label="channel.user"
        value={settings.user ?? ''}
        max={254}
        change={(user) => change({ ...settings, user: user === '' ? null : user })}
      />
    </>
  );
}

type TextLabel =
  | 'channel.label'
  | 'channel.url'
  | 'channel.host'
  | 'channel.port'
  | 'channel.from'
  | 'channel.user';

function Text(props: {
  readonly label: TextLabel;
  readonly value: string;
  readonly max: number;
  readonly change: (text: string) => void;
}) {
  const t = useT();
  return (
    <Field label={t(props.label)}>
      <input
        className={INPUT}
        maxLength={props.max}
        spellCheck={false}
        value={props.value}
        onChange={(event) => props.change(event.target.value)}
      />
    </Field>
  );
}
