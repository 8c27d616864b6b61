import type { DeskView } from '@shared/view/desk';
import type { CertificateView } from '@shared/view/identity';
import { useState } from 'react';
import { Button, Field, Hostile, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';

/** Certificates of this terminal's gateways that wait for a person: a first one to be compared, or another than was confirmed. */
export function Certificates({ view }: { view: DeskView }) {
  const { gateways } = view.connection;
  return view.certificates
    .filter(({ address }) => gateways.includes(address))
    .filter(({ state }) => state === 'asking' || state === 'changed')
    .map((one) => <CertificateQuestion key={one.address} certificate={one} />);
}

/** Asks a person to compare a certificate's fingerprint. */
export function CertificateQuestion({ certificate }: { certificate: CertificateView }) {
  const t = useT();
  const [typed, setTyped] = useState('');
  const { address, fingerprint, confirmed, subject, validTo } = certificate;
  const changed = certificate.state === 'changed';
  return (
    <section
      role="alert"
      className={`m-2 rounded-md border-2 p-3 ${changed ? 'border-red' : 'border-amber'}`}
    >
      <h2 className={`text-[15px] font-bold ${changed ? 'text-red' : 'text-amber'}`}>
        {t(changed ? 'certificate.changed' : 'certificate.asking')}
      </h2>
      <p className="text-[12px] text-muted">
        <Hostile text={`${address} · ${subject ?? ''} · ${validTo ?? ''}`} max={160} />
      </p>
      <p className="my-1">{t(changed ? 'certificate.changedWhat' : 'certificate.askingWhat')}</p>
      {confirmed && <Digits label={t('certificate.was')} value={confirmed} />}
      {fingerprint && <Digits label={t('certificate.is')} value={fingerprint} />}
      <form
        className="mt-2 space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          void call('certificate.confirm', { address, typed });
        }}
      >
        <Field label={t('certificate.typed')}>
          <input
            className={`${INPUT} figure`}
            maxLength={16}
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </Field>
        <Button type="submit" disabled={typed.replaceAll(':', '').trim().length !== 8}>
          {t('certificate.go')}
        </Button>
      </form>
    </section>
  );
}

function Digits({ label, value }: { label: string; value: string }) {
  return (
    <p className="text-[12px]">
      <span className="text-muted">{label}</span>{' '}
      <span className="figure break-all select-text">{value}</span>
    </p>
  );
}
