import { GATEWAY_FORM, isPlainOffMachine } from '@shared/address';
import type { Joined } from '@shared/connection';
import type { DeskView } from '@shared/view/desk';
import { useId, useState } from 'react';
import { Button, Field, Hostile, INPUT } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';
import { CertificateQuestion } from './Certificates';
import { ConnectionProblem, ConnectionWords, RestartButton } from './Connection';
import { TokenForm } from './SignIn';

type Work = 'gateway' | 'paper';

/** Says where this terminal is connected and lets its operator choose, where nobody else has. */
export function ConnectionChoice({ view }: { view: DeskView }) {
  const t = useT();
  const name = useId();
  const { source, problem, next } = view.connection;
  const coming = next ?? view.connection;
  const [work, setWork] = useState<Work | null>(null);
  const chosen = work ?? workOf(coming.source);
  const fixed = coming.source === 'config' || coming.source === 'desk';
  return (
    <div className="space-y-2">
      <p>
        <ConnectionWords {...view.connection} /> {fixed && next === null && t('connection.fixed')}
      </p>
      {problem !== null && source !== 'paper' && (
        <p role="status">
          <ConnectionProblem view={view} />
        </p>
      )}
      {!fixed && (
        <fieldset className="space-y-1">
          <legend className="text-[12px] text-muted">{t('connection.choose')}</legend>
          {(['gateway', 'paper'] as const).map((one) => (
            <label key={one} className="flex items-center gap-2 text-text">
              <input
                type="radio"
                name={name}
                checked={chosen === one}
                onChange={() => setWork(one)}
              />
              {t(`connection.${one}`)}
            </label>
          ))}
        </fieldset>
      )}
      {!fixed && chosen === 'gateway' && <JoinForm view={view} />}
      {!fixed && chosen === 'paper' && coming.source !== 'paper' && (
        <Button onClick={() => void call('connection.paper', undefined)}>
          {t('connection.usePaper')}
        </Button>
      )}
      {next ? (
        <div className="rounded-md border border-amber p-2">
          <p>
            <strong className="text-amber">{t('connection.next')}</strong>{' '}
            <ConnectionWords {...next} />
          </p>
          <RestartButton view={view} />
        </div>
      ) : (
        !fixed && <p className="text-[12px]">{t('connection.effect')}</p>
      )}
    </div>
  );
}

function workOf(source: DeskView['connection']['source']): Work | null {
  if (source === 'none') return null;
  return source === 'paper' ? 'paper' : 'gateway';
}

/** An address, its certificate, a token: the gateway is taken once it has let the operator in. */
function JoinForm({ view }: { view: DeskView }) {
  const t = useT();
  const [typed, setTyped] = useState('');
  const [looking, setLooking] = useState(false);
  const [looked, setLooked] = useState<{
    address: string;
    backend: string;
    plain: boolean;
  } | null>(null);
  const [joined, setJoined] = useState<Joined | null>(null);
  const address = withScheme(typed.trim());
  const right = GATEWAY_FORM.test(address) && !isPlainOffMachine(address);
  const certificate = view.certificates.find((one) => one.address === looked?.address);
  const open = looked !== null && (certificate === undefined || certificate.state === 'confirmed');

  async function look(): Promise<void> {
    setLooking(true);
    setJoined(null);
    setLooked(await call('connection.look', { address }));
    setLooking(false);
  }

  return (
    <div className="space-y-2 rounded-md border border-line p-2">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (right && !looking) void look();
        }}
      >
        <Field label={t('connection.address')}>
          <span className="flex gap-2">
            <input
              className={INPUT}
              maxLength={512}
              placeholder="wss://gateway.example:7443"
              autoComplete="off"
              spellCheck={false}
              aria-invalid={typed.trim() !== '' && !right}
              value={typed}
              onChange={(event) => {
                setTyped(event.target.value);
                setLooked(null);
                setJoined(null);
              }}
            />
            <Button type="submit" disabled={!right || looking}>
              {t(looking ? 'connection.looking' : 'connection.look')}
            </Button>
          </span>
        </Field>
      </form>
      {typed.trim() !== '' && !right && (
        <p className="text-[12px] text-amber">{t('connection.badAddress')}</p>
      )}
      {certificate?.state === 'unreachable' && !looking && (
        <p role="status" className="text-[12px] text-amber">
          {t('connection.unreachable')}
        </p>
      )}
      {(certificate?.state === 'asking' || certificate?.state === 'changed') && (
        <CertificateQuestion certificate={certificate} />
      )}
      {open && joined === null && (
        <>
          <p className="text-[12px]">
            {t(certificate ? 'connection.confirmed' : 'connection.plainHere')}
          </p>
          <TokenForm
            keptBy={looked}
            go={t('connection.join')}
            onGo={async (given) => {
              const result = await call('connection.join', { address: looked.address, ...given });
              setJoined(result);
              return result !== null;
            }}
          />
        </>
      )}
      {joined && (
        <p role="status" className="text-green">
          <Hostile
            text={t('connection.joined', {
              desk: joined.deskName,
              environment: t(`env.${joined.environment}`),
              operator: joined.operator,
            })}
            max={300}
          />{' '}
          {!joined.kept && t('connection.askedAgain')}
        </p>
      )}
    </div>
  );
}

/** Nobody types a scheme: what is left out is the one with TLS. */
function withScheme(address: string): string {
  return address === '' || address.includes('://') ? address : `wss://${address}`;
}
