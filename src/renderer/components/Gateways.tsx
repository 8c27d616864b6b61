import type { LinkView } from '@shared/view/desk';
import { useT } from '../i18n';

/** Of several gateways, to how many this terminal is connected; amber where none stands ready. Nothing with one. */
export function GatewayCount({ link }: { link: LinkView }) {
  const t = useT();
  const { gateways, standing } = link;
  if (gateways < 2) return null;
  return (
    <span className={standing < 2 ? 'text-amber' : 'text-muted'}>
      {t('link.gateways', { standing, gateways })}
    </span>
  );
}
