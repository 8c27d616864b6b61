import type { ActionItem, Incident } from '@shared/incidents/state';
import { tradingDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useCallback, useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Standing } from '../../components/Standing';
import { Hostile, INPUT } from '../../components/ui';
import { actionItemsOf, isOverdue, whyNot } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { useIncidentCommand } from '../../lib/useCommand';
import { MayButton, Why } from './parts';

const STATUSES = ['open', 'in_progress', 'done', 'dropped'] as const;

/** What is to be done after an incident, by whom and until when; of every incident where none is named. */
export function ActionItems(props: {
  readonly view: DeskView;
  readonly now: number;
  readonly incident: Incident | null;
}) {
  const t = useT();
  const { view, now, incident } = props;
  const { standing, busy, give } = useIncidentCommand(view);
  const why = whyNot(view, view.incidentsPolicy.permissions.actionItems);
  const { incidents, past, actionItems } = view.ops.incidents;
  const numberOf = (id: string | null) =>
    [...incidents, ...past].find((one) => one.id === id)?.number ?? null;
  const set = (
    { id: item, incident: of, text, owner, due }: ActionItem,
    status: ActionItem['status'],
  ) =>
    void give({
      name: 'action_item.set',
      params: { item, incident: of, text, owner, due, status },
    });
  const columns: readonly Column<ActionItem>[] = [
    {
      key: 'actions.text',
      value: ({ text }) => text,
      cell: ({ text }) => <Hostile text={text} max={200} />,
    },
    {
      key: 'actions.incident',
      value: (item) => numberOf(item.incident),
      cell: (item) => <span className="figure">#{numberOf(item.incident) ?? '—'}</span>,
    },
    {
      key: 'actions.owner',
      value: ({ owner }) => owner,
      cell: ({ owner }) => <Hostile text={owner} max={32} />,
    },
    {
      key: 'actions.due',
      value: ({ due }) => due,
      cell: (item) => (
        <span className="figure whitespace-nowrap">
          {item.due} {isOverdue(item, now) && t('actions.overdue')}
        </span>
      ),
      className: (item) => (isOverdue(item, now) ? 'font-semibold text-amber' : ''),
    },
    {
      key: 'actions.status',
      value: ({ status }) => STATUSES.indexOf(status),
      cell: (item) => (
        <select
          className={INPUT}
          aria-label={`${t('actions.status')}: ${item.text.slice(0, 60)}`}
          disabled={why !== null || busy}
          title={why ? t(why) : undefined}
          value={item.status}
          onChange={(event) => set(item, event.target.value as ActionItem['status'])}
        >
          {STATUSES.map((one) => (
            <option key={one} value={one}>
              {t(`actions.${one}`)}
            </option>
          ))}
        </select>
      ),
    },
  ];
  return (
    <div className="space-y-1">
      <DataTable
        name="actions"
        title="actions.title"
        empty="actions.none"
        rows={actionItemsOf(actionItems, incident?.id ?? null)}
        rowKey={({ id }) => id}
        columns={columns}
      />
      {incident && <NewItem view={view} incident={incident} now={now} />}
      <Why why={why} />
      <Standing standing={standing} />
    </div>
  );
}

function NewItem(props: {
  readonly view: DeskView;
  readonly incident: Incident;
  readonly now: number;
}) {
  const t = useT();
  const { view, incident } = props;
  const [text, setText] = useState('');
  const [owner, setOwner] = useState('');
  const [due, setDue] = useState('');
  const clear = useCallback(() => {
    setText('');
    setOwner('');
    setDue('');
  }, []);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const why = whyNot(view, view.incidentsPolicy.permissions.actionItems);
  const ready = !busy && text.trim() !== '' && owner.trim() !== '' && due !== '';
  return (
    <form
      aria-label={t('actions.new')}
      className="grid grid-cols-[minmax(0,1fr)_120px_150px_auto] gap-1"
      onSubmit={(event) => {
        event.preventDefault();
        const params = {
          ...{ item: crypto.randomUUID(), incident: incident.id, text: text.trim() },
          ...{ owner: owner.trim(), due, status: 'open' as const },
        };
        if (ready) void give({ name: 'action_item.set', params });
      }}
    >
      <input
        className={INPUT}
        aria-label={t('actions.text')}
        placeholder={t('actions.text')}
        maxLength={1_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <input
        className={INPUT}
        aria-label={t('actions.owner')}
        placeholder={t('actions.owner')}
        maxLength={128}
        value={owner}
        onChange={(event) => setOwner(event.target.value)}
      />
      <input
        type="date"
        className={INPUT}
        aria-label={t('actions.due')}
        min={tradingDay(props.now)}
        value={due}
        onChange={(event) => setDue(event.target.value)}
      />
      <MayButton why={why} ready={ready} submit>
        {t('actions.add')}
      </MayButton>
      <Standing standing={standing} />
    </form>
  );
}
