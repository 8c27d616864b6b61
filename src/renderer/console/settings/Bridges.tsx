import type { BridgeRecord } from '@shared/bridges/state';
import type { DeskView } from '@shared/view/desk';
import { useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Button, Field, Hostile, INPUT } from '../../components/ui';
import { conditionOf } from '../../desk/bridges.state';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { BridgeForm } from './BridgeForm';
import { ServiceAddress } from './ServiceFields';

type Open = { readonly kind: 'form' | 'remove'; readonly record: BridgeRecord | null };

/** The desk's bridges: where each leads, how it stands, and the way to add, test, change or remove one. */
export function BridgesSection({ view }: { view: DeskView }) {
  const t = useT();
  const [open, setOpen] = useState<Open | null>(null);
  const condition = (bridge: BridgeRecord) => conditionOf(view, bridge);
  const columns: readonly Column<BridgeRecord>[] = [
    { key: 'bridges.id', value: ({ id }) => id, cell: ({ id }) => <Hostile text={id} max={32} /> },
    {
      key: 'bridges.name',
      value: ({ name }) => name,
      cell: ({ name }) => <Hostile text={name} max={32} />,
    },
    { key: 'bridges.kind', value: ({ kind }) => kind, cell: ({ kind }) => kind },
    {
      key: 'bridges.address',
      value: ({ address }) => address,
      cell: ({ address }) => <ServiceAddress address={address} />,
    },
    {
      key: 'bridges.secrets',
      value: ({ secrets }) => secrets.length,
      cell: ({ secrets }) => <Hostile text={secrets.join(', ') || '–'} max={32} />,
    },
    {
      key: 'bridges.state',
      value: condition,
      cell: (bridge) => (
        <Hostile
          text={t(`bridges.state.${condition(bridge)}`, { cause: bridge.cause ?? '' })}
          max={60}
        />
      ),
      className: (bridge) => (condition(bridge) === 'connected' ? '' : 'text-amber'),
    },
    {
      key: 'bridges.actions',
      value: ({ source }) => source,
      cell: (record) =>
        record.source === 'file' ? (
          <span className="text-muted">{t('bridges.fromFile')}</span>
        ) : (
          <span className="flex gap-2">
            <button
              type="button"
              className="hover:text-blue"
              onClick={() => setOpen({ kind: 'form', record })}
            >
              {t('bridges.edit')}
            </button>
            <button
              type="button"
              className="hover:text-blue"
              onClick={() => setOpen({ kind: 'remove', record })}
            >
              {t('bridges.remove')}
            </button>
          </span>
        ),
    },
  ];
  return (
    <section className="space-y-2">
      <DataTable
        name="bridges"
        title="bridges.title"
        empty="bridges.empty"
        rows={Object.values(view.ops.bridges.bridges)}
        rowKey={({ id }) => id}
        columns={columns}
      />
      {open === null && (
        <Button onClick={() => setOpen({ kind: 'form', record: null })}>{t('bridges.add')}</Button>
      )}
      {open?.kind === 'form' && (
        <BridgeForm view={view} record={open.record} onClose={() => setOpen(null)} />
      )}
      {open?.kind === 'remove' && open.record && (
        <Removal id={open.record.id} onClose={() => setOpen(null)} />
      )}
    </section>
  );
}

function Removal({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useT();
  const [reason, setReason] = useState('');
  async function remove(): Promise<void> {
    const params = { bridge: id, reason: reason.trim() };
    if (await call('bridge.command', { name: 'bridge.remove', params })) onClose();
  }
  return (
    <form
      className="flex items-end gap-2 rounded-md border border-line p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim() !== '') void remove();
      }}
    >
      <div className="flex-1">
        <Field label={t('bridges.reason')}>
          <input
            className={INPUT}
            maxLength={4_000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
      </div>
      <Button onClick={onClose}>{t('dialog.cancel')}</Button>
      <Button type="submit" disabled={reason.trim() === ''}>
        {t('bridges.remove')} <Hostile text={id} max={32} />
      </Button>
    </form>
  );
}
