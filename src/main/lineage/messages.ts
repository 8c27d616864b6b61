import type { IpcArgs, IpcResult } from '../../shared/ipc/contract';

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
    };

export type FromLineage =
  | { readonly request: number; readonly ok: true; readonly answer: unknown }
  | { readonly request: number; readonly ok: false; readonly message: string };

/** A part as the thread makes it; how the trades' writer fares is known elsewhere. */
export type ReadPart = Omit<IpcResult<'lineage.part'>, 'waiting' | 'lost'>;
