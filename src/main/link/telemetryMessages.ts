import type { OperationsPolicy } from '../../shared/policy/operations';
import type { EngineFigures, EquityPoint, LinkState } from '../../shared/view/desk';

export interface EquitySeries {
  readonly engine: string;
  readonly currency: string;
  readonly points: EquityPoint[];
}

export interface TelemetryTarget {
  readonly address: string;
  readonly token: string;
  readonly ca: string | null;
  readonly terminal: { readonly id: string; readonly name: string; readonly version: string };
  readonly times: OperationsPolicy['link'];
}

export type ToTelemetry =
  | { readonly type: 'connect'; readonly target: TelemetryTarget }
  | { readonly type: 'series'; readonly request: number };

export type FromTelemetry =
  | {
      readonly type: 'figures';
      readonly link: LinkState;
      readonly figures: Readonly<Record<string, EngineFigures>>;
    }
  | { readonly type: 'series'; readonly request: number; readonly series: EquitySeries[] };
