import { isDryRun } from '@shared/monitor/record';
import type { Check } from '@shared/monitor/verdict';
import type { DeskView } from '@shared/view/desk';

export type MonitorMode = 'acting' | 'elsewhere' | 'gateway' | 'nobody' | 'dryRun' | 'stopped';

/** Who acts, in the one word that matters. */
export function monitorMode(view: DeskView, now: number): MonitorMode {
  const { monitor } = view.ops;
  if (view.monitor.stopped) return 'stopped';
  if (isDryRun(monitor, now)) return 'dryRun';
  if (view.monitor.acts) return 'acting';
  if (monitor.holder === 'gateway') return 'gateway';
  return monitor.holder === null ? 'nobody' : 'elsewhere';
}

/** What is left of the cooldown, ms; 0 where it is over. */
export function cooldownLeft(view: DeskView, now: number): number {
  return Math.max(0, view.ops.monitor.machine.cooldownUntil - now);
}

/** Colour is for what is abnormal; good is only said where it was measured. */
export function toneOf({ outcome }: Check): string {
  switch (outcome) {
    case 'breach':
    case 'error':
      return 'text-red';
    case 'warning':
    case 'suspect':
    case 'no_data':
      return 'text-amber';
    case 'ok':
      return 'text-green';
    case 'insufficient':
      return 'text-muted';
  }
}

export interface ModelMark {
  readonly at: number;
  readonly model: string;
}

/** Model changes within the time that is shown. */
export function modelMarks(view: DeskView, from: number): readonly ModelMark[] {
  return view.ops.models.tenures
    .filter((tenure) => tenure.from >= from)
    .map((tenure) => ({ at: tenure.from, model: tenure.model }));
}
