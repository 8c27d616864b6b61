import { type EditablePolicy, policyFields } from '@shared/policy/edit';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { Button, Hostile } from '../../components/ui';
import { mayDo } from '../../desk/may';
import { policyGroups, policyOf, reading, written } from '../../desk/policy.state';
import { useT } from '../../i18n';
import { policyKey } from '../../i18n/policyKeys';
import { openDialog } from '../../lib/store';
import { useLanguage } from '../../lib/useSaid';

/** A policy as it holds: its version, since when, by whom and why, and every value of it. */
export function PolicySection({ view, name }: { view: DeskView; name: EditablePolicy }) {
  const t = useT();
  const language = useLanguage();
  const { document, version, since, by, reason } = policyOf(view, name);
  const groups = policyGroups(policyFields(document));
  return (
    <section
      aria-label={t(`policy.${name}`)}
      className="rounded-md border border-line p-2 text-[12px]"
    >
      <div className="flex items-center gap-2">
        <h2 className="text-[15px] font-semibold">{t(`policy.${name}`)}</h2>
        <span className="figure min-w-0 flex-1 truncate">
          {t('policy.version')} <Hostile text={version} max={32} />
        </span>
        <Button
          disabled={!mayDo(view, view.modelsPolicy.permissions.changePolicy)}
          onClick={() => openDialog({ kind: 'policy', name })}
        >
          {t('policy.change')}
        </Button>
      </div>
      <p className="text-muted">
        {since === null ? (
          t('policy.ownFile')
        ) : (
          <>
            <span className="figure">
              {t('policy.since', { time: timestamp(since).slice(0, 16) })}
            </span>{' '}
            · <Hostile text={by ?? '—'} max={32} />:{' '}
            <Hostile text={reason ?? t('policy.fromFile')} max={240} />
          </>
        )}
      </p>
      <details className="mt-1">
        <summary className="cursor-pointer text-muted">{t('policy.values')}</summary>
        <table className="mt-1 w-full">
          {groups.map(([group, fields]) => (
            <tbody key={group}>
              <tr className="h-7 border-t border-line">
                <th scope="rowgroup" colSpan={2} className="figure text-left text-muted">
                  <Hostile text={group || name} max={60} />
                </th>
              </tr>
              {fields.map(({ path, value }) => (
                <tr key={path} className="h-7 border-t border-line">
                  <th scope="row" title={path} className="w-[45%] pr-2 text-left font-normal">
                    {policyKey(path, language)}
                  </th>
                  <td className="figure">
                    <Hostile text={written(value, t('policy.yes'), t('policy.no'))} max={120} />{' '}
                    <span className="text-muted">{reading(path, value) ?? ''}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </details>
    </section>
  );
}
