import type { DeskView } from '@shared/view/desk';
import { Circle, CircleCheck, CircleDot, CircleMinus, TriangleAlert } from 'lucide-react';
import { DrillMark } from '../components/Severity';
import { Hostile } from '../components/ui';
import type { ChainStepState } from '../desk/chain.state';
import { chainSteps } from '../desk/chain.state';
import { isDrilled } from '../desk/drill.state';
import type { Left } from '../desk/left.state';
import { useT } from '../i18n';
import { compact } from '../lib/format';

const LEFT_SHOWN = 6;
const SHAPES = {
  done: CircleCheck,
  active: CircleDot,
  pending: Circle,
  problem: TriangleAlert,
  skipped: CircleMinus,
} as const satisfies Record<ChainStepState, unknown>;
const COLOURS = {
  done: 'text-green',
  active: 'text-amber',
  pending: 'text-muted',
  problem: 'text-red',
  skipped: 'text-muted',
} as const satisfies Record<ChainStepState, string>;

/** Each killed engine's chain, step by step, and what is left by name. */
export function Chains({ view, left }: { view: DeskView; left: readonly Left[] }) {
  const t = useT();
  const chains = Object.values(view.ops.chains);
  if (chains.length === 0) return null;
  return (
    <section className="border-b border-line px-3 py-2 text-[12px]" aria-label={t('chain.title')}>
      {chains.map((chain) => (
        <div key={chain.engine} className="mb-2">
          <h2 className="font-semibold">
            <Hostile text={view.ops.engines[chain.engine]?.name ?? chain.engine} max={32} />
            {isDrilled(view.ops, chain.engine) && (
              <>
                {' '}
                <DrillMark />
              </>
            )}
            {chain.round > 1 && (
              <span className="text-muted"> · {t('chain.round', { round: chain.round })}</span>
            )}
          </h2>
          {chain.stale && <p className="text-amber">{t('chain.stale')}</p>}
          <ol>
            {chainSteps(chain).map((step) => {
              const Shape = SHAPES[step.state];
              return (
                <li key={step.name} className="flex items-center gap-2">
                  <Shape size={12} className={COLOURS[step.state]} aria-hidden />
                  <span className="w-20">{t(`chain.${step.name}`)}</span>
                  <span className={`flex-1 ${COLOURS[step.state]}`}>
                    {t(`chain.${step.state}`)}
                  </span>
                  <span className="figure">
                    {step.tookMs === null ? '' : `${Math.round(step.tookMs)} ms`}
                  </span>
                </li>
              );
            })}
          </ol>
        </div>
      ))}
      <h2 className="font-semibold">{t('chain.left')}</h2>
      {left.length === 0 && <p className="text-muted">{t('chain.nothingLeft')}</p>}
      <ul>
        {left.slice(0, LEFT_SHOWN).map((one) => (
          <li key={one.key} className="flex gap-2">
            <span className="min-w-0 flex-1 truncate">
              {t(`left.${one.kind}`)} <Hostile text={one.name} max={40} />
            </span>
            <span className="figure">
              {compact(one.notional)} {one.currency && <Hostile text={one.currency} max={8} />}
            </span>
            <span className="text-amber">{t(`left.${one.outcome}`)}</span>
          </li>
        ))}
        {left.length > LEFT_SHOWN && <li>+{left.length - LEFT_SHOWN}</li>}
      </ul>
    </section>
  );
}
