import type { Found as Facts } from '@shared/bridges/bridge';
import { Hostile } from '../../components/ui';
import { useT } from '../../i18n';
import type { Key } from '../../i18n/es';

/** What a look at a service came to: its own words where it failed, the facts where it did not. */
export function Found(props: {
  readonly ok: boolean;
  readonly message: string;
  readonly found: Facts;
  readonly tookMs: number;
}) {
  const t = useT();
  if (!props.ok) {
    return (
      <p role="status" className="rounded-md border border-amber p-2 text-[12px]">
        <strong className="text-amber">{t('bridges.notFound')}</strong>{' '}
        <Hostile text={props.message} max={240} />
      </p>
    );
  }
  return (
    <section role="status" className="rounded-md border border-line p-2 text-[12px]">
      <h3 className="font-semibold">{t('bridges.found', { ms: props.tookMs })}</h3>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3">
        {Object.entries(props.found).map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{t(`found.${name}` as Key)}</dt>
            <dd className="figure">
              <Hostile text={value === null ? '–' : String(value)} max={80} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
