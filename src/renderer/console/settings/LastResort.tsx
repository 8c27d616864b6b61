import {
  type LastResortStore,
  type LastResortTarget,
  type LastResortTest,
  type LastResortView,
  lastResortKindSchema,
} from '@shared/bridges/lastResort';
import type { DeskView } from '@shared/view/desk';
import { useEffect, useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Button, Field, Hostile, INPUT } from '../../components/ui';
import { isTaken } from '../../desk/bridges.state';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { Found } from './Found';
import { AddressField, PlainQuestion, SecretFields, ServiceAddress } from './ServiceFields';

/** The services that this terminal stops by itself when no gateway answers. */
export function LastResortSection({ view }: { view: DeskView }) {
  const t = useT();
  const [store, setStore] = useState<LastResortStore | null>(null);
  const [adding, setAdding] = useState(false);
  const [tested, setTested] = useState<
    (LastResortTest & { engine: string; tookMs: number }) | null
  >(null);
  useEffect(() => {
    void call('lastResort.view', undefined).then(setStore);
  }, []);
  if (!store) return null;

  async function test(engine: string): Promise<void> {
    const startedAt = performance.now();
    const result = await call('lastResort.test', { engine });
    const tookMs = Math.round(performance.now() - startedAt);
    setTested(result && { ...result, engine, tookMs });
  }

  async function remove(engine: string): Promise<void> {
    const next = await call('lastResort.remove', { engine });
    if (next) setStore(next);
  }

  const columns: readonly Column<LastResortView>[] = [
    {
      key: 'bridges.id',
      value: ({ engine }) => engine,
      cell: ({ engine }) => <Hostile text={engine} max={32} />,
    },
    { key: 'bridges.kind', value: ({ kind }) => kind, cell: ({ kind }) => kind },
    {
      key: 'bridges.address',
      value: ({ address }) => address,
      cell: ({ address }) => <ServiceAddress address={address} />,
    },
    {
      key: 'bridges.actions',
      value: () => null,
      cell: ({ engine }) => (
        <span className="flex gap-2">
          <button type="button" className="hover:text-blue" onClick={() => void test(engine)}>
            {t('bridges.test')}
          </button>
          <button type="button" className="hover:text-blue" onClick={() => void remove(engine)}>
            {t('bridges.remove')}
          </button>
        </span>
      ),
    },
  ];
  const seconds = view.policy.kill.lastResortAfterMs / 1_000;
  return (
    <section className="space-y-2">
      <DataTable
        name="lastResort"
        title="lastResort.title"
        empty="lastResort.empty"
        rows={store.targets}
        rowKey={({ engine }) => engine}
        columns={columns}
      />
      <p className="text-[12px] text-muted">{t('lastResort.what', { seconds })}</p>
      {store.sealed ? (
        <p className="text-[12px] text-muted">
          {t('lastResort.backend', { backend: store.backend })}
        </p>
      ) : (
        store.targets.length > 0 && (
          <p className="text-[12px] text-amber">
            {t('lastResort.notSealed', { backend: store.backend })}
          </p>
        )
      )}
      {store.problem && (
        <p role="status" className="text-[12px] text-amber">
          {t('lastResort.problem', { problem: store.problem })}
        </p>
      )}
      {tested && <Found {...tested} />}
      {adding ? (
        <Target
          view={view}
          sealed={store.sealed}
          onClose={() => setAdding(false)}
          onKept={(next) => {
            setStore(next);
            setAdding(false);
          }}
        />
      ) : (
        <Button onClick={() => setAdding(true)}>{t('lastResort.add')}</Button>
      )}
    </section>
  );
}

function Target(props: {
  readonly view: DeskView;
  readonly sealed: boolean;
  readonly onClose: () => void;
  readonly onKept: (store: LastResortStore) => void;
}) {
  const t = useT();
  const engines = Object.keys(props.view.ops.engines);
  const [target, setTarget] = useState<LastResortTarget>({
    ...{ engine: engines[0] ?? '', kind: 'inference-api', address: '', secrets: {} },
  });
  const [accepted, setAccepted] = useState(false);
  const [plainAccepted, acceptPlain] = useState(false);
  const set = (change: Partial<LastResortTarget>) => setTarget({ ...target, ...change });
  const ready =
    target.engine !== '' && isTaken({ ...target, plainAccepted }) && (props.sealed || accepted);

  async function keep(): Promise<void> {
    const address = target.address.trim();
    const next = await call('lastResort.set', {
      target: { ...target, address, plainAccepted },
      plainAccepted: accepted,
    });
    if (next) props.onKept(next);
  }

  return (
    <form
      className="space-y-2 rounded-md border border-line p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void keep();
      }}
    >
      <div className="grid grid-cols-2 gap-2">
        <Field label={t('bridges.id')}>
          <select
            className={INPUT}
            value={target.engine}
            onChange={(event) => set({ engine: event.target.value })}
          >
            {engines.map((engine) => (
              <option key={engine} value={engine}>
                {engine}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('bridges.kind')}>
          <select
            className={INPUT}
            value={target.kind}
            onChange={(event) =>
              set({ kind: event.target.value as LastResortTarget['kind'], secrets: {} })
            }
          >
            {lastResortKindSchema.options.map((kind) => (
              <option key={kind} value={kind}>
                {kind}
              </option>
            ))}
          </select>
        </Field>
        <AddressField
          address={target.address}
          onChange={(address) => {
            set({ address });
            acceptPlain(false);
          }}
        />
        <SecretFields
          kind={target.kind}
          secrets={target.secrets}
          kept={[]}
          onChange={(secrets) => set({ secrets })}
        />
      </div>
      <PlainQuestion address={target.address} accepted={plainAccepted} onChange={acceptPlain} />
      {!props.sealed && (
        <label className="flex gap-2 text-[12px] text-amber">
          <input
            type="checkbox"
            checked={accepted}
            onChange={(event) => setAccepted(event.target.checked)}
          />
          <span>
            {t('lastResort.plain')} {t('lastResort.acceptPlain')}
          </span>
        </label>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={props.onClose}>{t('dialog.cancel')}</Button>
        <Button type="submit" disabled={!ready}>
          {t('bridges.save')}
        </Button>
      </div>
    </form>
  );
}
