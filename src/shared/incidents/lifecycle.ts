import type { IncidentStage } from './events';

const NEXT: Readonly<Record<IncidentStage, IncidentStage | null>> = {
  open: 'acknowledged',
  acknowledged: 'mitigating',
  mitigating: 'resolved',
  resolved: 'closed',
  closed: null,
};

/** The one stage that may follow; null after the last. Nothing is left out and nothing goes back. */
export function nextStage(stage: IncidentStage): IncidentStage | null {
  return NEXT[stage];
}
