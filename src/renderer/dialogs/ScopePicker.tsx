import type { EngineRecord } from '@shared/ops/state';
import type { Scope } from '@shared/protocol/commands';
import { Hostile } from '../components/ui';
import { useT } from '../i18n';

interface Props {
  readonly scope: Scope;
  readonly engines: readonly EngineRecord[];
  readonly onChange: (scope: Scope) => void;
}

/** The whole desk, or engines picked by hand. Picking none is kept: the dialog says what is missing. */
export function ScopePicker({ scope, engines, onChange }: Props) {
  const t = useT();
  const chosen = scope.kind === 'engines' ? scope.engines : [];
  const toggle = (id: string): void =>
    onChange({
      kind: 'engines',
      engines: chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id],
    });
  return (
    <fieldset className="mb-3">
      <legend className="mb-1 text-[12px] text-muted">{t('scope.legend')}</legend>
      <label className="flex items-center gap-2 py-0.5">
        <input
          type="radio"
          name="scope"
          checked={scope.kind === 'all'}
          onChange={() => onChange({ kind: 'all' })}
        />
        {t('scope.all', { count: engines.length })}
      </label>
      <label className="flex items-center gap-2 py-0.5">
        <input
          type="radio"
          name="scope"
          checked={scope.kind === 'engines'}
          disabled={engines.length === 0}
          onChange={() => onChange({ kind: 'engines', engines: [] })}
        />
        {t('scope.engines')}
      </label>
      {scope.kind === 'engines' && (
        <div className="ml-6 max-h-28 overflow-y-auto">
          {engines.map((engine) => (
            <label key={engine.id} className="flex items-center gap-2 py-0.5">
              <input
                type="checkbox"
                checked={chosen.includes(engine.id)}
                onChange={() => toggle(engine.id)}
              />
              <Hostile text={engine.name} max={40} />
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}
