import { updateHindrance } from '@shared/update/hindrance';
import type { DeskView } from '@shared/view/desk';
import type { UpdatesView } from '@shared/view/update';
import { Button, Hostile } from '../../components/ui';
import { type Translate, useT } from '../../i18n';
import { call } from '../../lib/call';

/** This program's versions: what the desk's server has, and the way back. Every step is asked for. */
export function Updates({ view }: { view: DeskView }) {
  const t = useT();
  const { stage, former, missing } = view.updates;
  const why = updateHindrance(view);
  const busy = stage.kind === 'checking' || stage.kind === 'preparing';
  const ready = stage.kind === 'ready' ? stage.version : null;
  const back = former !== null && former.version !== ready ? former.version : null;
  return (
    <section aria-label={t('update.title')} className="space-y-2">
      <h3 className="font-semibold">{t('update.title')}</h3>
      <p className="text-[12px] text-muted">
        {t('update.runs', { version: view.runtime.version })}{' '}
        {former === null && t('update.noFormer')}
      </p>
      <p role="status" className={stage.kind === 'failed' ? 'text-amber' : undefined}>
        <Hostile text={stageText(t, view.updates)} max={600} />
      </p>
      {ready !== null && former?.version === ready && former.readsMirror !== true && (
        <p className="text-amber">
          {t(former.readsMirror === null ? 'update.maybeBlind' : 'update.blind', {
            version: ready,
          })}
        </p>
      )}
      {ready !== null && why !== null && (
        <p className="text-amber">{t('update.stopped', { why: t(`update.stopped.${why}`) })}</p>
      )}
      {ready !== null && (
        <Button
          className="w-full"
          disabled={why !== null}
          onClick={() => void call('update.install', { version: ready })}
        >
          {t('update.install', { version: ready })}
        </Button>
      )}
      {stage.kind === 'available' && <Prepare version={stage.version} label="update.fetch" />}
      {missing === null && (
        <Button
          className="w-full"
          disabled={busy}
          onClick={() => void call('update.check', undefined)}
        >
          {t('update.check')}
        </Button>
      )}
      {back !== null && <Prepare version={back} label="update.back" disabled={busy} />}
    </section>
  );
}

function Prepare({
  version,
  label,
  disabled = false,
}: {
  version: string;
  label: 'update.fetch' | 'update.back';
  disabled?: boolean;
}) {
  const t = useT();
  return (
    <Button
      className="w-full"
      disabled={disabled}
      onClick={() => void call('update.prepare', { version })}
    >
      {t(label, { version })}
    </Button>
  );
}

function stageText(t: Translate, { stage, missing, server }: UpdatesView): string {
  switch (stage.kind) {
    case 'idle':
      return missing === null ? t('update.idle', { server }) : t(`update.missing.${missing}`);
    case 'checking':
    case 'current':
      return t(`update.${stage.kind}`, { server });
    case 'available':
    case 'ready':
      return t(`update.${stage.kind}`, { version: stage.version });
    case 'preparing':
      return t('update.preparing', { version: stage.version, percent: stage.percent });
    case 'failed':
      return `${t(`update.problem.${stage.problem}`)}: ${stage.detail}`;
  }
}
