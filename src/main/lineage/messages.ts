import type { IpcArgs } from '../../shared/ipc/contract';

/** What the lineage's thread is asked, by the names of the windows' own calls. */
export type LineageQuestion = 'lineage.part' | 'lineage.trades' | 'lineage.find' | 'lineage.events';

export type ToLineage =
  | {
      [Name in LineageQuestion]: {
        readonly request: number;
        readonly name: Name;
        readonly args: IpcArgs<Name>;
      };
    }[LineageQuestion]
  | {
      readonly request: number;
      readonly name: 'openlineage';
      readonly args: { readonly producer: string; readonly at: number | null };
    }
  /** Brings the trades' index up to the log. */
  | { readonly request: number; readonly name: 'index'; readonly args: null }
  | {
      readonly request: number;
      readonly name: 'year';
      readonly args: { readonly year: number; readonly drop: boolean };
    };

export type FromLineage =
  | { readonly request: number; readonly ok: true; readonly answer: unknown }
  | { readonly request: number; readonly ok: false; readonly message: string };
