import type { Execution } from '../../shared/incidents/executions';
import type { Evaluation } from '../../shared/monitor/health';
import type { Watch } from '../../shared/monitor/watch';
import type { OperationsPolicy } from '../../shared/policy/operations';
import type { EngineFigures, EquityPoint, LinkState } from '../../shared/view/desk';
import type { Occasion } from '../monitor/watcher';
import type { Transport } from './transport';

export interface EquitySeries {
  readonly engine: string;
  readonly currency: string;
  readonly points: EquityPoint[];
}

export interface TelemetryTarget {
  /** At least one, the one to be preferred first. */
  readonly gateways: readonly { readonly address: string; readonly transport: Transport }[];
  readonly token: string;
  readonly terminal: { readonly id: string; readonly name: string; readonly version: string };
  readonly times: OperationsPolicy['link'];
}

export type ToTelemetry =
  | { readonly type: 'connect'; readonly target: TelemetryTarget | null }
  | { readonly type: 'series'; readonly request: number }
  /** What is to be watched from now on; the first names where rows and windows are kept. */
  | { readonly type: 'watch'; readonly watch: Watch; readonly folder: string }
  | { readonly type: 'keep'; readonly request: number }
  | { readonly type: 'close' };

export type FromTelemetry =
  | {
      readonly type: 'figures';
      readonly link: LinkState;
      readonly figures: Readonly<Record<string, EngineFigures>>;
      /** Executions seen since the last of these messages. */
      readonly executed: readonly Execution[];
    }
  | { readonly type: 'series'; readonly request: number; readonly series: EquitySeries[] }
  | { readonly type: 'evaluated'; readonly evaluation: Evaluation; readonly occasion: Occasion }
  | { readonly type: 'kept'; readonly request: number; readonly digest: string | null };
