import { fieldText, type PolicyField, policyFields, readField } from '@shared/policy/edit';
import { INPUT } from '../components/ui';
import { policyGroups, reading } from '../desk/policy.state';
import { useT } from '../i18n';
import { policyKey } from '../i18n/policyKeys';
import { useLanguage } from '../lib/useSaid';

interface Props {
  readonly document: object;
  readonly typed: Readonly<Record<string, string>>;
  readonly faults: Readonly<Record<string, string>>;
  readonly onType: (path: string, text: string) => void;
}

/** A field for every value of a policy, made from the document itself. */
export function PolicyFields(props: Props) {
  const groups = policyGroups(policyFields(props.document));
  return groups.map(([group, fields]) => (
    <fieldset key={group} className="border-t border-line pt-1">
      <legend className="figure pr-2 text-[12px] text-muted">{group}</legend>
      <div className="grid grid-cols-2 gap-x-4 gap-y-1">
        {fields.map((field) => (
          <FieldRow key={field.path} {...props} field={field} />
        ))}
      </div>
    </fieldset>
  ));
}

function FieldRow({ field, typed, faults, onType }: Props & { readonly field: PolicyField }) {
  const t = useT();
  const language = useLanguage();
  const { path, value } = field;
  const now = fieldText(value);
  const text = typed[path] ?? now;
  const fault = faults[path];
  const note = fault ?? reading(path, readField(text, value)) ?? '';
  const isList = typeof value === 'object' && value !== null;
  const about = `policy-${path}`;
  return (
    <div
      className={`grid items-center gap-x-2 text-[12px] ${isList ? 'col-span-2 grid-cols-[200px_1fr]' : 'grid-cols-[1fr_150px]'}`}
    >
      <label htmlFor={about} className={text === now ? '' : 'text-blue'}>
        {policyKey(path, language)}
      </label>
      {typeof value === 'boolean' ? (
        <select
          id={about}
          className={INPUT}
          value={text}
          onChange={(event) => onType(path, event.target.value)}
        >
          <option value="true">{t('policy.yes')}</option>
          <option value="false">{t('policy.no')}</option>
        </select>
      ) : (
        <input
          id={about}
          className={`${INPUT} figure`}
          maxLength={2_000}
          aria-invalid={fault !== undefined}
          aria-describedby={`${about}-note`}
          value={text}
          onChange={(event) => onType(path, event.target.value)}
        />
      )}
      <span
        id={`${about}-note`}
        className={`figure col-span-2 min-h-4 text-right ${fault ? 'text-amber' : 'text-muted'}`}
      >
        {note}
      </span>
    </div>
  );
}
