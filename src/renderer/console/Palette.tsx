import type { Settings } from '@shared/settings';
import type { DeskView } from '@shared/view/desk';
import { Command } from 'cmdk';
import { useEffect, useState } from 'react';
import { activeOnes, whyNot } from '../desk/incidents.state';
import { canResume } from '../desk/resume.state';
import { useT } from '../i18n';
import { acknowledge, call } from '../lib/call';
import { KILL_DIALOG_KEY } from '../lib/hooks';
import { openDialog, openKillDialog, useApp } from '../lib/store';
import { VIEWS, type ViewName } from './views';

interface Action {
  readonly id: string;
  readonly label: string;
  readonly key?: string;
  readonly disabled?: boolean;
  readonly run: () => void;
}

/** Everything the console can do, by name. Nothing here stops or starts trading without its dialog. */
export function Palette(props: { view: DeskView; onView: (name: ViewName) => void }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!event.ctrlKey || event.key.toLowerCase() !== 'k' || event.shiftKey) return;
      event.preventDefault();
      setOpen((was) => !was);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  const past = useApp((state) => state.past !== null);

  const { permissions } = props.view.incidentsPolicy;
  const unanswered = activeOnes(props.view).find(({ stage }) => stage === 'open');
  const set = (change: Partial<Settings>) => () => void call('settings.set', change);
  const groups: readonly (readonly [string, readonly Action[]])[] = [
    [
      t('palette.operation'),
      [
        {
          id: 'kill',
          label: t('palette.kill'),
          key: KILL_DIALOG_KEY,
          run: () => openKillDialog('console'),
        },
        {
          id: 'resume',
          label: t('palette.resume'),
          disabled: past || !canResume(props.view.ops),
          run: () => openDialog({ kind: 'resume' }),
        },
        {
          id: 'rollback',
          label: t('palette.rollback'),
          disabled: past,
          run: () => openDialog({ kind: 'rollback' }),
        },
        {
          id: 'acknowledge',
          label: t('palette.acknowledge'),
          disabled: !unanswered || whyNot(props.view, permissions.acknowledge) !== null,
          run: () => {
            if (unanswered) acknowledge(unanswered.id, 'console');
          },
        },
      ],
    ],
    [
      t('nav.label'),
      VIEWS.map((name, index) => ({
        id: name,
        label: t(`nav.${name}`),
        key: `Ctrl+${index + 1}`,
        run: () => props.onView(name),
      })),
    ],
    [
      t('settings.title'),
      [
        {
          id: 'settings',
          label: t('setting.all'),
          run: () => openDialog({ kind: 'settings' }),
        },
        { id: 'guide', label: t('guide.open'), run: () => openDialog({ kind: 'guide' }) },
        { id: 'es', label: t('palette.spanish'), run: set({ language: 'es' }) },
        { id: 'en', label: t('palette.english'), run: set({ language: 'en' }) },
        { id: 'dark', label: t('palette.dark'), run: set({ theme: 'dark' }) },
        { id: 'light', label: t('palette.light'), run: set({ theme: 'light' }) },
      ],
    ],
  ];
  return (
    <Command.Dialog
      open={open}
      onOpenChange={setOpen}
      label={t('palette.title')}
      overlayClassName="fixed inset-0 z-40 bg-black/70"
      contentClassName="fixed top-24 left-1/2 z-50 w-[520px] -translate-x-1/2 rounded-md border border-line bg-surface"
    >
      <Command.Input
        placeholder={t('palette.placeholder')}
        className="w-full border-b border-line bg-transparent px-4 py-3 text-[15px] text-text"
      />
      <Command.List className="max-h-96 overflow-y-auto p-2">
        <Command.Empty className="px-2 py-3 text-muted">{t('palette.none')}</Command.Empty>
        {groups.map(([heading, actions]) => (
          <Command.Group key={heading} heading={heading} className="palette-group">
            {actions.map(({ id, label, key, disabled, run }) => (
              <Command.Item
                key={id}
                value={label}
                disabled={disabled ?? false}
                className="palette-item flex justify-between rounded-md px-2 py-1.5"
                onSelect={() => {
                  setOpen(false);
                  run();
                }}
              >
                {label}
                {key && <kbd className="figure text-[12px] text-muted">{key}</kbd>}
              </Command.Item>
            ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command.Dialog>
  );
}
