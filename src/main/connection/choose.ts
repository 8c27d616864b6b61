import type { ConnectionSource } from '../../shared/view/connection';
import { type Config, type ReadText, readConnection } from '../config';
import type { ToldConnection } from '../settings';

/** What this terminal connects to, and who said so. */
export interface Chosen extends Omit<Config, 'userDataDir'> {
  readonly source: ConnectionSource;
  /** What could not be read of what was to say it; null when nothing. */
  readonly problem: string | null;
}

const NOWHERE = {
  ...{ gateways: [], token: null, ca: null, client: null, deskName: null, terminal: null },
} as const;

/**
 * The command line before the desk's file before the operator's own choice; a desk of its own on paper
 * only where none of them names a gateway. Where one that cannot be read may have named one, there is
 * neither: a live desk's terminal that came up on paper would stop nothing.
 */
export function chooseConnection(
  config: Omit<Config, 'userDataDir'>,
  { desk, own }: { readonly desk: ToldConnection; readonly own: ToldConnection },
  readText: ReadText,
): Chosen {
  if (config.gateways.length > 0) return { ...config, source: 'config', problem: null };
  const told = desk.connection ? desk : own;
  const unread = [desk, own].flatMap(({ problem }) => problem ?? []);
  if (told.connection) {
    // A gateway that can be had is not given up for a file beside it: pinned certificates still hold.
    const { problems, ...read } = readConnection(told.connection, readText);
    const source = told === desk ? 'desk' : 'own';
    const all = [...unread, ...problems];
    return { ...read, token: null, source, problem: all.length > 0 ? all.join('; ') : null };
  }
  const lost = desk.lost || own.lost;
  return {
    ...NOWHERE,
    source: lost ? 'none' : 'paper',
    problem: unread.length > 0 ? unread.join('; ') : null,
  };
}

/** Whether two choices come to the same connection. */
export function sameConnection(a: Chosen, b: Chosen): boolean {
  const essence = ({ source, gateways, ca, client, deskName, terminal }: Chosen) =>
    JSON.stringify([source, gateways, ca, client, deskName, terminal]);
  return essence(a) === essence(b);
}
