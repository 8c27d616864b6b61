import { SECRETS } from '@shared/bridges/bridge';
import type { LastResortTarget } from '@shared/bridges/lastResort';
import { Field, Hostile, INPUT } from '../../components/ui';
import { isAddress, isPlain } from '../../desk/bridges.state';
import { useT } from '../../i18n';
import type { Key } from '../../i18n/es';

/** Where a trading system's own service is. */
export function AddressField(props: {
  readonly address: string;
  readonly onChange: (address: string) => void;
}) {
  const t = useT();
  return (
    <Field label={`${t('bridges.address')} · ${t('bridges.badAddress')}`}>
      <input
        className={INPUT}
        maxLength={512}
        aria-invalid={props.address !== '' && !isAddress(props)}
        value={props.address}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </Field>
  );
}

/** Asks for a yes where credentials would travel in plain text, and names what it risks. */
export function PlainQuestion(props: {
  readonly address: string;
  readonly accepted: boolean;
  readonly onChange: (accepted: boolean) => void;
}) {
  const t = useT();
  if (!isPlain(props)) return null;
  return (
    <label className="flex items-start gap-2 rounded-md border border-amber p-2 text-[12px] text-amber">
      <input
        type="checkbox"
        className="mt-0.5"
        checked={props.accepted}
        onChange={(event) => props.onChange(event.target.checked)}
      />
      <span>
        {t('bridges.plainRisk')} <strong>{t('bridges.plainAccept')}</strong>
      </span>
    </label>
  );
}

/** A service's address; one in plain text says so for as long as it is there. */
export function ServiceAddress({ address }: { address: string | null }) {
  const t = useT();
  if (address === null) return '–';
  return (
    <>
      <Hostile text={address} max={48} />
      {isPlain({ address }) && (
        <span className="block text-[12px] text-amber">{t('bridges.plain')}</span>
      )}
    </>
  );
}

/** What the service is to be shown by who calls it; never what is kept, only that it is. */
export function SecretFields(props: {
  readonly kind: keyof typeof SECRETS;
  readonly secrets: LastResortTarget['secrets'];
  readonly kept: readonly string[];
  readonly onChange: (secrets: LastResortTarget['secrets']) => void;
}) {
  const t = useT();
  const { kind, secrets, kept } = props;
  return SECRETS[kind].map((name) => (
    <Field key={name} label={t(`secret.${name}` as Key)}>
      <input
        type="password"
        className={INPUT}
        maxLength={4_096}
        autoComplete="off"
        placeholder={kept.includes(name) ? t('bridges.kept') : ''}
        value={secrets[name] ?? ''}
        onChange={(event) => props.onChange({ ...secrets, [name]: event.target.value })}
      />
    </Field>
  ));
}
