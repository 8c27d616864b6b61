import type { ConnectionView } from '@shared/view/connection';
import type { DeskView } from '@shared/view/desk';
import { Button, Hostile } from '../components/ui';
import { useT } from '../i18n';
import { call } from '../lib/call';

/** Where a terminal is connected, and who said so. */
export function ConnectionWords({ source, gateways }: Pick<ConnectionView, 'source' | 'gateways'>) {
  const t = useT();
  return (
    <Hostile text={t(`connection.source.${source}`, { gateways: gateways.join(', ') })} max={300} />
  );
}

/** What could not be read of what says where the terminal is connected. */
export function ConnectionProblem({ view }: { view: DeskView }) {
  const t = useT();
  const { source, problem } = view.connection;
  if (problem === null) return null;
  return (
    <span className="text-amber">
      {source !== 'none' && `${t('connection.last')} `}
      <span className="select-text">
        <Hostile text={problem} max={300} />
      </span>
    </span>
  );
}

/** Restarts the terminal for what holds from its next start on. */
export function RestartButton({ view }: { view: DeskView }) {
  const t = useT();
  const killing = view.pendingKill !== null || view.kills.some(({ stage }) => stage !== 'done');
  return (
    <div className="mt-2 space-y-1">
      <Button disabled={killing} onClick={() => void call('app.restart', undefined)}>
        {t('connection.restart')}
      </Button>
      <p className={`text-[12px] ${killing ? 'text-amber' : 'text-muted'}`}>
        {t(killing ? 'connection.restartKill' : 'connection.restartWhat')}
      </p>
    </div>
  );
}
