import type { Gate } from '@shared/models/gates';
import { Check, CircleHelp, X } from 'lucide-react';
import { useT } from '../i18n';
import { amount, duration, NO_FIGURE, percent } from '../lib/format';
import { useSaid } from '../lib/useSaid';
import { Hostile } from './ui';

const TONE = {
  passed: 'text-green',
  failed: 'text-red',
  missing: 'text-amber',
  waived: 'text-violet',
};

/** Each requirement with its value and limit, and in a word whether it is met. */
export function GateList({ gates }: { gates: readonly Gate[] }) {
  const t = useT();
  const say = useSaid();
  return (
    <table className="w-full text-[12px]">
      <thead>
        <tr className="text-left text-muted">
          <th scope="col" className="font-normal">
            {t('gates.title')}
          </th>
          <th scope="col" className="font-normal">
            {t('gates.value')}
          </th>
          <th scope="col" className="font-normal">
            {t('gates.limit')}
          </th>
          <th scope="col" className="font-normal">
            {t('gates.outcome')}
          </th>
        </tr>
      </thead>
      <tbody>
        {gates.map((gate) => (
          <tr key={gate.id} className="h-7 border-t border-line">
            <th scope="row" className="text-left font-normal">
              {t(`gate.${gate.id}`)}
            </th>
            <td className="figure">{gateFigure(gate, gate.value)}</td>
            <td className="figure">{gateLimit(gate)}</td>
            <td className={TONE[gate.outcome]}>
              <Mark outcome={gate.outcome} /> {t(`gates.${gate.outcome}`)}
              {gate.detail && (
                <span className="text-muted">
                  {': '}
                  <Hostile text={say(null, gate.detail)} max={80} />
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Mark({ outcome }: { outcome: Gate['outcome'] }) {
  const Icon = outcome === 'passed' ? Check : outcome === 'failed' ? X : CircleHelp;
  return <Icon size={12} className="inline" aria-hidden />;
}

function gateFigure({ id }: Gate, value: number | null): string {
  if (value === null) return NO_FIGURE;
  if (id === 'sharpe') return amount(value);
  if (id === 'trades') return amount(value, 0);
  return id === 'staging_time' ? duration(value) : percent(value);
}

function gateLimit(gate: Gate): string {
  if (gate.limit === null) return NO_FIGURE;
  return `${gate.id === 'max_drawdown' ? '≤' : '≥'} ${gateFigure(gate, gate.limit)}`;
}
