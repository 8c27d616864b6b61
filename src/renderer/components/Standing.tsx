import { useT } from '../i18n';
import type { CommandStanding } from '../lib/useCommand';
import { Hostile } from './ui';

/** Where a dialog's command stands, in the gateway's own words. */
export function Standing({ standing }: { standing: CommandStanding }) {
  const t = useT();
  if (standing.kind === 'none') return null;
  return (
    <p role="status" className={standing.kind === 'sent' ? 'text-muted' : 'text-amber'}>
      {t(`standing.${standing.kind}`)}{' '}
      {standing.kind === 'rejected' && <Hostile text={standing.text} max={400} />}
    </p>
  );
}
