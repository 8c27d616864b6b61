import {
  type EditablePolicy,
  editedPolicy,
  faultsByField,
  type PolicyDifference,
  policyDifferences,
  requestsVoided,
} from '@shared/policy/edit';
import type { ModelsPolicy } from '@shared/policy/models';
import type { DeskView } from '@shared/view/desk';
import { useEffect, useRef, useState } from 'react';
import { Standing } from '../components/Standing';
import { Button, Field, Hostile, INPUT } from '../components/ui';
import { policyOf, reading, written } from '../desk/policy.state';
import { useT } from '../i18n';
import { policyKey } from '../i18n/policyKeys';
import { closeDialog } from '../lib/store';
import { useCommand } from '../lib/useCommand';
import { useLanguage } from '../lib/useSaid';
import { DialogFrame } from './DialogFrame';
import { PolicyFields } from './PolicyFields';

/** Two steps: the values, each checked as it is typed; then what would change, why, and what it voids. */
export default function PolicyDialog({ view, name }: { view: DeskView; name: EditablePolicy }) {
  const t = useT();
  const now = policyOf(view, name);
  // What was opened is what is changed, whatever comes into force meanwhile.
  const [base] = useState(now);
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [reason, setReason] = useState('');
  const [reviewing, setReviewing] = useState(false);
  const { standing, give } = useCommand(view, closeDialog);
  const next = editedPolicy(base.document, typed);
  const faults = faultsByField(name, next);
  const differences = policyDifferences(base.document, next);
  const overtaken = now.version !== base.version;
  const valid = differences.length > 0 && Object.keys(faults).length === 0 && !overtaken;
  const ready = valid && reason.trim() !== '' && standing.kind !== 'sent';

  function go(): void {
    if (!reviewing) {
      if (valid) setReviewing(true);
      return;
    }
    if (!ready) return;
    const params = { name, document: next, reason: reason.trim(), basedOn: base.version };
    void give({ name: 'policy.change', params });
  }

  return (
    <DialogFrame
      wide
      title={t('policy.changeTitle', { policy: t(`policy.${name}`) })}
      description={t('policy.what', { version: base.version })}
    >
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        {overtaken && (
          <p role="alert" className="text-amber">
            {t('policy.overtaken', { version: now.version })}
          </p>
        )}
        {reviewing ? (
          <>
            <Differences differences={differences} />
            <Voided view={view} name={name} next={next} />
            <Reason reason={reason} onType={setReason} />
          </>
        ) : (
          <PolicyFields
            document={base.document}
            typed={typed}
            faults={faults}
            onType={(path, text) => setTyped({ ...typed, [path]: text })}
          />
        )}
        <Standing standing={standing} />
        <div className="sticky -bottom-4 flex items-center justify-end gap-2 border-t border-line bg-surface py-2">
          <span className="flex-1 text-[12px] text-muted">
            {t('policy.count', {
              changes: differences.length,
              faults: Object.keys(faults).length,
            })}
          </span>
          <Button onClick={reviewing ? () => setReviewing(false) : closeDialog}>
            {t(reviewing ? 'dialog.back' : 'dialog.cancel')}
          </Button>
          <Button type="submit" key={String(reviewing)} disabled={reviewing ? !ready : !valid}>
            {t(reviewing ? 'policy.go' : 'policy.review')}
          </Button>
        </div>
      </form>
    </DialogFrame>
  );
}

/** The second step begins here: it takes the focus. */
function Reason(props: { readonly reason: string; readonly onType: (reason: string) => void }) {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <Field label={t('policy.reason')}>
      <input
        ref={input}
        className={INPUT}
        maxLength={4_000}
        value={props.reason}
        onChange={(event) => props.onType(event.target.value)}
      />
    </Field>
  );
}

function Differences({ differences }: { differences: readonly PolicyDifference[] }) {
  const t = useT();
  const language = useLanguage();
  const cell = (path: string, value: PolicyDifference['before']) => {
    const read = reading(path, value);
    return (
      <>
        <Hostile text={written(value, t('policy.yes'), t('policy.no'))} max={200} />
        {read && <span className="text-muted"> ({read})</span>}
      </>
    );
  };
  return (
    <table className="w-full text-[12px]">
      <thead>
        <tr className="text-left text-muted">
          <th scope="col" className="font-normal">
            {t('policy.value')}
          </th>
          <th scope="col" className="font-normal">
            {t('policy.before')}
          </th>
          <th scope="col" className="font-normal">
            {t('policy.after')}
          </th>
        </tr>
      </thead>
      <tbody>
        {differences.map(({ path, before, after }) => (
          <tr key={path} className="h-7 border-t border-line">
            <th scope="row" className="text-left font-normal">
              {policyKey(path, language)}{' '}
              <span className="figure text-muted">
                <Hostile text={path} max={80} />
              </span>
            </th>
            <td className="figure">{cell(path, before)}</td>
            <td className="figure font-bold">{cell(path, after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What the change ends, before it is given. */
function Voided(props: {
  readonly view: DeskView;
  readonly name: EditablePolicy;
  readonly next: object;
}) {
  const t = useT();
  const { view, name, next } = props;
  if (name !== 'models') return <p className="text-[12px] text-amber">{t('policy.monitorActs')}</p>;
  const { requests } = view.ops.models;
  const ended = requestsVoided(requests, view.modelsPolicy, next as ModelsPolicy);
  return (
    <p className="rounded-md border border-amber p-2 text-[12px]">
      <strong className="text-amber">{t('policy.voids')}</strong>{' '}
      {ended.length === 0
        ? t('policy.voidsNone')
        : ended.map(({ id, model, approvals }) => (
            <span key={id} className="block">
              <Hostile text={model} max={48} />:{' '}
              {t('policy.approvals', { count: approvals.length })}
            </span>
          ))}
    </p>
  );
}
