import type { DeskView } from '@shared/view/desk';
import type { IdentityView } from '@shared/view/identity';
import { useState } from 'react';
import { Button, Field, Hostile, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';

/** Asks for the operator's token while nobody is signed in. */
export function SignIn({ view }: { view: DeskView }) {
  const t = useT();
  const { source, problem } = view.identity;
  // With no gateway there is nowhere to sign in.
  if (source !== 'none' || view.connection.source === 'none') return null;
  return (
    <section role="alert" className="m-2 rounded-md border-2 border-amber p-3">
      <h2 className="text-[15px] font-bold text-amber">{t('signIn.title')}</h2>
      <p>{t('signIn.what')}</p>
      {problem && (
        <p className="mt-1 text-[12px] text-muted">
          {t('signIn.problem')} <Hostile text={problem} max={200} />
        </p>
      )}
      <TokenForm
        keptBy={view.identity}
        go={t('signIn.go')}
        onGo={async (given) => (await call('identity.signIn', given)) !== null}
      />
    </section>
  );
}

/** Takes a token; where it would be kept readable, says so first. */
export function TokenForm(props: {
  readonly keptBy: Pick<IdentityView, 'backend' | 'plain'>;
  readonly go: string;
  /** @returns whether it was taken; it is then no longer shown */
  readonly onGo: (given: {
    token: string;
    remember: boolean;
    plainAccepted: boolean;
  }) => Promise<boolean>;
}) {
  const t = useT();
  const { plain } = props.keptBy;
  const backend = props.keptBy.backend ?? '';
  const [token, setToken] = useState('');
  const [remember, setRemember] = useState(false);
  const [accepted, setAccepted] = useState(false);
  const [busy, setBusy] = useState(false);
  const ready = !busy && token.trim().length >= 16 && (!remember || !plain || accepted);

  async function go(): Promise<void> {
    setBusy(true);
    const taken = await props.onGo({ token, remember, plainAccepted: accepted });
    setBusy(false);
    if (taken) setToken('');
  }

  return (
    <form
      className="mt-2 space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void go();
      }}
    >
      <Field label={t('signIn.token')}>
        <input
          className={INPUT}
          type="password"
          autoComplete="off"
          maxLength={512}
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
      </Field>
      <label className="flex items-center gap-2">
        <input
          type="checkbox"
          checked={remember}
          onChange={(event) => setRemember(event.target.checked)}
        />
        {t('signIn.remember')}
        {!plain && (
          <span className="text-[12px] text-muted">{t('signIn.keptBy', { backend })}</span>
        )}
      </label>
      {remember && plain && (
        <div className="rounded-md border border-amber p-2 text-[12px]">
          <p>{t('signIn.plain', { backend })}</p>
          <label className="mt-1 flex items-center gap-2">
            <input
              type="checkbox"
              checked={accepted}
              onChange={(event) => setAccepted(event.target.checked)}
            />
            {t('signIn.plainAccept')}
          </label>
        </div>
      )}
      <Button type="submit" disabled={!ready}>
        {props.go}
      </Button>
    </form>
  );
}
