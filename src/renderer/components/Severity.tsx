import type { Severity } from '@shared/alerts/events';
import { Circle, Diamond, OctagonAlert, TriangleAlert } from 'lucide-react';
import { useT } from '../i18n';

const SHAPES = { P0: OctagonAlert, P1: TriangleAlert, P2: Diamond, P3: Circle } as const;
const TONES: Readonly<Record<Severity, string>> = {
  P0: 'text-red',
  P1: 'text-amber',
  P2: 'text-text',
  P3: 'text-muted',
};

/** A severity by word, shape and colour. */
export function SeverityMark({ severity, short = false }: { severity: Severity; short?: boolean }) {
  const t = useT();
  const Shape = SHAPES[severity];
  return (
    <strong className={`inline-flex items-center gap-1 whitespace-nowrap ${TONES[severity]}`}>
      <Shape size={14} aria-hidden />
      {severity}
      {!short && <span>{t(`severity.${severity}`)}</span>}
    </strong>
  );
}

/** What belongs to a rehearsal, so that it is never taken for the real thing. */
export function DrillMark() {
  const t = useT();
  return <span className="hatched rounded-md px-1 font-bold">{t('drill.mark')}</span>;
}
