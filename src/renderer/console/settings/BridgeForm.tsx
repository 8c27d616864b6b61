import { type BridgeKind, bridgeKindSchema } from '@shared/bridges/bridge';
import type { BridgeRecord } from '@shared/bridges/state';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { Button, Field, INPUT } from '../../components/ui';
import {
  type BridgeForm as Form,
  formOf,
  isId,
  maySave,
  mayTest,
  optionsOf,
  typedSecrets,
} from '../../desk/bridges.state';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { Found } from './Found';
import { AddressField, PlainQuestion, SecretFields } from './ServiceFields';

/** A bridge being added or changed. What is kept as a secret is never shown, only that it is. */
export function BridgeForm(props: {
  readonly view: DeskView;
  readonly record: BridgeRecord | null;
  readonly onClose: () => void;
}) {
  const t = useT();
  const { record } = props;
  const [form, setForm] = useState<Form>(() => formOf(record));
  const [tested, setTested] = useState<string | null>(null);
  const set = (change: Partial<Form>) => setForm({ ...form, ...change });
  const address = form.kind === 'generic' ? null : form.address.trim();
  const test = props.view.ops.bridges.tests.find(({ id }) => id === tested);

  async function save(): Promise<void> {
    const { bridge, kind, name, reason, plainAccepted } = form;
    const given = await call('bridge.command', {
      name: 'bridge.configure',
      params: {
        ...{ bridge, kind, name: name.trim(), address, reason: reason.trim(), plainAccepted },
        ...{ options: optionsOf(form, record), secrets: typedSecrets(form) },
      },
    });
    if (given) props.onClose();
  }

  async function look(): Promise<void> {
    if (address === null) return;
    const given = await call('bridge.command', {
      name: 'bridge.test',
      params: {
        ...{ bridge: record?.id ?? null, kind: form.kind, address },
        plainAccepted: form.plainAccepted,
        ...{ options: optionsOf(form, record), secrets: typedSecrets(form) },
      },
    });
    setTested(given?.id ?? null);
  }

  return (
    <form
      className="space-y-2 rounded-md border border-line p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (maySave(form)) void save();
      }}
    >
      <div className="grid grid-cols-2 gap-2">
        <Field label={`${t('bridges.id')} · ${t('bridges.badId')}`}>
          <input
            className={INPUT}
            maxLength={63}
            disabled={record !== null}
            aria-invalid={form.bridge !== '' && !isId(form)}
            value={form.bridge}
            onChange={(event) => set({ bridge: event.target.value })}
          />
        </Field>
        <Field label={t('bridges.kind')}>
          <select
            className={INPUT}
            value={form.kind}
            onChange={(event) => set({ kind: event.target.value as BridgeKind, secrets: {} })}
          >
            {bridgeKindSchema.options.map((kind) => (
              <option key={kind} value={kind}>
                {kind}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('bridges.name')}>
          <input
            className={INPUT}
            maxLength={128}
            value={form.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        </Field>
        {address !== null && (
          <AddressField
            address={form.address}
            onChange={(next) => set({ address: next, plainAccepted: false })}
          />
        )}
        {form.kind === 'inference-api' && (
          <>
            <Field label={t('bridges.environment')}>
              <select
                className={INPUT}
                value={form.environment}
                onChange={(event) =>
                  set({ environment: event.target.value === 'paper' ? 'paper' : 'live' })
                }
              >
                <option value="live">{t('env.live')}</option>
                <option value="paper">{t('env.paper')}</option>
              </select>
            </Field>
            <Field label={t('bridges.instrument')}>
              <input
                className={INPUT}
                maxLength={128}
                value={form.instrument}
                onChange={(event) => set({ instrument: event.target.value })}
              />
            </Field>
          </>
        )}
        <SecretFields
          kind={form.kind}
          secrets={form.secrets}
          kept={record?.secrets ?? []}
          onChange={(secrets) => set({ secrets })}
        />
      </div>
      {address !== null && (
        <PlainQuestion
          address={form.address}
          accepted={form.plainAccepted}
          onChange={(plainAccepted) => set({ plainAccepted })}
        />
      )}
      <Field label={t('bridges.reason')}>
        <input
          className={INPUT}
          maxLength={4_000}
          value={form.reason}
          onChange={(event) => set({ reason: event.target.value })}
        />
      </Field>
      {test?.result && <Found {...test.result} />}
      <div className="flex justify-end gap-2">
        <Button disabled={!mayTest(form)} onClick={() => void look()}>
          {tested !== null && !test?.result ? t('bridges.testing') : t('bridges.test')}
        </Button>
        <Button onClick={props.onClose}>{t('dialog.cancel')}</Button>
        <Button type="submit" disabled={!maySave(form)}>
          {t('bridges.save')}
        </Button>
      </div>
    </form>
  );
}
